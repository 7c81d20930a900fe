import { isVaultError, VaultError } from "../../errors.ts";
import { untilAborted } from "../../storage/until-aborted.ts";
import { EMPTY_FRONTIER } from "../merkle/frontier.ts";
import type { OperationalState } from "../operational-state.ts";
import type { CorruptionRangeRecord } from "../range-record.ts";
import type { ChainState } from "../verification/chain-state.ts";
import type { ChainVerdict } from "../verification/chain-verifier.ts";
import { type CorruptedHeights, type DocketProblem, typeOf } from "../verification/corruption.ts";
import { KeyDirectory } from "../verification/key-directory.ts";
import { DamageReporter, damageOf, type RegisterWatcher } from "./damage-reporter.ts";
import { DocketReader } from "./docket-reader.ts";
import { IndexMender } from "./index-mender.ts";
import { NodeRebuilder } from "./log-nodes.ts";
import { judgeStored, planVerification, runVerification, type VerificationPlan } from "./open-register.ts";
import { RegisterCondition, type RegisterOperationalState } from "./register-condition.ts";
import type { RegisterParts } from "./register-parts.ts";
import { TreeHints } from "./tree-hints.ts";
import { type VerifiedHeights, VerifiedSet } from "./verified-set.ts";
import { soundOf } from "./verify-ledger.ts";

/** What an initialisation found. */
export interface RegisterInitialization {
  readonly registerId: string;
  readonly verifiedDocketCount: bigint;
  readonly totalDocketCount: bigint;
  readonly corruptedRanges: readonly CorruptedHeights[];
  readonly durationMs: number;
  readonly resultingState: OperationalState;
  readonly hasCorruption: boolean;
  /** Nothing is damaged and nothing is left to be verified. */
  readonly isFullyVerified: boolean;
  /** Dockets verified in each second. */
  readonly verificationRate: number;
}

interface Initialization {
  /** When the first batch is verified: how many dockets had to be, all in all. */
  readonly started: Promise<bigint>;
  readonly whole: Promise<RegisterInitialization>;
}

/**
 * One register as it may be believed: opened by verifying it, read through what was verified, and extended by what was.
 * Corruption is never an error of a caller: the damaged heights are absent and have a reason.
 */
export class VerifiedRegister implements AsyncDisposable {
  readonly parts: RegisterParts;
  readonly condition: RegisterCondition;
  readonly hints: TreeHints;
  readonly reader: DocketReader;
  readonly #closing = new AbortController();
  readonly index = new IndexMender(this, this.#closing.signal);
  readonly #watchers = new Set<RegisterWatcher>();
  /** The initialisation under way, or the last one that came to an end. */
  #initialization: Initialization | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** The last verification of everything that began, and the one that is to follow it. */
  #survey: Promise<unknown> = Promise.resolve();
  #nextSurvey: Promise<RegisterInitialization> | undefined;
  readonly #nodes = new NodeRebuilder(this);
  readonly #reporter: DamageReporter;

  constructor(parts: RegisterParts) {
    this.parts = parts;
    this.hints = new TreeHints(parts.store);
    this.reader = new DocketReader({ ...parts, hints: this.hints });
    const { registerId } = parts;
    const keys = KeyDirectory.of([], 0);
    const nothing = { registerId, frontier: EMPTY_FRONTIER, framedHash: undefined, lastTxId: undefined };
    const sound = { ...nothing, lastSealed: undefined, keys };
    this.condition = new RegisterCondition({
      ...parts,
      set: new VerifiedSet({ total: 0n, examined: 0n, ranges: [], sound }),
    });
    this.#reporter = new DamageReporter({ parts, condition: this.condition, watchers: this.#watchers });
  }

  get registerId(): string {
    return this.parts.registerId;
  }

  get set(): VerifiedSet {
    return this.condition.set;
  }

  watch(watcher: RegisterWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Loads and verifies the register. Once it has been, or while it is, nothing more is done. How long it takes until this
   * resolves is up to the strategy; the verification goes on whoever waits. Rejects with `storage_unavailable`,
   * `storage_timeout`, `aborted`, and with `integrity_violation` when there is no charter; then the next call tries again.
   */
  async initialize(signal?: AbortSignal): Promise<RegisterInitialization> {
    this.#initialization ??= this.#begin(false);
    const { started, whole } = this.#initialization;
    const docketCount = await untilAborted(signal, () => started);
    const { startupStrategy, blockingThreshold } = this.parts.settings;
    const isLong = startupStrategy === "auto" && docketCount >= BigInt(blockingThreshold);
    if (startupStrategy === "progressive" || isLong) return this.#describe(0);
    return await untilAborted(signal, () => whole);
  }

  /** Resolves when the verification under way has ended, as `initialize` does that waits for all of it. */
  async whenVerified(): Promise<RegisterInitialization> {
    await this.initialize();
    return await (this.#initialization?.whole ?? this.#begin(false).whole);
  }

  /**
   * Verifies every docket anew, from the first one on, whatever is known of it. Reads and sealing go on meanwhile with what
   * was verified; a register that is damaged, or is found to be, is initialised anew. Whoever asks while this goes on waits
   * for the next one, which all of them share; it goes on when they leave. Rejects like `initialize`.
   */
  async verifyAll(signal?: AbortSignal): Promise<RegisterInitialization> {
    this.#nextSurvey ??= this.#survey.then(() => {
      this.#nextSurvey = undefined;
      const verified = this.#verifyAll();
      this.#survey = verified.catch(() => undefined);
      return verified;
    });
    const verified = this.#nextSurvey;
    // Whoever waits meets the rejection; nobody has to wait.
    verified.catch(() => undefined);
    return await untilAborted(signal, () => verified);
  }

  getOperationalState(): RegisterOperationalState {
    return this.condition.describe();
  }

  getVerifiedHeight(): VerifiedHeights {
    return this.set.heights;
  }

  /** Those that are damaged still, with what was done about them; with `history` all that ever were. */
  getCorruptedRanges(options: { readonly history?: boolean } = {}): Promise<readonly CorruptionRangeRecord[]> {
    return options.history ? this.parts.ranges.all() : this.parts.ranges.open();
  }

  /** Runs what changes the register, one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * For whoever cannot prove what was verified because the hashes for that are missing, or altered: makes them again. Whether
   * that could be done; when it could not, it is not tried again for a minute.
   */
  rebuildNodes(): Promise<boolean> {
    return this.#nodes.rebuild();
  }

  /** Takes a docket that was just found damaged out of what is served. */
  async reportDamage(height: bigint, problem: DocketProblem): Promise<void> {
    if (!this.set.rangeAt(height)) {
      this.reader.forget(height);
      const { details } = problem;
      this.condition.meet({ start: height, end: height, type: typeOf(problem), details, failing: [] });
    } else if (!this.#reporter.isDue) return;
    await this.recordRanges();
  }

  /** What is damaged, for people. */
  get damage(): string {
    return damageOf(this.set);
  }

  /** Brings the state, the book and the journal in line with what is damaged now. Rejects when it cannot be written down. */
  recordRanges(): Promise<void> {
    return this.#reporter.report();
  }

  /** Writes down what could not be when it was found. */
  async recordWhatIsDue(): Promise<void> {
    if (this.#reporter.isDue) await this.recordRanges();
  }

  /** Takes the register for lost until somebody opens it again. */
  fail(error: unknown): void {
    this.#initialization = undefined;
    this.condition.see("failed", isVaultError(error) ? error.message : "The register cannot be read.");
    for (const watcher of this.#watchers) watcher.onFailed?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#survey;
    await this.#initialization?.whole.catch(() => undefined);
    await this.#turn.catch(() => undefined);
    await this.#keepSnapshot();
    this.condition.see("closed", "The register was closed.");
    this.reader.forgetAll();
    this.#watchers.clear();
  }

  /** So that the next start does not have to verify again what was sealed since the last one. */
  async #keepSnapshot(): Promise<void> {
    const { set, condition, parts } = this;
    if (condition.state !== "Healthy" || !set.isComplete || set.total === 0n) return;
    await parts.snapshots.save(set.sound).catch(() => undefined);
  }

  #begin(everything: boolean): Initialization {
    const first = Promise.withResolvers<bigint>();
    const whole = this.inTurn(() => this.#verify(everything, first.resolve));
    whole.then(
      ({ totalDocketCount }) => first.resolve(totalDocketCount),
      (error: unknown) => {
        first.reject(error);
        this.fail(error);
      },
    );
    // Whoever waits meets the rejection; nobody has to wait.
    first.promise.catch(() => undefined);
    return { started: first.promise, whole };
  }

  async #verifyAll(): Promise<RegisterInitialization> {
    await untilAborted(this.#closing.signal, () => this.initialize());
    await this.#initialization?.whole;
    let verified = this.set.isComplete ? await this.#surveyed() : undefined;
    if (!verified) {
      this.#initialization = this.#begin(true);
      verified = await this.#initialization.whole;
    }
    // What cannot be put right in the index was told, and is no reason to keep the verdict back.
    await this.index.mend().catch((error: unknown) => {
      if (!isVaultError(error)) throw error;
    });
    return verified;
  }

  /** What was verified to the end, if nothing is damaged: no later verification may come to another register than this. */
  get #head(): ChainState | undefined {
    const { set } = this;
    return set.isComplete && set.total > 0n ? set.sound : undefined;
  }

  /** What is found when nothing is damaged, nor was; else `undefined`. */
  async #surveyed(): Promise<RegisterInitialization | undefined> {
    const { condition, parts, index } = this;
    const began = Date.parse(parts.clock.now());
    let transactions = 0;
    try {
      const plan = await planVerification(parts, true, this.#head);
      const { ranges, trust, size } = await judgeStored(parts, plan, {
        signal: this.#closing.signal,
        async onJudged(judged, verifier) {
          transactions += judged.reduce((sum, { transactionCount }) => sum + transactionCount, 0);
          condition.tellSurvey({ examined: verifier.next, total: plan.total });
          await index.look(judged.flatMap(soundOf));
        },
      });
      const isSound = ranges.length === 0 && trust !== "disproved" && plan.total === plan.count;
      if (!isSound || !this.set.isComplete) return undefined;
      // What was read before is read again, so that nothing older than the verification is served.
      this.reader.forgetAll();
      return this.#tellVerified(began, { dockets: size, transactions });
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      condition.tellSurvey(undefined);
    }
  }

  async #verify(everything: boolean, onFirstBatch: (docketCount: bigint) => void): Promise<RegisterInitialization> {
    const { clock, settings } = this.parts;
    const began = Date.parse(clock.now());
    this.condition.see("initialize");
    const all = everything || settings.verifyAllAtStart;
    const plan = await planVerification(this.parts, all, everything ? this.#head : undefined);
    this.reader.forgetAll();
    let transactions = 0;
    const verdict = await runVerification(this.parts, plan, {
      condition: this.condition,
      signal: this.#closing.signal,
      onJudged: all ? (judged) => this.index.look(judged.flatMap(soundOf)) : undefined,
      onBatch: (count) => {
        transactions += count;
        onFirstBatch(plan.total - plan.start.frontier.size);
      },
    });
    await this.#conclude(plan, verdict);
    const dockets = verdict.size - plan.start.frontier.size;
    const verified = this.#tellVerified(began, { dockets, transactions });
    for (const watcher of this.#watchers) watcher.onVerified?.();
    return verified;
  }

  #tellVerified(
    began: number,
    { dockets, transactions }: { readonly dockets: bigint; readonly transactions: number },
  ): RegisterInitialization {
    const { tenantId, registerId, events, clock } = this.parts;
    const durationMs = Date.parse(clock.now()) - began;
    events.registerVerified({
      tenantId,
      registerId,
      docketCount: Number(dockets),
      transactionCount: transactions,
      corruptedRanges: this.set.ranges.length,
      durationMs,
    });
    return this.#describe(durationMs);
  }

  async #conclude({ count, total, trusted }: VerificationPlan, { ranges, sound, trust }: ChainVerdict): Promise<void> {
    const { tenantId, registerId, events, journal, snapshots } = this.parts;
    this.condition.judge({ total, examined: total, ranges, sound });
    if (trust === "disproved" || total > count) {
      const sizes = { pinnedSize: (trusted.at(-1)?.size ?? 0n).toString(), size: count.toString() };
      events.registerRollbackDetected({ tenantId, registerId, ...sizes });
      await journal("register_rollback_detected", { registerId, ...sizes });
    }
    await this.recordRanges();
    if (this.set.isComplete && total > 0n) await snapshots.save(sound);
  }

  #describe(durationMs: number): RegisterInitialization {
    const { set } = this;
    const { verifiedCount } = set.heights;
    return {
      registerId: this.registerId,
      verifiedDocketCount: verifiedCount,
      totalDocketCount: set.total,
      corruptedRanges: set.ranges,
      durationMs,
      resultingState: this.condition.state,
      hasCorruption: set.ranges.length > 0,
      isFullyVerified: set.isComplete,
      verificationRate: durationMs === 0 ? 0 : Math.round((Number(verifiedCount) / durationMs) * 1_000),
    };
  }
}

/** Rejects with `register_offline` unless the register is open. */
export function requireOpen(register: VerifiedRegister): void {
  if (register.condition.state !== "Offline") return;
  throw new VaultError("register_offline", "The register cannot be read.", {
    details: { reason: register.getOperationalState().message },
  });
}
