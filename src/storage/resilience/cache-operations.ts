import type { GuardedOperation, TierGuard } from "./tier-guard.ts";

/** The methods of a cache, as a guard and an observer know them. */
export function cacheOperations(guard: Pick<TierGuard, "operation">) {
  const operation = (name: string): GuardedOperation => guard.operation(name, `storage.cache.${name}`);
  const long = (name: string): GuardedOperation => guard.operation(name, `storage.cache.${name}`, { isLong: true });
  return {
    get: operation("get"),
    getMany: operation("getMany"),
    set: operation("set"),
    exists: operation("exists"),
    increment: operation("increment"),
    remove: {
      keys: operation("remove"),
      tag: long("removeByTag"),
      pattern: long("removeByPattern"),
      all: operation("invalidateAll"),
    },
  };
}
