import { abortedError } from "../until-aborted.ts";
import type { BulkheadSettings } from "./tier-policy.ts";

/** Bounds how many calls are under way, and how many wait for that. First come, first served. */
export class Bulkhead {
  readonly #settings: BulkheadSettings;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(settings: BulkheadSettings) {
    this.#settings = settings;
  }

  /** Takes a place if there is one. Who has one gives it back with `leave`. */
  tryEnter(): boolean {
    if (this.#running >= this.#settings.concurrentMax) return false;
    this.#running++;
    return true;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#settings.queueMax;
  }

  /** Resolves with a place. Rejects with `aborted`, and then there is none to give back. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(enter);
        reject(abortedError());
      };
      const enter = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      this.#waiting.add(enter);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    // The place passes on.
    this.#waiting.delete(next);
    next();
  }
}
