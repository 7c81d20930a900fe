import { setImmediate as nextTurn } from "node:timers/promises";

/** What a turn handles before others may run: less than a millisecond of work on a key. */
const TURN_KEYS = 1_000;

/** Visits every item, and lets other callers run in between. The list is not to be changed meanwhile. */
export async function inTurns<T>(items: readonly T[], visit: (item: T) => void): Promise<void> {
  for (let start = 0; start < items.length; start += TURN_KEYS) {
    if (start > 0) await nextTurn();
    const end = Math.min(items.length, start + TURN_KEYS);
    for (let index = start; index < end; index++) visit(items[index] as T);
  }
}
