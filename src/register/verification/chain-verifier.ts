import { invariant } from "../../errors.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import type { OnSubtree } from "../merkle/frontier.ts";
import type { ChainState } from "./chain-state.ts";
import { type CorruptedHeights, type DocketProblem, firstProblem, typeOf, withHeight } from "./corruption.ts";
import type { Examination, ExaminedHeader } from "./examine-docket.ts";
import type { KeyDirectory } from "./key-directory.ts";
import { LogTree, leafOf, type Trust, type TrustedLog } from "./log-tree.ts";

export interface ChainVerifierOptions {
  readonly start: ChainState;
  /** What the register is trusted to have been, by size, ascending. The longest one judges, the others narrow it down. */
  readonly trusted?: readonly TrustedLog[] | undefined;
  /**
   * What is said elsewhere to stand in the tree for a docket that nothing else tells of: 32 bytes. It need not be true: the
   * roots in later dockets show whether it is.
   */
  readonly leafHint?: ((height: bigint) => Uint8Array | undefined) | undefined;
  /** Is told the subtrees of the log as their hashes become known. */
  readonly onSubtree?: OnSubtree | undefined;
}

/** What a verification found. */
export interface ChainVerdict {
  /** The next height. */
  readonly size: bigint;
  /** What is not to be served, by height; neighbours with the same type are one. */
  readonly ranges: readonly CorruptedHeights[];
  readonly trust: Trust;
  /** What a docket after the last good one is judged by. */
  readonly sound: ChainState;
}

/** The checks that need a docket's neighbours: 8 and 13 of `docs/register-format.md`, and what follows from them. */
export class ChainVerifier {
  readonly #leafHint: (height: bigint) => Uint8Array | undefined;
  readonly #registerId: string;
  readonly #tree: LogTree;
  /** Of checks that need no neighbours. */
  readonly #own: CorruptedHeights[] = [];
  #next: bigint;
  /** The hash that the frame of the docket before holds. */
  #framedHash: string | undefined;
  #lastTxId: string | undefined;
  #lastSealed: ChainState["lastSealed"];
  #keys: KeyDirectory;
  /** The first docket that does not follow on the one before. */
  #brokenFrom: bigint | undefined;
  /** The first such docket that the trusted log does not cover. */
  #brokenBeyond: bigint | undefined;
  /** After the last docket that is good if no trusted log clears a break, if it does, and if it disproves what was found. */
  #sound: ChainState;
  #soundIfProven: ChainState;
  #soundIfDisproved: ChainState;

  constructor({ start, trusted = [], leafHint, onSubtree }: ChainVerifierOptions) {
    this.#leafHint = leafHint ?? (() => undefined);
    this.#registerId = start.registerId;
    this.#tree = new LogTree(start.frontier, trusted, onSubtree);
    this.#next = start.frontier.size;
    this.#framedHash = start.framedHash;
    this.#lastTxId = start.lastTxId;
    this.#lastSealed = start.lastSealed;
    this.#keys = start.keys;
    this.#sound = start;
    this.#soundIfProven = start;
    this.#soundIfDisproved = start;
  }

  /** The height that comes next. */
  get next(): bigint {
    return this.#next;
  }

  /** What the next docket has to be examined with. */
  get keys(): KeyDirectory {
    return this.#keys;
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
    const isUnlinked = found !== undefined && typeOf(found) === "BrokenChainLink";
    if (isUnlinked) this.#break(height);
    if (own) this.#addRange(height, own, examination.failing);
    else this.#keys = this.#keys.after(height, examination.keyChanges);
    this.#next = height + 1n;
    this.#framedHash = examination.framedHash;
    this.#lastTxId = own ? undefined : examination.lastTxId;
    this.#learnHash(examination.header);
    if (!own) this.#keepSound(height);
    return found ?? (this.#brokenFrom === undefined ? undefined : BEHIND_BREAK);
  }

  /** What is to be made of all that was added. */
  verdict(): ChainVerdict {
    // Nothing comes after the last docket that would say its hash, but the trusted root tells whether a guess is right.
    const guess = this.#guessBefore;
    if (guess !== undefined && this.#isHashBeforeUnknown && this.#tree.isTrustedWith(guess)) this.#tree.append(guess);
    return { size: this.#next, ranges: this.#ranges(), trust: this.#tree.trust, sound: this.#soundState() };
  }

  #keepSound(height: bigint): void {
    if (this.#tree.size !== this.#next) return;
    const state: ChainState = {
      registerId: this.#registerId,
      frontier: this.#tree.frontier,
      framedHash: this.#framedHash,
      lastTxId: this.#lastTxId,
      lastSealed: this.#lastSealed,
      keys: this.#keys,
    };
    if (this.#brokenFrom === undefined) this.#sound = state;
    if (this.#tree.covers(height) || this.#brokenBeyond === undefined) this.#soundIfProven = state;
    if (this.#tree.matched === this.#next) this.#soundIfDisproved = state;
  }

  #soundState(): ChainState {
    if (this.#tree.trust === "proven") return this.#soundIfProven;
    return this.#tree.trust === "disproved" ? this.#soundIfDisproved : this.#sound;
  }

  get #isHashBeforeUnknown(): boolean {
    return this.#tree.size + 1n === this.#next;
  }

  /** A docket that was altered or is missing has the hash that the next one says it had. */
  #learnHashBefore({ header }: Examination): void {
    const said = header?.isSealed ? header.prevDocketHash : undefined;
    const guess = this.#guessBefore;
    const last = said ?? (guess ? undefined : header?.prevDocketHash);
    this.#appendLeaf(last === undefined ? guess : leafOf(last));
  }

  /** What stands for the docket before the next one, as far as can be guessed. */
  get #guessBefore(): Uint8Array | undefined {
    return this.#leafHint(this.#next - 1n) ?? (this.#framedHash === undefined ? undefined : leafOf(this.#framedHash));
  }

  /** Only what was sealed is believed. */
  #learnHash(header: ExaminedHeader | undefined): void {
    if (!header?.isSealed) return;
    const { epoch, sealedAt } = header;
    this.#lastSealed = { epoch, sealedAt };
    this.#appendLeaf(leafOf(header.docketHash));
  }

  /** Of the docket before the next one. */
  #appendLeaf(leaf: Uint8Array | undefined): void {
    if (leaf !== undefined && this.#isHashBeforeUnknown) this.#tree.append(leaf);
  }

  #linkProblem({ height, header }: Examination): DocketProblem | undefined {
    if (!header) return undefined;
    const isLinked =
      (height === 0n || this.#framedHash === undefined || header.prevDocketHash === this.#framedHash) &&
      this.#tree.size === height &&
      hexOf(this.#tree.root) === header.logRoot &&
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
    this.#brokenFrom ??= height;
    if (!this.#tree.covers(height)) this.#brokenBeyond ??= height;
  }

  /** Where the break is that excludes all that follows. */
  get #breakThatCounts(): bigint | undefined {
    if (this.#tree.trust === "proven") return this.#brokenBeyond;
    return this.#tree.trust === "disproved" ? this.#soundIfDisproved.frontier.size : this.#brokenFrom;
  }

  #addRange(height: bigint, problem: DocketProblem, failing: Examination["failing"]): void {
    withHeight(this.#own, { start: height, end: height, type: typeOf(problem), details: problem.details, failing });
  }

  #ranges(): readonly CorruptedHeights[] {
    const from = this.#breakThatCounts;
    if (from === undefined) return [...this.#own];
    const ranges = this.#own.filter(({ start }) => start < from);
    let free = ranges.at(-1)?.end ?? 0n;
    free = free >= from ? free + 1n : from;
    for (const range of this.#own.filter(({ start }) => start >= from)) {
      if (range.start > free) ranges.push(behindBreak(free, range.start - 1n));
      ranges.push(range);
      free = range.end + 1n;
    }
    if (free < this.#next) ranges.push(behindBreak(free, this.#next - 1n));
    return ranges;
  }
}

const BEHIND_BREAK: DocketProblem = {
  check: "link",
  details: "The docket does not follow on those before it, or comes after one that does not.",
};

function behindBreak(start: bigint, end: bigint): CorruptedHeights {
  return { start, end, type: "BrokenChainLink", details: BEHIND_BREAK.details, failing: [] };
}
