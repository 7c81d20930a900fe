import type { Filter } from "../filter.ts";
import { matches } from "../filters/evaluate-filter.ts";
import type { WormEnd, WormRead, WormRow, WormRowRange } from "../worm/worm-rows.ts";

/** The table of a tenant's logs; keys are the kind and the log with a `/` between them. */
export const IN_MEMORY_LOGS = "worm_logs";

/** The rows of one log, ascending. A row of its table: the table freezes it, and its content is out of reach for that. */
export class InMemoryLogRows {
  readonly #rows: WormRow[] = [];

  end(): WormEnd | undefined {
    const last = this.#rows.at(-1);
    return last && { sequence: last.sequence, hash: last.hash };
  }

  read({ from, to, limit, bytesMax = Number.POSITIVE_INFINITY }: WormRead): readonly WormRow[] {
    const rows: WormRow[] = [];
    let bytes = 0;
    for (let index = this.#firstAt(from); rows.length < limit && bytes <= bytesMax; index++) {
      const row = this.#rows[index];
      if (!row || row.sequence > to) break;
      rows.push(row);
      bytes += row.bytes.length;
    }
    return rows;
  }

  query(filter: Filter, { from, to, limit }: WormRowRange): readonly WormRow[] {
    const rows: WormRow[] = [];
    for (let index = this.#firstAt(from); rows.length < limit; index++) {
      const row = this.#rows[index];
      if (!row || row.sequence > to) break;
      if (matches(filter, row.indexed)) rows.push(row);
    }
    return rows;
  }

  count(filter: Filter | undefined): bigint {
    return BigInt(filter ? this.#rows.filter(({ indexed }) => matches(filter, indexed)).length : this.#rows.length);
  }

  /** For appending, and for tests that alter a log behind its back. Rows stay in order. */
  change(work: (rows: WormRow[]) => void): void {
    work(this.#rows);
  }

  /** The index of the first row at `from` or later. */
  #firstAt(from: bigint): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle] as WormRow).sequence < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
