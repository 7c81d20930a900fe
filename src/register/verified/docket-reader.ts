import { LRUCache } from "lru-cache";
import type { Clock } from "../../clock.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import { docketHashOf } from "../ledger/docket.ts";
import type { LedgerLog } from "../ledger-log/ledger-log.ts";
import { appendLeaf, EMPTY_FRONTIER, rootOf } from "../merkle/frontier.ts";
import { leafHash, sameHash } from "../merkle/tree-hash.ts";
import { verifyInclusion } from "../merkle/verify-inclusion.ts";
import type { ChainState } from "../verification/chain-state.ts";
import { type DocketProblem, NO_DOCKET } from "../verification/corruption.ts";
import { examineDocket } from "../verification/examine-docket.ts";
import type { TreeHints } from "./tree-hints.ts";
import { docketOf, type VerifiedDocket } from "./verified-docket.ts";

/** Bytes of dockets that are kept in memory after they were read. */
const KEPT_BYTES = 32 * 2 ** 20;

export interface DocketReaderOptions {
  readonly ledger: LedgerLog;
  readonly hints: TreeHints;
  readonly suites: SignatureSuites;
  readonly clock: Clock;
}

/** A docket that was read, or why what is stored is not it. */
export type DocketReading = { readonly docket: VerifiedDocket } | { readonly problem: DocketProblem };

/**
 * Reads dockets that were verified once, and believes what is stored only if it is the same still: its hash has to lead
 * to the root of the log. Where the hashes for that are missing or altered, the docket is verified from the ground up.
 */
export class DocketReader {
  readonly #options: DocketReaderOptions;
  readonly #kept = new LRUCache<bigint, VerifiedDocket>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
  });

  constructor(options: DocketReaderOptions) {
    this.#options = options;
  }

  keep(docket: VerifiedDocket): void {
    this.#kept.set(docket.height, docket);
  }

  forget(height: bigint): void {
    this.#kept.delete(height);
  }

  forgetAll(): void {
    this.#kept.clear();
  }

  /**
   * @param heights of dockets that were verified
   * @param state of the log that they are in
   */
  async read(heights: readonly bigint[], state: ChainState): Promise<readonly DocketReading[]> {
    const missing = heights.filter((height) => !this.#kept.has(height));
    const read = await this.#load(missing, state);
    return heights.map((height) => {
      const kept = this.#kept.get(height) ?? read.get(height);
      if (!kept) return { problem: NO_DOCKET };
      return "check" in kept ? { problem: kept } : { docket: kept };
    });
  }

  async #load(
    heights: readonly bigint[],
    state: ChainState,
  ): Promise<ReadonlyMap<bigint, VerifiedDocket | DocketProblem>> {
    if (heights.length === 0) return new Map();
    const inLog = heights.filter((height) => height < state.frontier.size);
    const [stored, proofs] = await Promise.all([
      Promise.all(heights.map((height) => this.#options.ledger.read(height))),
      this.#options.hints.inclusion(inLog, state.frontier.size),
    ]);
    const proofOf = new Map(inLog.map((height, at) => [height, proofs[at]]));
    const verifiedAt = this.#options.clock.now();
    const found = new Map<bigint, VerifiedDocket | DocketProblem>();
    heights.forEach((height, at) => {
      const bytes = stored[at];
      const docket = bytes && docketOf(bytes, verifiedAt);
      const problem = this.#problemOf({ height, bytes, docket, proof: proofOf.get(height) }, state);
      if (!docket || problem) {
        found.set(height, problem ?? { check: "frame", details: "The bytes are no docket." });
        return;
      }
      found.set(height, docket);
      this.#kept.set(height, docket);
    });
    return found;
  }

  #problemOf(
    read: {
      readonly height: bigint;
      readonly bytes: Uint8Array | undefined;
      readonly docket: VerifiedDocket | undefined;
      readonly proof: readonly Uint8Array[] | undefined;
    },
    state: ChainState,
  ): DocketProblem | undefined {
    const { height, bytes, docket, proof } = read;
    if (!bytes) return NO_DOCKET;
    if (docket && proof && isInLog({ height, docket, proof }, state)) return undefined;
    const { registerId, keys } = state;
    return examineDocket(bytes, { registerId, height, keys, suites: this.#options.suites }).problem;
  }
}

/** Whether every byte of the docket is covered by the root of the log. */
function isInLog(
  read: { readonly height: bigint; readonly docket: VerifiedDocket; readonly proof: readonly Uint8Array[] },
  { frontier }: ChainState,
): boolean {
  const { height: index, docket, proof } = read;
  const { frame, header } = docket;
  const hash = docketHashOf(frame.header);
  if (!sameHash(hash, frame.docketHash) || header.txCount !== frame.records.length) return false;
  const records = frame.records.reduce((grown, record) => appendLeaf(grown, leafHash(record)), EMPTY_FRONTIER);
  if (hexOf(rootOf(records)) !== header.txRoot) return false;
  return verifyInclusion({ leafHash: leafHash(hash), index, size: frontier.size, root: rootOf(frontier), proof });
}
