/**
 * Work for keys, a bounded number of them at a time: first come, first served, and each key once at a time. A key whose work
 * is not done goes behind all others.
 */
export class FairQueue<Key> {
  readonly #limit: number;
  readonly #work: (key: Key) => Promise<boolean>;
  readonly #waiting = new Set<Key>();
  readonly #running = new Map<Key, Promise<void>>();
  #isStopped = false;

  /** @param work must not reject; resolves to whether there is more of it */
  constructor(limit: number, work: (key: Key) => Promise<boolean>) {
    this.#limit = limit;
    this.#work = work;
  }

  /** Does nothing for a key that waits or is worked on, and after `stop`. */
  add(key: Key): void {
    if (this.#isStopped || this.#running.has(key)) return;
    this.#waiting.add(key);
    this.#begin();
  }

  /** Begins nothing more; resolves when what was begun has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  #begin(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#limit) return;
      this.#waiting.delete(key);
      this.#running.set(key, this.#run(key));
    }
  }

  async #run(key: Key): Promise<void> {
    const isMore = await this.#work(key);
    this.#running.delete(key);
    if (isMore && !this.#isStopped) this.#waiting.add(key);
    this.#begin();
  }
}
