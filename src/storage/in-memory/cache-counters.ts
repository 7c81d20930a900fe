import { LRUCache } from "lru-cache";
import { VaultError } from "../../errors.ts";

interface Counter {
  value: number;
  /** Milliseconds since 1970; infinite for ever. */
  readonly expiresMs: number;
}

/** Counters with a life, within a bounded number; the one that was not counted for the longest time makes room. */
export class CacheCounters {
  readonly #counters: LRUCache<string, Counter>;

  constructor(countersMax: number) {
    this.#counters = new LRUCache({ max: countersMax });
  }

  /** @param expiresMs of the counter, should it be created. @throws `limit_exceeded` beyond the safe integers */
  add(key: string, delta: number, { nowMs, expiresMs }: { nowMs: number; expiresMs: number }): number {
    const counter = this.#counters.get(key);
    if (counter === undefined || counter.expiresMs <= nowMs) {
      this.#counters.set(key, { value: delta, expiresMs });
      return delta;
    }
    const value = counter.value + delta;
    if (!Number.isSafeInteger(value)) throw counterOverflow();
    counter.value = value;
    return value;
  }

  expireIfDue(key: string, nowMs: number): void {
    if ((this.#counters.peek(key)?.expiresMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.#counters.delete(key);
  }

  keys(): string[] {
    return [...this.#counters.keys()];
  }
}

function counterOverflow(): VaultError {
  return new VaultError("limit_exceeded", "A counter does not go beyond the safe integers.");
}
