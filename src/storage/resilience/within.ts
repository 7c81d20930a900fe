import type { VaultError } from "../../errors.ts";
import type { Timers } from "./timers.ts";

/**
 * Settles as the work does, or rejects when it has taken too long. For what is rare: every call has a timer of its own.
 */
export function within<T>(timers: Timers, limit: TimeLimit, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const callOff = timers.after(limit.ms, () => reject(limit.error()));
    void work().then(resolve, reject).then(callOff);
  });
}

export interface TimeLimit {
  readonly ms: number;
  readonly error: () => VaultError;
}
