import { isVaultError } from "../../errors.ts";
import type { Timers } from "../../storage/resilience/timers.ts";
import { untilAborted } from "../../storage/until-aborted.ts";
import { docketHashOf } from "../ledger/docket.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";
import { leafHash } from "../merkle/tree-hash.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { judgeAgain } from "../verified/judge-again.ts";
import { trustedLogs } from "../verified/open-register.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { processRecoveredData } from "./process-recovered-data.ts";
import type { PullBudget } from "./pull-budget.ts";
import { type Pulled, pullDockets } from "./pull-dockets.ts";
import type { RecoveryResult } from "./recovered-data.ts";
import { DOCKETS_PER_PULL_MAX, type HeightRange, type RegisterPeer } from "./register-peer.ts";

/** How one attempt to get a range from one peer went. */
export type AttemptOutcome =
  /** Every docket of the range is verified now. */
  | "recovered"
  /** The peer has no more of it. */
  | "nothing"
  | "unreachable"
  | "timeout"
  /** What it sent was not what it was asked for, or not valid. */
  | "invalid"
  /** It sent other dockets that are sealed as well. */
  | "fork"
  /** What it sent could not be told to be right. */
  | "unconfirmed"
  /** Dockets before the range are damaged still. */
  | "early";

export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  readonly docketsRecovered: number;
  readonly transactionsRecovered: number;
}

export interface RangeAttemptOptions {
  readonly register: VerifiedRegister;
  readonly peer: RegisterPeer;
  readonly pulls: PullBudget;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** Of one request, however much it brings. */
const PULL_TIMEOUT_MS = 300_000;
/** Hashes that are asked for to tell that dockets before them are those of a checkpoint. */
const HASHES_MAX = 1_000_000n;

/** One try to get a range from one peer, piece by piece. */
export class RangeAttempt {
  readonly #options: RangeAttemptOptions;
  #hashes: ReadonlyMap<bigint, Uint8Array> = new Map();
  #dockets = 0;
  #transactions = 0;

  constructor(options: RangeAttemptOptions) {
    this.#options = options;
  }

  /** Rejects with `aborted`, and as what is stored cannot be reached. */
  async run(range: HeightRange): Promise<AttemptResult> {
    const last = await this.#pullAll(range);
    const outcome = this.#isDamaged(range) ? last : "recovered";
    return { outcome, docketsRecovered: this.#dockets, transactionsRecovered: this.#transactions };
  }

  async #pullAll({ start, end }: HeightRange): Promise<AttemptOutcome> {
    const { register } = this.#options;
    for (let from = start; from <= end; ) {
      if (from > register.set.sound.frontier.size) return "early";
      const { dockets, error } = await this.#pull(from, end);
      if (dockets.length > 0) {
        const problem = await this.#process(dockets);
        if (problem) return problem;
      }
      if (error) return outcomeOf(error);
      if (dockets.length === 0) return "nothing";
      from += BigInt(dockets.length);
    }
    return "unconfirmed";
  }

  #isDamaged({ start, end }: HeightRange): boolean {
    return this.#options.register.set.isDamagedBetween(start, end);
  }

  async #process(dockets: readonly DocketBytes[]): Promise<AttemptOutcome | undefined> {
    const first = await this.#take(dockets);
    const result =
      first.problem === "unconfirmed" && (await this.#learnHashes(dockets)) ? await this.#take(dockets) : first;
    if (result.problem === "unconfirmed") await this.#judgeHolesAgain(dockets);
    return result.problem === "not_valid" ? "invalid" : result.problem;
  }

  async #take(dockets: readonly DocketBytes[]): Promise<RecoveryResult> {
    const { register, peer } = this.#options;
    const leafHint = (height: bigint) => this.#hashes.get(height);
    const result = await processRecoveredData(register, { dockets, source: peer.name, leafHint });
    this.#dockets += result.docketsRecovered;
    this.#transactions += result.transactionsRecovered;
    return result;
  }

  /**
   * What the peer says comes behind these dockets, up to the next checkpoint that is trusted: only the hashes are kept, which
   * are right if they lead to its root. False when there is nothing to be learned.
   */
  async #learnHashes(dockets: readonly DocketBytes[]): Promise<boolean> {
    const start = (dockets.at(-1)?.height ?? 0n) + 1n;
    const trusted = await trustedLogs(this.#options.register.parts);
    const next = trusted.find(({ size }) => size > start);
    if (!next || next.size - start > HASHES_MAX || this.#hashes.has(next.size - 1n)) return false;
    const hashes = await this.#hashesOf({ start, end: next.size - 1n });
    if (hashes) this.#hashes = hashes;
    return hashes !== undefined;
  }

  async #hashesOf({ start, end }: HeightRange): Promise<ReadonlyMap<bigint, Uint8Array> | undefined> {
    const hashes = new Map<bigint, Uint8Array>();
    for (let from = start; from <= end; ) {
      const { dockets } = await this.#pull(from, end);
      for (const { height, bytes } of dockets) {
        const frame = decodeFrame(bytes);
        if (frame) hashes.set(height, leafHash(docketHashOf(frame.header)));
      }
      if (dockets.length === 0) return undefined;
      from += BigInt(dockets.length);
    }
    return hashes;
  }

  /** With the nodes of the log lost, a gap can be closed from its beginning on instead. */
  async #judgeHolesAgain([first]: readonly DocketBytes[]): Promise<void> {
    const { register } = this.#options;
    if (first && first.height < register.set.sound.frontier.size) await register.inTurn(() => judgeAgain(register));
  }

  async #pull(from: bigint, end: bigint): Promise<Pulled> {
    const { register, peer, pulls, signal, timers } = this.#options;
    const last = from + DOCKETS_PER_PULL_MAX - 1n;
    return await pulls.within(signal, async () => {
      const late = new AbortController();
      const cancel = timers.after(PULL_TIMEOUT_MS, () => late.abort());
      register.condition.see("peer_requested");
      try {
        const both = AbortSignal.any([signal, late.signal]);
        const range = { start: from, end: last < end ? last : end, signal: both };
        return await untilAborted(both, () => pullDockets(peer, register.registerId, range));
      } catch (error) {
        if (!late.signal.aborted || signal.aborted || !isVaultError(error, "aborted")) throw error;
        return { dockets: [], error };
      } finally {
        cancel();
        register.condition.see("peer_answered");
      }
    });
  }
}

function outcomeOf(error: unknown): AttemptOutcome {
  if (isVaultError(error, "register_peer_not_valid")) return "invalid";
  return isVaultError(error, "aborted") ? "timeout" : "unreachable";
}
