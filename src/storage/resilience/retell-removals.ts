import type { Invalidation, InvalidationChannel } from "../cache/invalidation-channel.ts";
import type { Removal } from "./lost-removals.ts";
import type { ResilientCacheStore } from "./resilient-cache-store.ts";

/**
 * Has other processes forget again what was removed late. They were told when the removal was lost, and may have read
 * since then what was still in the shared tier. What cannot be sent now, the channel sends later.
 */
export function retellRemovals(cache: ResilientCacheStore, channel: InvalidationChannel): () => void {
  return cache.onMadeUp((removals) => {
    for (const removal of removals) void channel.publish(invalidationOf(removal));
  });
}

function invalidationOf(removal: Removal): Invalidation {
  switch (removal.by) {
    case "keys":
      return { what: "keys", names: removal.keys };
    case "tag":
      return { what: "tags", names: [removal.tag] };
    case "pattern":
    case "all":
      return { what: "all" };
  }
}
