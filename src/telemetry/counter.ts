import type { Attributes, Meter } from "@opentelemetry/api";

/** One time series. Adding to a plain number costs nothing worth measuring; the meter reads it when it is asked. */
export interface CounterCell {
  value: number;
}

/** Beyond it, further label sets are counted together, so that labels from outside cannot fill the memory. */
export const CELLS_PER_COUNTER_MAX = 1_000;

const OVERFLOW: Attributes = { overflow: "true" };

export class Counter {
  readonly #cells = new Map<string, { readonly labels: Attributes; readonly cell: CounterCell }>();

  constructor(meter: Meter, name: string, description: string) {
    meter.createObservableCounter(name, { description }).addCallback((result) => {
      for (const { labels, cell } of this.#cells.values()) result.observe(cell.value, labels);
    });
  }

  /** The series with these labels. Keep it where the labels are fixed. */
  cell(labels: Readonly<Record<string, string>>): CounterCell {
    const key = Object.values(labels).join("\u0000");
    const known = this.#cells.get(key);
    if (known) return known.cell;
    if (this.#cells.size >= CELLS_PER_COUNTER_MAX) return this.#overflow();
    return this.#add(key, labels);
  }

  #overflow(): CounterCell {
    return this.#cells.get("\u0000overflow")?.cell ?? this.#add("\u0000overflow", OVERFLOW);
  }

  #add(key: string, labels: Attributes): CounterCell {
    const cell = { value: 0 };
    this.#cells.set(key, { labels, cell });
    return cell;
  }
}
