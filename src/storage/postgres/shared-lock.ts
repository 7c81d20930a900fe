import { VaultError } from "../../errors.ts";
import { abortedError } from "../until-aborted.ts";

interface Waiter {
  readonly exclusive: boolean;
  readonly proceed: () => void;
}

/**
 * Any number of sharing holders or one exclusive holder, first come, first served: a stream of sharing calls
 * does not keep an exclusive one out. Who waits leaves when its signal fires, with `aborted`.
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
  share(signal?: AbortSignal): Promise<void> | undefined {
    if (this.#exclusive || this.#waiters.length > 0) return this.#wait(false, signal);
    this.#sharing++;
    return undefined;
  }

  exclude(signal?: AbortSignal): Promise<void> | undefined {
    if (this.#exclusive || this.#sharing > 0 || this.#waiters.length > 0) return this.#wait(true, signal);
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

  #wait(exclusive: boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stopWaiting = () => {
        clearTimeout(deadline);
        signal?.removeEventListener("abort", abort);
      };
      const leave = (reason: VaultError) => {
        stopWaiting();
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(reason);
        this.#admit();
      };
      const waiter: Waiter = {
        exclusive,
        proceed: () => {
          stopWaiting();
          resolve();
        },
      };
      const abort = () => leave(abortedError());
      const deadline = setTimeout(() => leave(lateError()), this.#waitMs);
      signal?.addEventListener("abort", abort, { once: true });
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

function lateError(): VaultError {
  return new VaultError("storage_timeout", "The embedded database did not become free in time.");
}
