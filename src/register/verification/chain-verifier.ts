import { invariant } from "../../errors.ts";
import { bytesOfHex, hexOf } from "../../signatures/byte-text.ts";
import { appendLeaf, EMPTY_FRONTIER, type Frontier, rootOf } from "../merkle/frontier.ts";
import { leafHash, sameHash } from "../merkle/tree-hash.ts";
import type { ChainState } from "./chain-state.ts";
import { type CorruptedHeights, type DocketProblem, firstProblem, typeOf, withHeight } from "./corruption.ts";
import type { Examination, ExaminedHeader } from "./examine-docket.ts";
import type { KeyDirectory } from "./key-directory.ts";

/** The length and the root of a register's log, from whom they are believed. */
export interface TrustedLog {
  readonly size: bigint;
  readonly root: Uint8Array;
}

export interface ChainVerifierOptions {
  readonly start: ChainState;
  /** `undefined` when there is none, or it is not longer than where the verification starts. */
  readonly trusted?: TrustedLog | undefined;
  /**
   * What is said elsewhere to be the hash of a docket that nothing else tells, in hexadecimal. It need not be true: the
   * roots in later dockets show whether it is.
   */
  readonly hashHint?: ((height: bigint) => string | undefined) | undefined;
}

/** What a verification found. */
export interface ChainVerdict {
  /** The next height. */
  readonly size: bigint;
  /** What is not to be served, by height; neighbours with the same type are one. */
  readonly ranges: readonly CorruptedHeights[];
  /** `unknown` when the trusted log is longer, or the hash of some docket before its end is not known. */
  readonly trust: "proven" | "disproved" | "unknown" | "none";
}

/** The checks that need a docket's neighbours: 8 and 13 of `docs/register-format.md`, and what follows from them. */
export class ChainVerifier {
  readonly #trusted: TrustedLog | undefined;
  readonly #hashHint: (height: bigint) => string | undefined;
  readonly #registerId: string;
  /** Of checks that need no neighbours. */
  readonly #own: CorruptedHeights[] = [];
  #next: bigint;
  /** Over the dockets whose hash is known, from the first one on: up to the next one, but for its last one at times. */
  #frontier: Frontier;
  /** The hash that the frame of the docket before holds. */
  #framedHash: string | undefined;
  #lastTxId: string | undefined;
  #lastSealed: ChainState["lastSealed"];
  #keys: KeyDirectory;
  /** The first docket that does not follow on the one before. */
  #brokenFrom: bigint | undefined;
  /** The first such docket that the trusted log does not cover. */
  #brokenBeyond: bigint | undefined;
  #trust: ChainVerdict["trust"];
  #frontierAtBreak: Frontier = EMPTY_FRONTIER;
  #frontierBeyond: Frontier = EMPTY_FRONTIER;

  constructor({ start, trusted, hashHint }: ChainVerifierOptions) {
    this.#trusted = trusted && trusted.size > start.frontier.size ? trusted : undefined;
    this.#trust = this.#trusted ? "unknown" : "none";
    this.#hashHint = hashHint ?? (() => undefined);
    this.#registerId = start.registerId;
    this.#next = start.frontier.size;
    this.#frontier = start.frontier;
    this.#framedHash = start.framedHash;
    this.#lastTxId = start.lastTxId;
    this.#lastSealed = start.lastSealed;
    this.#keys = start.keys;
  }

  /** The height that comes next. */
  get next(): bigint {
    return this.#next;
  }

  /** What the next docket has to be examined with. */
  get keys(): KeyDirectory {
    return this.#keys;
  }

  /** Whether everything up to now is as it should be, or was altered where it does not keep the rest from being judged. */
  get isUnbroken(): boolean {
    return this.#brokenFrom === undefined;
  }

  /**
   * Takes the docket at the next height, examined with `keys`. Returns the first check that failed, which what comes
   * later may clear: see `verdict`.
   */
  add(examination: Examination): DocketProblem | undefined {
    const { height, problem: own } = examination;
    invariant(height === this.#next && examination.keysVersion === this.#keys.version, "dockets come in their order");
    this.#learnHashBefore(examination);
    const found = firstProblem([own, this.#linkProblem(examination), this.#orderProblem(examination)]);
    if (found && typeOf(found) === "BrokenChainLink") this.#break(height);
    if (own) this.#addRange(height, own, examination.failing);
    else this.#keys = this.#keys.after(height, examination.keyChanges);
    this.#next = height + 1n;
    this.#framedHash = examination.framedHash;
    this.#lastTxId = own ? undefined : examination.lastTxId;
    this.#learnHash(examination.header);
    return found ?? (this.isUnbroken ? undefined : { check: "link", details: BEHIND_BREAK });
  }

  /** What is to be made of all that was added. */
  verdict(): ChainVerdict {
    // Nothing comes after the last docket that would say its hash, but the trusted root tells whether a guess is right.
    const guess = this.#hashHint(this.#next - 1n) ?? this.#framedHash;
    if (guess !== undefined && this.#isHashBeforeUnknown && this.#isTrusted(withDocket(this.#frontier, guess))) {
      this.#appendHash(guess);
    }
    return { size: this.#next, ranges: this.#ranges(), trust: this.#trust };
  }

  /** What a docket after the last one is judged by; `undefined` unless that last one is as it should be. */
  state(): ChainState | undefined {
    if (this.#breakThatCounts !== undefined || this.#frontier.size !== this.#next) return undefined;
    if (this.#next > 0n && this.#lastTxId === undefined) return undefined;
    return {
      registerId: this.#registerId,
      frontier: this.#frontier,
      framedHash: this.#framedHash,
      lastTxId: this.#lastTxId,
      lastSealed: this.#lastSealed,
      keys: this.#keys,
    };
  }

  /** Over the dockets whose hashes are known and, where the log is broken, come before the break. */
  get soundFrontier(): Frontier {
    if (this.#breakThatCounts === undefined) return this.#frontier;
    return this.#trust === "proven" ? this.#frontierBeyond : this.#frontierAtBreak;
  }

  get #isHashBeforeUnknown(): boolean {
    return this.#frontier.size + 1n === this.#next;
  }

  /** A docket that was altered or is missing has the hash that the next one says it had. */
  #learnHashBefore({ header, height }: Examination): void {
    if (!this.#isHashBeforeUnknown) return;
    const said = header?.isSealed ? header.prevDocketHash : undefined;
    this.#appendHash(said ?? this.#hashHint(height - 1n) ?? this.#framedHash);
  }

  /** Only what was sealed is believed. */
  #learnHash(header: ExaminedHeader | undefined): void {
    if (!header?.isSealed) return;
    const { epoch, sealedAt } = header;
    this.#lastSealed = { epoch, sealedAt };
    this.#appendHash(header.docketHash);
  }

  /** Of the docket before the next one. */
  #appendHash(hash: string | undefined): void {
    if (hash === undefined || !this.#isHashBeforeUnknown) return;
    this.#frontier = withDocket(this.#frontier, hash);
    if (this.#frontier.size !== this.#trusted?.size) return;
    this.#trust = this.#isTrusted(this.#frontier) ? "proven" : "disproved";
  }

  #isTrusted({ size, ...frontier }: Frontier): boolean {
    return size === this.#trusted?.size && sameHash(rootOf({ size, ...frontier }), this.#trusted.root);
  }

  #linkProblem({ height, header }: Examination): DocketProblem | undefined {
    if (!header) return undefined;
    const isLinked =
      (height === 0n || this.#framedHash === undefined || header.prevDocketHash === this.#framedHash) &&
      this.#frontier.size === height &&
      hexOf(rootOf(this.#frontier)) === header.logRoot &&
      this.#isLaterThanLast(header);
    return isLinked ? undefined : { check: "link", details: "The docket does not follow on those before it." };
  }

  #isLaterThanLast({ epoch, sealedAt }: ExaminedHeader): boolean {
    const last = this.#lastSealed;
    return last === undefined || (epoch >= last.epoch && sealedAt >= last.sealedAt);
  }

  #orderProblem({ height, header, firstPrevTxId, isInOrder }: Examination): DocketProblem | undefined {
    if (!header) return undefined;
    const isFirstInOrder =
      height === 0n || this.#lastTxId === undefined
        ? (height === 0n) === (firstPrevTxId === undefined)
        : firstPrevTxId === this.#lastTxId;
    if (isInOrder && isFirstInOrder) return undefined;
    return { check: "order", details: "A transaction does not name the one before it." };
  }

  #break(height: bigint): void {
    if (this.#brokenFrom === undefined) {
      this.#brokenFrom = height;
      this.#frontierAtBreak = this.#frontier;
    }
    if (this.#brokenBeyond !== undefined || (this.#trusted && height < this.#trusted.size)) return;
    this.#brokenBeyond = height;
    this.#frontierBeyond = this.#frontier;
  }

  /** Where the break is that excludes all that follows. */
  get #breakThatCounts(): bigint | undefined {
    return this.#trust === "proven" ? this.#brokenBeyond : this.#brokenFrom;
  }

  #addRange(height: bigint, problem: DocketProblem, failing: Examination["failing"]): void {
    withHeight(this.#own, { start: height, end: height, type: typeOf(problem), details: problem.details, failing });
  }

  #ranges(): readonly CorruptedHeights[] {
    const from = this.#breakThatCounts;
    if (from === undefined) return this.#own;
    const ranges = this.#own.filter(({ start }) => start < from);
    let free = from;
    for (const range of this.#own.filter(({ end }) => end >= from)) {
      if (range.start > free) ranges.push(behindBreak(free, range.start - 1n));
      if (range.start >= from) ranges.push(range);
      free = range.end + 1n;
    }
    if (free < this.#next) ranges.push(behindBreak(free, this.#next - 1n));
    return ranges;
  }
}

function withDocket(frontier: Frontier, docketHash: string): Frontier {
  return appendLeaf(frontier, leafHash(bytesOfHex(docketHash)));
}

const BEHIND_BREAK = "The docket does not follow on those before it, or comes after one that does not.";

function behindBreak(start: bigint, end: bigint): CorruptedHeights {
  return { start, end, type: "BrokenChainLink", details: BEHIND_BREAK, failing: [] };
}
