/**
 * Remembers in a bounded space when each name was removed last, in the order of removals. What it had to forget, it
 * takes for removed: the floor is the last removal that it does not know by name.
 */
export class RemovalMarks {
  #floor = 0;
  readonly #marks = new Map<string, number>();
  readonly #marksMax: number;

  constructor(marksMax: number) {
    this.#marksMax = marksMax;
  }

  /** @param sequence greater than that of any removal before */
  mark(name: string, sequence: number): void {
    // Deleted first, so that the map stays in the order of removals.
    this.#marks.delete(name);
    this.#marks.set(name, sequence);
    if (this.#marks.size <= this.#marksMax) return;
    for (const [oldest, forgotten] of this.#marks) {
      this.#marks.delete(oldest);
      this.#floor = forgotten;
      return;
    }
  }

  markAll(sequence: number): void {
    this.#marks.clear();
    this.#floor = sequence;
  }

  /** True when the name was, or may have been, removed after that many removals. */
  removedSince(name: string, sequence: number): boolean {
    return this.#floor > sequence || (this.#marks.get(name) ?? 0) > sequence;
  }
}
