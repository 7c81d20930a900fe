import { setImmediate as nextTurn } from "node:timers/promises";
import type { CacheStore } from "../../src/storage/cache-store.ts";

const KEYS = 50;
const WRITE_SHARE = 0.1;

/**
 * Clients that read and write through a cache without a pause, and watch what becomes of it. The database behind the
 * cache is a number for each key that only grows: what a reader gets must not be less than what was there, and removed
 * from the cache, before it asked.
 */
export class CacheLoad {
  readonly failures: unknown[] = [];
  requests = 0;
  staleReads = 0;
  loads = 0;
  slowestMs = 0;
  readonly #cache: CacheStore;
  readonly #database = new Map<string, number>();
  readonly #confirmed = new Map<string, number>();
  #seed: number;
  #isStopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(cache: CacheStore, seed: number) {
    this.#cache = cache;
    this.#seed = seed;
  }

  start(clients: number): void {
    this.#running = Promise.all(Array.from({ length: clients }, () => this.#client()));
  }

  /** Resolves when so many more requests have been answered. */
  async answered(count: number): Promise<void> {
    const target = this.requests + count;
    while (this.requests < target && !this.#isStopped) await nextTurn();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Begins to measure anew. */
  reset(): void {
    this.slowestMs = 0;
    this.loads = 0;
  }

  async #client(): Promise<void> {
    while (!this.#isStopped) {
      const key = `load:${Math.floor(this.#random() * KEYS)}`;
      const startedMs = performance.now();
      try {
        if (this.#random() < WRITE_SHARE) await this.#write(key);
        else await this.#read(key);
      } catch (error) {
        this.failures.push(error);
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
      this.requests++;
      await nextTurn();
    }
  }

  async #write(key: string): Promise<void> {
    const value = this.#valueOf(key) + 1;
    this.#database.set(key, value);
    await this.#cache.remove(key);
    this.#confirmed.set(key, Math.max(value, this.#confirmed.get(key) ?? 0));
  }

  async #read(key: string): Promise<void> {
    const least = this.#confirmed.get(key) ?? 0;
    const value = await this.#cache.getOrSet(key, async () => {
      const loaded = this.#valueOf(key);
      await nextTurn();
      this.loads++;
      return loaded;
    });
    if (value < least) this.staleReads++;
  }

  #valueOf(key: string): number {
    return this.#database.get(key) ?? 0;
  }

  /** The same sequence for the same seed: mulberry32. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}
