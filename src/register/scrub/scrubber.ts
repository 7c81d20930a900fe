import { type Instant, instantOf } from "../../clock.ts";
import { isVaultError } from "../../errors.ts";
import type { Timers } from "../../storage/resilience/timers.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { type FoundDamage, lookAtDockets } from "./look-at-dockets.ts";
import {
  advanced,
  NOTHING_SCRUBBED,
  oldestCheckOf,
  type ScrubProgress,
  type ScrubProgressStore,
} from "./scrub-progress.ts";

export interface ScrubberOptions {
  readonly register: VerifiedRegister;
  readonly progress: ScrubProgressStore;
  /** Within this time every docket is looked at. */
  readonly periodMs: number;
  readonly timers: Timers;
}

/** How the scrubbing of a register stands. */
export interface ScrubStatus {
  /** The next height to be looked at. */
  readonly position: bigint;
  /** When the last round over all dockets came to its end. */
  readonly completedAt: Instant | null;
  /** When the docket that was not looked at for longest was; `null` before the end of the first round. */
  readonly oldestCheckAt: Instant | null;
  /** Of that, in milliseconds. */
  readonly ageMs: number | null;
}

const DOCKETS_PER_STEP = 32n;
const DELAY_MS_MIN = 20;
const DELAY_MS_MAX = 3_600_000;
/** Of the period: what is left is for times when nothing can be read. */
const SHARE = 0.9;

/**
 * Verifies again and again, in small steps over a period, what is stored of a register, so that damage is found although nobody
 * reads it. Goes on where it was after a restart.
 */
export class Scrubber implements AsyncDisposable {
  readonly #options: ScrubberOptions;
  #progress: ScrubProgress = NOTHING_SCRUBBED;
  #cancel: (() => void) | undefined;
  #step: Promise<void> = Promise.resolve();
  #isStopped = true;

  constructor(options: ScrubberOptions) {
    this.#options = options;
  }

  get status(): ScrubStatus {
    const { next, completedAt } = this.#progress;
    const oldest = oldestCheckOf(this.#progress);
    return {
      position: next,
      completedAt: completedAt === null ? null : instantOf(completedAt),
      oldestCheckAt: oldest === null ? null : instantOf(oldest),
      ageMs: oldest === null ? null : Math.max(0, this.#nowMs() - oldest),
    };
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#step = this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#step;
  }

  /** Looks at the next few dockets. Never rejects: what cannot be read now is looked at later. */
  async step(): Promise<void> {
    try {
      await this.#scrub();
    } catch (error) {
      if (!isVaultError(error)) throw error;
    }
  }

  async #begin(): Promise<void> {
    const { register, progress } = this.#options;
    this.#progress = await progress.load(register.registerId).catch(() => NOTHING_SCRUBBED);
    this.#again();
  }

  #again(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.timers.after(this.#delayMs(), () => {
      this.#step = this.step().finally(() => this.#again());
    });
  }

  /** So that the round ends in time: what took longer is made up for. */
  #delayMs(): number {
    const { register, periodMs } = this.#options;
    const { next, marks } = this.#progress;
    const { total } = register.set;
    const evenMs = (periodMs * SHARE) / stepsFor(total);
    const [first] = marks;
    const endMs = first && first.at + periodMs * SHARE - evenMs;
    const delayMs = endMs === undefined ? evenMs : (endMs - this.#nowMs()) / stepsFor(total - next);
    return Math.min(DELAY_MS_MAX, Math.max(DELAY_MS_MIN, delayMs));
  }

  async #scrub(): Promise<void> {
    const { register, progress } = this.#options;
    const { condition, set, parts, registerId } = register;
    if (condition.state === "Offline" || condition.state === "Initializing" || set.total === 0n) return;
    await register.recordWhatIsDue();
    const { total } = set;
    const first = this.#progress.next < total ? this.#progress.next : 0n;
    const end = first + DOCKETS_PER_STEP < total ? first + DOCKETS_PER_STEP : total;
    const { damaged, sound } = await lookAtDockets(register, first, end - 1n);
    for (const damage of damaged) await this.#report(damage);
    await register.index.look(sound);
    const before = this.#progress.next === first ? this.#progress : { ...this.#progress, next: first, marks: [] };
    this.#progress = advanced(before, { next: end, total, now: this.#nowMs() });
    await progress.save(registerId, this.#progress);
    parts.events.registerScrubbed({
      tenantId: parts.tenantId,
      registerId,
      docketCount: Number(end - first),
      isRoundComplete: end === total,
      oldestCheckAtMs: oldestCheckOf(this.#progress),
    });
    await register.index.mend();
  }

  /** Looks again when nothing else is changing the register: it may have been repaired in between. */
  async #report({ height }: FoundDamage): Promise<void> {
    const { register } = this.#options;
    await register.inTurn(async () => {
      const { damaged } = await lookAtDockets(register, height, height);
      for (const { problem } of damaged) await register.reportDamage(height, problem);
    });
  }

  #nowMs(): number {
    return Date.parse(this.#options.register.parts.clock.now());
  }
}

function stepsFor(dockets: bigint): number {
  return Math.max(1, Math.ceil(Number(dockets) / Number(DOCKETS_PER_STEP)));
}
