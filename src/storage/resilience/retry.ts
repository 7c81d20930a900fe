import { abortedError } from "../until-aborted.ts";
import type { RetrySettings } from "./tier-policy.ts";
import type { Random, Timers } from "./timers.ts";

/**
 * How long to wait before a retry, from the first with 1 on: random, so that callers that failed together do not come
 * back together.
 */
export function retryPauseMs(settings: RetrySettings, retry: number, random: Random): number {
  return random() * Math.min(settings.pauseMaxMs, settings.pauseMs * 2 ** (retry - 1));
}

/** Rejects with `aborted` as soon as the signal fires. */
export function pause(ms: number, timers: Timers, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      callOff();
      reject(abortedError());
    };
    const callOff = timers.after(ms, () => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    });
    if (signal?.aborted) giveUp();
    else signal?.addEventListener("abort", giveUp, { once: true });
  });
}
