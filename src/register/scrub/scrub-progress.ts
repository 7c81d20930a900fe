import type { ProtocolRecord } from "../../signatures/protocol-record.ts";
import type { LocalSeal } from "../trust/local-seal.ts";
import type { TrustStore } from "../trust/trust-store.ts";

/** That the docket at a height was looked at, and when: milliseconds since 1970. */
export interface ScrubMark {
  readonly height: bigint;
  readonly at: number;
}

/** How far the scrubbing of a register has got. A value. */
export interface ScrubProgress {
  /** The next height to be looked at. */
  readonly next: bigint;
  /** Of the round under way: ascending, the first one that of height 0. */
  readonly marks: readonly ScrubMark[];
  /** Of the round before; none when there was none. */
  readonly previous: readonly ScrubMark[];
  /** When the last round came to its end; milliseconds since 1970. */
  readonly completedAt: number | null;
}

export const NOTHING_SCRUBBED: ScrubProgress = { next: 0n, marks: [], previous: [], completedAt: null };

/** Of one round, so that what is kept stays small. */
const MARKS_MAX = 64n;

/** After dockets up to a height were looked at, of so many that there are. */
export function advanced(before: ScrubProgress, step: { readonly next: bigint; readonly total: bigint; now: number }) {
  const { next, total, now } = step;
  const last = before.marks.at(-1);
  const isDue = last === undefined || before.next - last.height >= total / MARKS_MAX;
  const marks = isDue ? [...before.marks, { height: before.next, at: now }] : before.marks;
  if (next < total) return { ...before, next, marks } satisfies ScrubProgress;
  return { next: 0n, marks: [], previous: marks, completedAt: now } satisfies ScrubProgress;
}

/**
 * When the docket that was not looked at for longest was, in milliseconds since 1970, or a little before; `null` until every
 * docket was looked at once.
 */
export function oldestCheckOf({ next, previous }: ScrubProgress): number | null {
  return previous.findLast(({ height }) => height <= next)?.at ?? null;
}

const KIND = "scrub";

/** Keeps it across restarts, out of reach of who can write to the database. */
export class ScrubProgressStore {
  readonly #store: TrustStore;
  readonly #seal: LocalSeal;

  constructor(store: TrustStore, seal: LocalSeal) {
    this.#store = store;
    this.#seal = seal;
  }

  async save(registerId: string, { next, marks, previous, completedAt }: ScrubProgress): Promise<void> {
    const record = {
      registerId,
      next: next.toString(),
      marks: marks.map(recordOf),
      previous: previous.map(recordOf),
      ...(completedAt !== null && { completedAt }),
    };
    await this.#store.write(nameOf(registerId), this.#seal.seal(KIND, record));
  }

  /** Begins anew when there is nothing that this installation has written. */
  async load(registerId: string): Promise<ScrubProgress> {
    const text = await this.#store.read(nameOf(registerId));
    const record = text === undefined ? undefined : this.#seal.open(KIND, text);
    if (record?.["registerId"] !== registerId) return NOTHING_SCRUBBED;
    const { next, marks, previous, completedAt = null } = record as unknown as ProgressRecord;
    return { next: BigInt(next), marks: marks.map(markOf), previous: previous.map(markOf), completedAt };
  }
}

interface MarkRecord extends ProtocolRecord {
  readonly height: string;
  readonly at: number;
}

interface ProgressRecord {
  readonly next: string;
  readonly marks: readonly MarkRecord[];
  readonly previous: readonly MarkRecord[];
  readonly completedAt?: number;
}

function recordOf({ height, at }: ScrubMark): MarkRecord {
  return { height: height.toString(), at };
}

function markOf({ height, at }: MarkRecord): ScrubMark {
  return { height: BigInt(height), at };
}

function nameOf(registerId: string): string {
  return `${registerId}.scrub`;
}
