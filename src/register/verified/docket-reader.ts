import type { Clock } from "../../clock.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import type { LedgerLog } from "../ledger-log/ledger-log.ts";
import type { ChainState } from "../verification/chain-state.ts";
import { type DocketProblem, NO_DOCKET, NOT_IN_LOG } from "../verification/corruption.ts";
import { examineDocket, problemOfCopy } from "../verification/examine-docket.ts";
import { isInLog, logOf, type TrustedLog } from "../verification/log-tree.ts";
import type { DocketCache, DocketShelf } from "./docket-cache.ts";
import type { TreeHints } from "./tree-hints.ts";
import { docketOf, type VerifiedDocket } from "./verified-docket.ts";

export interface DocketReaderOptions {
  readonly ledger: LedgerLog;
  readonly hints: TreeHints;
  readonly suites: SignatureSuites;
  readonly clock: Clock;
  /** Of the process. */
  readonly dockets: DocketCache;
}

/** A docket that was read, or why what is stored is not it. */
export type DocketReading =
  | { readonly docket: VerifiedDocket }
  | {
      readonly problem: DocketProblem;
      /** Nothing but the log speaks against it, or the nodes of the log are missing or were altered. */
      readonly isUnproven: boolean;
    };

/**
 * Reads dockets that were verified once, and believes what is stored only if it is the same still: its hash has to lead
 * to the root of the log, and what the hash does not cover, the seal and the list of ids, has to fit.
 */
export class DocketReader {
  readonly #options: DocketReaderOptions;
  readonly #kept: DocketShelf;

  constructor(options: DocketReaderOptions) {
    this.#options = options;
    this.#kept = options.dockets.shelf();
  }

  keep(docket: VerifiedDocket): void {
    this.#kept.keep(docket);
  }

  forget(height: bigint): void {
    this.#kept.forget(height);
  }

  forgetAll(): void {
    this.#kept.forgetAll();
  }

  /**
   * @param heights of dockets that were verified
   * @param state by whose keys they are verified
   * @param log that they have to be in, which is that of the state when it is left out
   */
  async read(
    heights: readonly bigint[],
    state: ChainState,
    log: TrustedLog = logOf(state.frontier),
  ): Promise<readonly DocketReading[]> {
    // What is kept now may have to make room while the others are read.
    const kept = new Map<bigint, VerifiedDocket>();
    for (const height of heights) {
      const docket = this.#kept.find(height);
      if (docket) kept.set(height, docket);
    }
    const missing = heights.filter((height) => !kept.has(height));
    const read = await this.#load(missing, state, log);
    return heights.map((height) => {
      const docket = kept.get(height);
      return docket ? { docket } : (read.get(height) ?? { problem: NO_DOCKET, isUnproven: false });
    });
  }

  async #load(
    heights: readonly bigint[],
    state: ChainState,
    log: TrustedLog,
  ): Promise<ReadonlyMap<bigint, DocketReading>> {
    if (heights.length === 0) return new Map();
    const inLog = heights.filter((height) => height < log.size);
    const [stored, proofs] = await Promise.all([
      Promise.all(heights.map((height) => this.#options.ledger.read(height))),
      this.#options.hints.inclusion(inLog, log.size),
    ]);
    const proofOf = new Map(inLog.map((height, at) => [height, proofs[at]]));
    const found = new Map<bigint, DocketReading>();
    for (const [at, height] of heights.entries()) {
      const proof = { path: proofOf.get(height), log };
      const reading = this.#judge({ height, bytes: stored[at] }, proof, state);
      if ("docket" in reading) this.keep(reading.docket);
      found.set(height, reading);
    }
    return found;
  }

  #judge(
    { height, bytes }: { readonly height: bigint; readonly bytes: Uint8Array | undefined },
    proof: { readonly path: readonly Uint8Array[] | undefined; readonly log: TrustedLog },
    { registerId, keys }: ChainState,
  ): DocketReading {
    const { clock, suites } = this.#options;
    if (!bytes) return { problem: NO_DOCKET, isUnproven: false };
    const docket = docketOf(bytes, clock.now());
    const context = { registerId, height, keys, suites };
    if (docket && !problemOfCopy(docket.frame, context)) {
      if (isInLog({ height, hash: docket.hash }, proof.path, proof.log)) return { docket };
    }
    // Verified from the ground up, to say what is wrong with it.
    const { problem } = examineDocket(bytes, context);
    return { problem: problem ?? NOT_IN_LOG, isUnproven: problem === undefined };
  }
}
