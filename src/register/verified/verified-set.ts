import type { ChainState } from "../verification/chain-state.ts";
import type { CorruptedHeights } from "../verification/corruption.ts";
import type { TrustedLog } from "../verification/log-tree.ts";

/** Why there is no verified docket at a height. */
export type Absence = "NotYetVerified" | "Corrupted" | "Beyond";

/** How far a register is verified. Numbers of dockets count from height 0; heights are `null` when there is none. */
export interface VerifiedHeights {
  readonly verifiedCount: bigint;
  /** Up to here every docket is verified. */
  readonly contiguousHeight: bigint | null;
  readonly highestHeight: bigint | null;
}

type VerifiedSetParts = Pick<VerifiedSet, "total" | "examined" | "ranges" | "sound">;

/** Which dockets of a register may be served. A value. */
export class VerifiedSet {
  /** Dockets that the register has, or ought to have. */
  readonly total: bigint;
  /** Dockets that were looked at. */
  readonly examined: bigint;
  /** Ascending; they do not overlap. */
  readonly ranges: readonly CorruptedHeights[];
  /** What the docket after the last good one is judged by, and the log that proofs lead to. */
  readonly sound: ChainState;
  readonly #known: TrustedLog | undefined;

  /** @param known what the register was known to be before it was verified */
  constructor(parts: VerifiedSetParts, known?: TrustedLog) {
    this.total = parts.total;
    this.examined = parts.examined;
    this.ranges = parts.ranges;
    this.sound = parts.sound;
    this.#known = known;
  }

  with(parts: Partial<VerifiedSetParts>): VerifiedSet {
    const { total, examined, ranges, sound } = this;
    return new VerifiedSet({ total, examined, ranges, sound, ...parts }, this.#known);
  }

  /**
   * As long as a verification has not come to what the register is known to be, the log of that: what passed so far may have
   * been forged with a stolen key, and lead elsewhere.
   */
  get ahead(): TrustedLog | undefined {
    const isShort = this.examined < this.total && this.#known && this.sound.frontier.size < this.#known.size;
    return isShort ? this.#known : undefined;
  }

  /** The set with a range more; heights that have one already keep it. */
  withRange(range: CorruptedHeights): VerifiedSet {
    const parts: CorruptedHeights[] = [];
    let { start } = range;
    for (const known of this.ranges) {
      if (known.end < start || known.start > range.end) continue;
      if (start < known.start) parts.push({ ...range, start, end: known.start - 1n });
      start = known.end + 1n;
    }
    if (start <= range.end) parts.push({ ...range, start });
    return this.with({ ranges: [...this.ranges, ...parts].sort((a, b) => (a.start < b.start ? -1 : 1)) });
  }

  /** The set without a height among its ranges, because what stands there now is as it should be. */
  withoutHeight(height: bigint): VerifiedSet {
    const ranges = this.ranges.flatMap((range) => {
      if (height < range.start || height > range.end) return [range];
      const before = { ...range, end: height - 1n };
      const after = { ...range, start: height + 1n };
      return [before, after].filter(({ start, end }) => start <= end);
    });
    return this.with({ ranges });
  }

  rangeAt(height: bigint): CorruptedHeights | undefined {
    return this.ranges.find(({ start, end }) => start <= height && height <= end);
  }

  /** Whether any docket between two heights, both included, is damaged. */
  isDamagedBetween(start: bigint, end: bigint): boolean {
    return this.ranges.some((range) => range.start <= end && range.end >= start);
  }

  /** `undefined` for a docket that may be served. */
  absenceOf(height: bigint): Absence | undefined {
    if (height < 0n || height >= this.total) return "Beyond";
    if (this.rangeAt(height)) return "Corrupted";
    return height < this.examined ? undefined : "NotYetVerified";
  }

  /** Whether all that the register ought to have is verified. */
  get isComplete(): boolean {
    return this.ranges.length === 0 && this.examined === this.total;
  }

  /** Whether what comes behind the last docket can be judged, although that one itself may be gone since. */
  get isKnownToEnd(): boolean {
    return this.examined === this.total && this.sound.frontier.size === this.total;
  }

  /** Whether a docket can be added: the last one is verified, and still as it was when it was looked at last. */
  get isExtendable(): boolean {
    return this.isKnownToEnd && this.rangeAt(this.total - 1n) === undefined;
  }

  get heights(): VerifiedHeights {
    const bad = this.ranges.reduce((sum, { start, end }) => sum + (end - start + 1n), 0n);
    const [first] = this.ranges;
    const contiguous = first && first.start < this.examined ? first.start : this.examined;
    let highest = this.examined - 1n;
    for (const { start, end } of this.ranges.toReversed()) if (start <= highest && highest <= end) highest = start - 1n;
    return {
      verifiedCount: this.examined > bad ? this.examined - bad : 0n,
      contiguousHeight: contiguous === 0n ? null : contiguous - 1n,
      highestHeight: highest < 0n ? null : highest,
    };
  }
}
