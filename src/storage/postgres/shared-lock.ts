import { VaultError } from "../../errors.ts";

interface Waiter {
  readonly exclusive: boolean;
  readonly proceed: () => void;
}

/**
 * Any number of sharing holders or one exclusive holder, first come, first served: a stream of sharing calls
 * does not keep an exclusive one out.
 */
export class SharedLock {
  readonly #waitMs: number;
  #waiters: Waiter[] = [];
  #sharing = 0;
  #exclusive = false;

  /** @param waitMs after which a call that is not let in gives up with `storage_timeout` */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** `undefined` when the lock was free and is now held; no promise is worth it then. */
  share(): Promise<void> | undefined {
    if (this.#exclusive || this.#waiters.length > 0) return this.#wait(false);
    this.#sharing++;
    return undefined;
  }

  exclude(): Promise<void> | undefined {
    if (this.#exclusive || this.#sharing > 0 || this.#waiters.length > 0) return this.#wait(true);
    this.#exclusive = true;
    return undefined;
  }

  releaseShared(): void {
    this.#sharing--;
    this.#admit();
  }

  releaseExclusive(): void {
    this.#exclusive = false;
    this.#admit();
  }

  #wait(exclusive: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        exclusive,
        proceed: () => {
          clearTimeout(deadline);
          resolve();
        },
      };
      const deadline = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(new VaultError("storage_timeout", "The embedded database did not become free in time."));
        this.#admit();
      }, this.#waitMs);
      this.#waiters.push(waiter);
    });
  }

  #admit(): void {
    while (!this.#exclusive) {
      const next = this.#waiters[0];
      if (!next || (next.exclusive && this.#sharing > 0)) return;
      this.#waiters.shift();
      if (next.exclusive) this.#exclusive = true;
      else this.#sharing++;
      next.proceed();
    }
  }
}
