import type { Timers } from "../../storage/resilience/timers.ts";
import type { CorruptionRangeRecord } from "../range-record.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { PeerRanking } from "./peer-ranking.ts";
import type { PullBudget } from "./pull-budget.ts";
import { type AttemptOutcome, RangeAttempt } from "./range-attempt.ts";
import type { RegisterPeer } from "./register-peer.ts";

export interface RangeRecoveryOptions {
  readonly register: VerifiedRegister;
  readonly peers: readonly RegisterPeer[];
  readonly pulls: PullBudget;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

const SAID: Readonly<Record<AttemptOutcome, string>> = {
  recovered: "had it",
  nothing: "does not have it",
  unreachable: "cannot be reached",
  timeout: "took too long",
  invalid: "sent something that is not valid",
  fork: "sent other dockets that are sealed as well",
  unconfirmed: "sent what nothing here confirms",
  early: "was not asked, because dockets before the range are damaged",
};

/** Whoever said something false about a range is not asked for it again. */
const LIES: ReadonlySet<AttemptOutcome> = new Set(["invalid", "fork"]);

/** Asks peers for damaged ranges, and writes down what came of it. */
export class RangeRecovery {
  readonly #options: RangeRecoveryOptions;
  readonly #ranking = new PeerRanking();
  /** By range: who is not asked any more. */
  readonly #liars = new Map<string, Set<RegisterPeer>>();
  #message: string | undefined;
  #dockets = 0;
  #transactions = 0;

  constructor(options: RangeRecoveryOptions) {
    this.#options = options;
  }

  /** Why the last range that was not recovered was not. */
  get message(): string | undefined {
    return this.#message;
  }

  get docketsRecovered(): number {
    return this.#dockets;
  }

  get transactionsRecovered(): number {
    return this.#transactions;
  }

  /** From now on all peers may be asked again. */
  forgive(): void {
    this.#liars.clear();
  }

  /**
   * Asks the peers for a range, one after the other, until it is recovered. With as many attempts as it may have behind it,
   * the range is given up, `isExtra` or not.
   *
   * @param limits.isExtra whether to try once more although it was tried often enough
   */
  async try(
    range: CorruptionRangeRecord,
    { attemptsMax, isExtra = false }: { readonly attemptsMax: number; readonly isExtra?: boolean },
  ): Promise<void> {
    const { register } = this.#options;
    const { ranges, clock } = register.parts;
    if (!this.#isDamaged(range)) return;
    if (range.recoveryAttempts >= attemptsMax && !isExtra) {
      await this.#giveUp(range, range.message ?? this.#message ?? "It was tried for too long.");
      return;
    }
    const recoveryAttempts = range.recoveryAttempts + 1;
    await ranges.update(range.id, {
      recoveryStatus: "InProgress",
      recoveryAttempts,
      lastRecoveryAttempt: clock.now(),
    });
    const said = await this.#askAll(range);
    if (!this.#isDamaged(range)) return;
    const message = messageOf(range, said);
    this.#message = message;
    if (recoveryAttempts >= attemptsMax) await this.#giveUp(range, message);
    else await ranges.update(range.id, { recoveryStatus: "Failed", message });
  }

  /** What each of them came to. */
  async #askAll(range: CorruptionRangeRecord): Promise<ReadonlyMap<string, AttemptOutcome>> {
    const { peers, timers, signal } = this.#options;
    const said = new Map<string, AttemptOutcome>();
    const liars = this.#liars.get(range.id) ?? new Set();
    for (const peer of this.#ranking.order(peers.filter((each) => !liars.has(each)))) {
      if (signal.aborted || !this.#isDamaged(range)) break;
      const beganMs = timers.nowMs();
      const outcome = await this.#ask(peer, range);
      if (outcome !== "early") this.#ranking.note(peer, outcome === "recovered", timers.nowMs() - beganMs);
      said.set(peer.name, outcome);
      if (LIES.has(outcome)) this.#liars.set(range.id, liars.add(peer));
    }
    return said;
  }

  async #ask(peer: RegisterPeer, range: CorruptionRangeRecord): Promise<AttemptOutcome> {
    const { register, pulls, timers, signal } = this.#options;
    const { events, journal, tenantId, registerId } = register.parts;
    const attempt = new RangeAttempt({ register, peer, pulls, timers, signal });
    const result = await attempt.run({ start: range.startHeight, end: range.endHeight });
    const { outcome, docketsRecovered, transactionsRecovered } = result;
    this.#dockets += docketsRecovered;
    this.#transactions += transactionsRecovered;
    const heights = heightsOf(range);
    events.registerRangeAttempted({ tenantId, registerId, ...heights, peer: peer.name, outcome });
    if (outcome === "recovered") {
      events.registerRangeRecovered({ tenantId, registerId, ...heights, peer: peer.name });
      await journal("register_range_recovered", { registerId, ...heights, peer: peer.name });
    }
    return outcome;
  }

  async #giveUp(range: CorruptionRangeRecord, message: string): Promise<void> {
    const { ranges, events, tenantId, registerId } = this.#options.register.parts;
    await ranges.update(range.id, { recoveryStatus: "Abandoned", message });
    if (range.recoveryStatus !== "Abandoned") {
      events.registerRangeAbandoned({ tenantId, registerId, ...heightsOf(range) });
    }
  }

  #isDamaged({ startHeight, endHeight }: CorruptionRangeRecord): boolean {
    return this.#options.register.set.isDamagedBetween(startHeight, endHeight);
  }
}

function heightsOf({ startHeight, endHeight, type }: CorruptionRangeRecord) {
  return { startHeight: startHeight.toString(), endHeight: endHeight.toString(), type };
}

function messageOf(
  { startHeight, endHeight }: CorruptionRangeRecord,
  said: ReadonlyMap<string, AttemptOutcome>,
): string {
  const dockets = startHeight === endHeight ? `docket ${startHeight}` : `dockets ${startHeight} to ${endHeight}`;
  const peers = [...said].map(([name, outcome]) => `${name} ${SAID[outcome]}`);
  return `No peer could restore ${dockets}: ${peers.length > 0 ? peers.join("; ") : "there is none to be asked"}.`;
}
