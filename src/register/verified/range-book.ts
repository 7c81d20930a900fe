import type { Clock, Instant } from "../../clock.ts";
import type { IdGenerator } from "../../identifiers.ts";
import type { Filter } from "../../storage/filter.ts";
import type { Repository } from "../../storage/repository.ts";
import type { CorruptionRangeRecord } from "../range-record.ts";
import type { CorruptedHeights } from "../verification/corruption.ts";
import { type HeightInterval, hullOf, within, without } from "./height-intervals.ts";
import type { VerifiedSet } from "./verified-set.ts";

/** What a verification came to, of all heights from one on. */
export interface JudgedHeights {
  readonly from: bigint;
  readonly ranges: readonly CorruptedHeights[];
  /** When it began. */
  readonly since: Instant;
}

/**
 * What was found damaged in a register, and what was done about it, kept across restarts: a process that begins anew knows
 * how often a range was asked for in vain. Several processes write into one book. That one of them does not know of a damage
 * does not end it: a range is closed by whoever has verified its heights since, and nobody else.
 */
export class RangeBook {
  readonly #ranges: Repository<CorruptionRangeRecord>;
  readonly #clock: Clock;
  readonly #ids: IdGenerator;
  /** What this process last found damaged, and the ranges in the book that this was. */
  #last: { readonly found: readonly CorruptedHeights[]; readonly ids: ReadonlySet<string> } = NOTHING;

  constructor(options: { ranges: Repository<CorruptionRangeRecord>; clock: Clock; ids: IdGenerator }) {
    this.#ranges = options.ranges;
    this.#clock = options.clock;
    this.#ids = options.ids;
  }

  /** Those that are damaged still, by height. */
  async open(): Promise<readonly CorruptionRangeRecord[]> {
    return this.#list({ op: "ne", path: ["recoveryStatus"], value: "Succeeded" });
  }

  /** All that ever were, by height. */
  async all(): Promise<readonly CorruptionRangeRecord[]> {
    return this.#list(undefined);
  }

  /**
   * Brings the book up to date with what is known to be damaged. Returns what is new in it. A range that was there keeps its
   * attempts while one of its type covers a height of it. Of what was known before and is not any more, this process has
   * found that it is good; of what only others know, nothing.
   */
  async record({
    ranges: found,
    examined,
  }: Pick<VerifiedSet, "ranges" | "examined">): Promise<readonly CorruptionRangeRecord[]> {
    const open = await this.open();
    const matches = new Map<string, CorruptedHeights>();
    const added: CorruptionRangeRecord[] = [];
    for (const range of found) {
      const known = open.find((record) => !matches.has(record.id) && isSame(record, range));
      if (known) matches.set(known.id, range);
      else added.push(await this.#ranges.add(this.#recordOf(range)));
    }
    const looked = { start: 0n, end: examined - 1n };
    for (const record of open) {
      const judged = this.#last.ids.has(record.id) ? within(looked, this.#last.found) : [];
      const match = matches.get(record.id);
      const left = without(heightsOf(record), [...found, ...judged]);
      await this.#narrow(record, match ? [match, ...left] : left);
    }
    this.#last = { found, ids: new Set([...matches.keys(), ...added.map(({ id }) => id)]) };
    return added;
  }

  /** Takes out of the book what a verification found to be good and was in it before that began. */
  async judged({ from, ranges, since }: JudgedHeights): Promise<void> {
    for (const record of await this.open()) {
      if (record.detectedAt > since) continue;
      await this.#narrow(record, within(heightsOf(record), [{ start: 0n, end: from - 1n }, ...ranges]));
    }
  }

  /** @param left what of a range is damaged still */
  async #narrow({ id, startHeight, endHeight }: CorruptionRangeRecord, left: readonly HeightInterval[]): Promise<void> {
    const hull = hullOf(left);
    if (!hull) await this.#ranges.patch(id, { recoveryStatus: "Succeeded" });
    else if (hull.start !== startHeight || hull.end !== endHeight) {
      await this.#ranges.patch(id, { startHeight: hull.start, endHeight: hull.end });
    }
  }

  async update(id: string, change: Partial<Omit<CorruptionRangeRecord, "id" | "version">>): Promise<void> {
    await this.#ranges.patch(id, change);
  }

  async #list(filter: Filter | undefined): Promise<readonly CorruptionRangeRecord[]> {
    const records: CorruptionRangeRecord[] = [];
    for await (const record of this.#ranges.stream({ filter, limit: 1_000 })) records.push(record);
    return records.sort((a, b) => (a.startHeight < b.startHeight ? -1 : 1));
  }

  #recordOf({ start, end, type, details, failing }: CorruptedHeights): Omit<CorruptionRangeRecord, "version"> {
    return {
      id: this.#ids.uuid(),
      startHeight: start,
      endHeight: end,
      type,
      details,
      transactionIds: failing.map(({ txId }) => txId),
      detectedAt: this.#clock.now(),
      recoveryAttempts: 0,
      lastRecoveryAttempt: null,
      recoveryStatus: "Pending",
      message: null,
    };
  }
}

const NOTHING = { found: [], ids: new Set<string>() };

function heightsOf({ startHeight, endHeight }: CorruptionRangeRecord): HeightInterval {
  return { start: startHeight, end: endHeight };
}

function isSame(record: CorruptionRangeRecord, { start, end, type }: CorruptedHeights): boolean {
  return record.type === type && record.startHeight <= end && record.endHeight >= start;
}
