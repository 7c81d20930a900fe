import { isVaultError, VaultError } from "../../errors.ts";
import { sameHash } from "../merkle/tree-hash.ts";
import type { TrustedLog } from "../verification/log-tree.ts";

/** A checkpoint that this installation has seen or made, as it is kept. */
export interface PinnedCheckpoint extends TrustedLog {
  /** The signed note. */
  readonly note: string;
}

/** All of these are kept, and of older ones every second, fourth, eighth and so on. */
const RECENT = 16;
const TOTAL = 128;

/**
 * All checkpoints of both lists, by size, ascending, so many as are kept; the longest one is among them. Throws
 * `integrity_violation` when they contradict each other.
 */
export function mergedPins(
  one: readonly PinnedCheckpoint[],
  other: readonly PinnedCheckpoint[],
): readonly PinnedCheckpoint[] {
  const bySize = new Map(one.map((pinned) => [pinned.size, pinned]));
  for (const pinned of other) {
    requireAgreement(bySize.get(pinned.size), pinned);
    if (!bySize.has(pinned.size)) bySize.set(pinned.size, pinned);
  }
  let merged: readonly PinnedCheckpoint[] = [...bySize.values()].sort((a, b) => (a.size < b.size ? -1 : 1));
  while (merged.length > TOTAL) merged = thinned(merged);
  return merged;
}

/**
 * One log has one root at a size. Whoever shows two has two logs, and neither may be forgotten for the other one. Throws
 * `integrity_violation`.
 */
export function requireAgreement(pinned: TrustedLog | undefined, { size, root }: TrustedLog): void {
  if (!pinned || sameHash(pinned.root, root)) return;
  throw new VaultError("integrity_violation", "Two checkpoints of one size of a register have different roots.", {
    details: { contradictedSize: size.toString() },
    hint: "Two registers have been kept under one id. Find out which one is right before anything more is sealed.",
  });
}

/** Whether that is why something was not pinned. */
export function isContradiction(error: unknown): boolean {
  return isVaultError(error, "integrity_violation") && "contradictedSize" in error.details;
}

/** Fewer and fewer the older they are, so that a file of bounded size still reaches back to the beginning. */
function thinned(pinned: readonly PinnedCheckpoint[]): readonly PinnedCheckpoint[] {
  const old = pinned.slice(0, -RECENT);
  // The two neighbours that are closest, relative to their age, become one.
  const head = pinned.at(-1)?.size ?? 0n;
  let least = 1;
  let leastGap = Number.POSITIVE_INFINITY;
  for (let at = 1; at < old.length - 1; at++) {
    const [before, after] = [old[at - 1], old[at + 1]];
    if (!before || !after) continue;
    const gap = Number(after.size - before.size) / Number(head - before.size + 1n);
    if (gap < leastGap) {
      leastGap = gap;
      least = at;
    }
  }
  return pinned.filter((_, at) => at !== least);
}
