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
  /** What the register is trusted to have been, by size, ascending. Breaks before the longest that it is do not count. */
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
  /** The first docket that does not follow on the one before and that no trusted log is proven beyond. */
  #brokenFrom: bigint | undefined;
  /** How long the longest trusted log is that the register is proven to have been. */
  #provenTo: bigint;
  /** After the last docket that passes its own checks, the last before a break, and the last that is proven. */
  #unbroken: ChainState;
  #sound: ChainState;
  #proven: ChainState;

  constructor({ start, trusted = [], leafHint, onSubtree }: ChainVerifierOptions) {
    this.#leafHint = leafHint ?? (() => undefined);
    this.#registerId = start.registerId;
    this.#tree = new LogTree(start.frontier, trusted, onSubtree);
    this.#next = start.frontier.size;
    this.#framedHash = start.framedHash;
    this.#lastTxId = start.lastTxId;
    this.#lastSealed = start.lastSealed;
    this.#keys = start.keys;
    this.#provenTo = start.frontier.size;
    this.#unbroken = start;
    this.#sound = start;
    this.#proven = start;
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
    const isFirstUnlinked = isUnlinked && this.#brokenFrom === undefined;
    if (isFirstUnlinked) this.#brokenFrom = height;
    if (own) this.#addRange(examination, own, isFirstUnlinked);
    else this.#keys = this.#keys.after(height, examination.keyChanges);
    this.#next = height + 1n;
    this.#framedHash = examination.framedHash;
    this.#lastTxId = own ? undefined : examination.lastTxId;
    this.#learnHash(examination.header);
    if (!own) this.#keepSound();
    return found ?? (this.#brokenFrom === undefined ? undefined : BEHIND_BREAK);
  }

  /** What is to be made of all that was added. */
  verdict(): ChainVerdict {
    const trust = this.#trustWithLast();
    const isDisproved = trust === "disproved";
    const ranges = this.#ranges(isDisproved ? this.#provenTo : this.#brokenFrom, isDisproved);
    return { size: this.#next, ranges, trust, sound: isDisproved ? this.#proven : this.#sound };
  }

  /** Nothing comes after the last docket that would say its hash, but a trusted root tells whether a guess is right. */
  #trustWithLast(): Trust {
    const guess = this.#isHashBeforeUnknown ? this.#guessBefore : undefined;
    const isRight = guess && this.#tree.isTrustedWith(guess);
    if (guess && isRight) this.#append(guess);
    // A hint need not be true, and what is still to come may say another hash: the guess is not kept.
    const isWrong = isRight === false && this.#leafHint(this.#next - 1n) === undefined;
    return isWrong ? "disproved" : this.#tree.trust;
  }

  #keepSound(): void {
    if (this.#tree.size !== this.#next) return;
    const state: ChainState = {
      registerId: this.#registerId,
      frontier: this.#tree.frontier,
      framedHash: this.#framedHash,
      lastTxId: this.#lastTxId,
      lastSealed: this.#lastSealed,
      keys: this.#keys,
    };
    this.#unbroken = state;
    if (this.#brokenFrom === undefined) this.#sound = state;
    if (this.#provenTo === this.#next) this.#proven = state;
  }

  get #isHashBeforeUnknown(): boolean {
    return this.#tree.size + 1n === this.#next;
  }

  /** A docket that was altered or is missing has the hash that the next one says it had. */
  #learnHashBefore({ header }: Examination): void {
    if (!this.#isHashBeforeUnknown) return;
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
    if (leaf !== undefined && this.#isHashBeforeUnknown) this.#append(leaf);
  }

  /** What a trusted log is proven to say is what was sealed, so nothing up to there counts as broken. */
  #append(leaf: Uint8Array): void {
    this.#tree.append(leaf);
    if (this.#tree.matched !== this.#tree.size) return;
    this.#provenTo = this.#tree.size;
    this.#brokenFrom = undefined;
    this.#sound = this.#unbroken;
    this.#proven = this.#unbroken;
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

  /** @param isFirstUnlinked whether check 8 failed before this one, and nothing before excludes the docket anyway */
  #addRange({ height, failing }: Examination, problem: DocketProblem, isFirstUnlinked: boolean): void {
    const range = { start: height, end: height, type: typeOf(problem), details: problem.details, failing };
    // It is another type's if the break counts, so it stays apart from its neighbours.
    if (isFirstUnlinked || this.#own.at(-1)?.end === this.#brokenFrom) this.#own.push(range);
    else withHeight(this.#own, range);
  }

  /**
   * @param from the height from which on everything is excluded
   * @param isDisproved whether that is because of a trusted log, and not of the docket at that height
   */
  #ranges(from: bigint | undefined, isDisproved: boolean): readonly CorruptedHeights[] {
    const ranges: CorruptedHeights[] = [];
    let free = from ?? this.#next;
    for (const range of this.#own) {
      if (range.start > free) withHeight(ranges, behindBreak(free, range.start - 1n));
      const isBreak = range.start === from && !isDisproved;
      withHeight(ranges, isBreak ? { ...behindBreak(from, range.end), failing: range.failing } : range);
      if (range.end >= free) free = range.end + 1n;
    }
    if (free < this.#next) withHeight(ranges, behindBreak(free, this.#next - 1n));
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
