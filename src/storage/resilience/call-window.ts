const SLICES = 12;

/** How many calls were made and failed in the last while, exact to a twelfth of it. Time comes from outside. */
export class CallWindow {
  readonly #sliceMs: number;
  readonly #callsOf: number[] = Array<number>(SLICES).fill(0);
  readonly #failuresOf: number[] = Array<number>(SLICES).fill(0);
  #slice = 0;
  #calls = 0;
  #failures = 0;

  constructor(lengthMs: number) {
    this.#sliceMs = lengthMs / SLICES;
  }

  /** As of the last call that was added. */
  get calls(): number {
    return this.#calls;
  }

  get failures(): number {
    return this.#failures;
  }

  add(nowMs: number, isFailure: boolean): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    if (slice !== this.#slice) this.#moveTo(slice);
    const place = slice % SLICES;
    this.#callsOf[place] = (this.#callsOf[place] ?? 0) + 1;
    this.#calls++;
    if (!isFailure) return;
    this.#failuresOf[place] = (this.#failuresOf[place] ?? 0) + 1;
    this.#failures++;
  }

  clear(): void {
    this.#callsOf.fill(0);
    this.#failuresOf.fill(0);
    this.#calls = 0;
    this.#failures = 0;
  }

  /** Forgets the slices that are older than the window, however many were skipped. */
  #moveTo(slice: number): void {
    const first = Math.max(this.#slice + 1, slice - SLICES + 1);
    for (let passed = first; passed <= slice; passed++) {
      const place = passed % SLICES;
      this.#calls -= this.#callsOf[place] ?? 0;
      this.#failures -= this.#failuresOf[place] ?? 0;
      this.#callsOf[place] = 0;
      this.#failuresOf[place] = 0;
    }
    this.#slice = slice;
  }
}
