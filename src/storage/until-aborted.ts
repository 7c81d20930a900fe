import { VaultError } from "../errors.ts";

/** What a call that was given up rejects with. */
export function abortedError(): VaultError {
  return new VaultError("aborted", "The caller gave up.");
}

/** @throws `aborted` when the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError();
}

/**
 * Settles as `work` does, or rejects with `aborted` as soon as the signal fires; what `work` comes to then is thrown
 * away. Work is not begun when the signal has fired before. Without a signal it is the work's own promise.
 *
 * @param onAbort is called once when the signal fires, or has fired, before the work has settled
 */
export function untilAborted<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  onAbort?: () => void,
): Promise<T> {
  if (!signal) return work();
  if (signal.aborted) {
    onAbort?.();
    return Promise.reject(abortedError());
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(abortedError());
      onAbort?.();
    };
    signal.addEventListener("abort", abort, { once: true });
    work().then(
      (result) => {
        signal.removeEventListener("abort", abort);
        resolve(result);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", abort);
        reject(error);
      },
    );
  });
}
