import { abortedError } from "../../storage/until-aborted.ts";

/** How many requests to peers may be under way at a time, in one process. */
const PULLS_MAX = 3;

/** Lets so many at a time through, the others in the order in which they came. */
export class PullBudget {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count = PULLS_MAX) {
    this.#free = count;
  }

  /** Rejects as the work does, and with `aborted`. */
  async within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortedError());
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(abortedError());
      };
      this.#waiting.push(enter);
      signal.addEventListener("abort", abort, { once: true });
    });
  }
}
