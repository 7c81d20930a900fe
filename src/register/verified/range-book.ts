import type { Clock } from "../../clock.ts";
import type { IdGenerator } from "../../identifiers.ts";
import type { Filter } from "../../storage/filter.ts";
import type { Repository } from "../../storage/repository.ts";
import type { CorruptionRangeRecord } from "../range-record.ts";
import type { CorruptedHeights } from "../verification/corruption.ts";

/**
 * What was found damaged in a register, and what was done about it, kept across restarts: a process that begins anew knows
 * how often a range was asked for in vain.
 */
export class RangeBook {
  readonly #ranges: Repository<CorruptionRangeRecord>;
  readonly #clock: Clock;
  readonly #ids: IdGenerator;

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
   * Brings the book up to date with what a verification found. Returns what is new in it. A range that was there keeps its
   * attempts while one of its type covers a height of it.
   */
  async record(found: readonly CorruptedHeights[]): Promise<readonly CorruptionRangeRecord[]> {
    const open = await this.open();
    const added: CorruptionRangeRecord[] = [];
    const kept = new Set<string>();
    for (const range of found) {
      const known = open.find((record) => !kept.has(record.id) && isSame(record, range));
      if (known) {
        kept.add(known.id);
        if (known.startHeight !== range.start || known.endHeight !== range.end) {
          await this.#ranges.patch(known.id, { startHeight: range.start, endHeight: range.end });
        }
      } else added.push(await this.#ranges.add(this.#recordOf(range)));
    }
    for (const record of open.filter(({ id }) => !kept.has(id))) {
      await this.#ranges.patch(record.id, { recoveryStatus: "Succeeded" });
    }
    return added;
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

function isSame(record: CorruptionRangeRecord, { start, end, type }: CorruptedHeights): boolean {
  return record.type === type && record.startHeight <= end && record.endHeight >= start;
}
