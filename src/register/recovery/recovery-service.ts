import { pause } from "../../storage/resilience/retry.ts";
import type { Random, Timers } from "../../storage/resilience/timers.ts";
import { abortedError } from "../../storage/until-aborted.ts";
import type { CorruptionRangeRecord } from "../range-record.ts";
import { judgeAgain, judgeWhatFollows } from "../verified/judge-again.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { adoptCharter } from "./adopt-charter.ts";
import type { PullBudget } from "./pull-budget.ts";
import { RangeRecovery } from "./range-recovery.ts";
import type { RegisterPeer } from "./register-peer.ts";

export interface RecoveryServiceOptions {
  readonly register: VerifiedRegister;
  readonly peers: readonly RegisterPeer[];
  /** Rounds over all peers before a range is given up. */
  readonly maxRecoveryAttempts: number;
  /** Shared by all registers of the process. */
  readonly pulls: PullBudget;
  readonly timers: Timers;
  readonly random: Random;
}

/** What a recovery that somebody asked for came to. */
export interface RecoverySummary {
  readonly docketsRecovered: number;
  readonly transactionsRecovered: number;
  /** What is damaged still, and what was tried. */
  readonly remaining: readonly CorruptionRangeRecord[];
}

const DELAY_MS_MIN = 1_000;
const DELAY_MS_MAX = 60_000;
/** From the first round of a recovery on. */
const DEADLINE_MS = 30 * 60_000;
/** Ranges that were given up are asked for again after so long. */
const PROBE_MS = 15 * 60_000;

/**
 * Gets what is damaged in one register back from its peers, in rounds: in each, every range is asked for once from every
 * peer that has not lied about it. How often a range was tried is in the book of ranges, so that a restart neither forgets
 * it nor begins anew.
 */
export class RecoveryService implements AsyncDisposable {
  readonly #options: RecoveryServiceOptions;
  readonly #ranges: RangeRecovery;
  readonly #closing = new AbortController();
  #unwatch: (() => void) | undefined;
  #cancelProbe: (() => void) | undefined;
  #cancelReopening: (() => void) | undefined;
  /** Openings that were put off since the register could last be opened. */
  #reopenings = 0;
  /** The recovery under way; another one waits for its end. */
  #run: Promise<unknown> = Promise.resolve();
  #isWanted = false;
  #isRunning = false;

  constructor(options: RecoveryServiceOptions) {
    this.#options = options;
    this.#ranges = new RangeRecovery({ ...options, signal: this.#closing.signal });
  }

  /** From now on whatever is found damaged is asked for. */
  start(): void {
    const { register, timers, peers } = this.#options;
    if (this.#unwatch || peers.length === 0) return;
    const want = () => this.#want();
    this.#unwatch = register.watch({
      onVerified: () => {
        this.#calmDown();
        want();
      },
      onDamage: want,
      onFailed: () => this.#reopenLater(),
    });
    const probe = (): void => {
      this.#cancelProbe = timers.after(PROBE_MS, () => {
        // One that is under way asks for everything itself.
        const probed = this.#isRunning ? Promise.resolve() : this.#enqueue(() => this.#oneRound());
        void probed.catch(() => undefined).finally(() => this.#closing.signal.aborted || probe());
      });
    };
    probe();
    this.#want();
  }

  /**
   * Asks every peer once for everything that is damaged, given up or not. Rejects with `aborted` when this is closed, and as
   * what is stored cannot be reached.
   */
  async recover(): Promise<RecoverySummary> {
    const { register } = this.#options;
    this.#ranges.forgive();
    const before = { dockets: this.#ranges.docketsRecovered, transactions: this.#ranges.transactionsRecovered };
    await this.#enqueue(() => this.#oneRound());
    return {
      docketsRecovered: this.#ranges.docketsRecovered - before.dockets,
      transactionsRecovered: this.#ranges.transactionsRecovered - before.transactions,
      remaining: await register.getCorruptedRanges(),
    };
  }

  /** When what was begun has come to its end. */
  async idle(): Promise<void> {
    for (let seen: unknown; seen !== this.#run; ) {
      seen = this.#run;
      await this.#run;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unwatch?.();
    this.#cancelProbe?.();
    this.#calmDown();
    this.#closing.abort();
    await this.idle();
  }

  #want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    // What cannot be done now because of the storage is tried again with the next damage, or the next probe.
    void this.#enqueue(() => this.#rounds()).catch(() => undefined);
  }

  /** An opening that fails is itself tried by a recovery: the next one has to wait, and longer each time. */
  #reopenLater(): void {
    if (this.#cancelReopening) return;
    const delayMs = this.#delayMs(this.#reopenings++);
    this.#cancelReopening = this.#options.timers.after(delayMs, () => {
      this.#cancelReopening = undefined;
      this.#want();
    });
  }

  #calmDown(): void {
    this.#cancelReopening?.();
    this.#cancelReopening = undefined;
    this.#reopenings = 0;
  }

  /** One recovery after the other. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    const run = this.#run.then(async () => {
      this.#isWanted = false;
      if (this.#closing.signal.aborted) throw abortedError();
      this.#isRunning = true;
      try {
        await work();
      } finally {
        this.#isRunning = false;
      }
    });
    this.#run = run.catch(() => undefined);
    return run;
  }

  /** Rounds over what is not given up, until there is nothing left. */
  async #rounds(): Promise<void> {
    const { maxRecoveryAttempts, timers } = this.#options;
    const deadlineMs = timers.nowMs() + DEADLINE_MS;
    const isDue = ({ recoveryStatus }: CorruptionRangeRecord) => recoveryStatus !== "Abandoned";
    await this.#recovering(isDue, async () => {
      for (let round = 0; ; round++) {
        const due = (await this.#damaged()).filter(isDue);
        if (due.length === 0) return;
        if (round > 0) await this.#pause(round - 1);
        const isLate = timers.nowMs() >= deadlineMs;
        for (const range of due) await this.#ranges.try(range, { attemptsMax: isLate ? 0 : maxRecoveryAttempts });
      }
    });
  }

  /** One round over everything. */
  async #oneRound(): Promise<void> {
    const { maxRecoveryAttempts } = this.#options;
    await this.#recovering(
      () => true,
      async () => {
        for (const range of await this.#damaged()) {
          await this.#ranges.try(range, { attemptsMax: maxRecoveryAttempts, isExtra: true });
        }
      },
    );
  }

  async #recovering(isDue: (range: CorruptionRangeRecord) => boolean, work: () => Promise<void>): Promise<void> {
    const { register, peers } = this.#options;
    if (register.condition.state === "Offline") await adoptCharter(register, peers, this.#closing.signal);
    if (!this.#isAsked) return;
    const isRepaired = await register.parts.ledger.refreshRepairs();
    const damaged = await this.#damaged();
    // Of what is not in the book, another process has found that it is not damaged any more.
    if (!isRepaired && damaged.length > 0 && !damaged.some(isDue)) return;
    register.condition.see("recovery_started", register.damage);
    try {
      await this.#lookAgain(isRepaired);
      await work();
    } finally {
      const { set, condition } = register;
      if (set.ranges.length > 0) condition.see("recovery_given_up", this.#ranges.message ?? register.damage);
    }
  }

  /** Whether there is something that peers could help with. */
  get #isAsked(): boolean {
    const { set, condition } = this.#options.register;
    return set.ranges.length > 0 && condition.state !== "Offline" && condition.state !== "Initializing";
  }

  /** What of the book is damaged as far as this process knows: other ranges are up to those that have found them. */
  async #damaged(): Promise<readonly CorruptionRangeRecord[]> {
    if (!this.#isAsked) return [];
    const { register } = this.#options;
    const open = await register.getCorruptedRanges();
    return open.filter(({ startHeight, endHeight }) => register.set.isDamagedBetween(startHeight, endHeight));
  }

  /** Another process may have repaired something, or added it. */
  async #lookAgain(isRepaired: boolean): Promise<void> {
    const { register } = this.#options;
    await register.inTurn(async () => {
      if (isRepaired) await judgeAgain(register);
      else await judgeWhatFollows(register);
      await register.recordRanges();
    });
  }

  #pause(round: number): Promise<void> {
    return pause(this.#delayMs(round), this.#options.timers, this.#closing.signal);
  }

  /** @param before how often there was such a pause before */
  #delayMs(before: number): number {
    return this.#options.random() * Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** before);
  }
}
