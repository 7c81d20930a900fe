import fc from "fast-check";
import { isVaultError } from "../../src/errors.ts";
import type { JsonValue } from "../../src/json.ts";
import type { CacheLease, CacheLookup, CacheStore, CacheTtl } from "../../src/storage/cache-store.ts";

const KEYS = ["a", "ab", "a*", "ü🗝", "b"] as const;
const TAGS = ["t", "u", "a"] as const;
const PATTERNS = ["*", "a*", "a\\*", "?", "b"] as const;

/** One call of a cache, or a time that passes. */
export type CacheStep = LookStep | RemoveStep | WriteStep | CountStep | ElapseStep;

interface LookStep {
  readonly kind: "get" | "exists" | "getMany";
  /** The first alone, but for `getMany`. */
  readonly keys: readonly [string, ...string[]];
  readonly tags: readonly string[];
}
interface RemoveStep {
  readonly kind: "removeMany" | "removeByTag" | "removeByPattern" | "invalidateAll";
  readonly keys: readonly string[];
  readonly tag: string;
  readonly pattern: string;
}
interface WriteStep {
  readonly kind: "set" | "setUnderLease" | "getOrSet";
  readonly key: string;
  readonly value: JsonValue;
  readonly ttl: CacheTtl | undefined;
  readonly tags: readonly string[];
}
interface CountStep {
  readonly kind: "increment";
  readonly key: string;
  readonly delta: number;
  readonly ttl: CacheTtl;
}
interface ElapseStep {
  readonly kind: "elapse";
  readonly ms: number;
}

const key = fc.constantFrom(...KEYS);
const tag = fc.constantFrom(...TAGS);
const tags = fc.subarray([...TAGS]);
const ttl = fc.constantFrom(5, 20, "none" as const);
const value = fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<JsonValue>;
/** Two of the largest are too much. */
const delta = fc.oneof(fc.integer(), fc.constant(Number.MAX_SAFE_INTEGER), fc.constant(Number.MIN_SAFE_INTEGER));

const lookStep: fc.Arbitrary<LookStep> = fc.record({
  kind: fc.constantFrom("get", "get", "exists", "getMany"),
  keys: fc.tuple(key, key, key),
  tags,
});
const removeStep: fc.Arbitrary<RemoveStep> = fc.record({
  kind: fc.constantFrom("removeMany", "removeMany", "removeByTag", "removeByTag", "removeByPattern", "invalidateAll"),
  keys: fc.array(key, { maxLength: 3 }),
  tag,
  pattern: fc.constantFrom(...PATTERNS),
});
const writeStep: fc.Arbitrary<WriteStep> = fc.record({
  kind: fc.constantFrom("set", "setUnderLease", "setUnderLease", "getOrSet"),
  key,
  value,
  ttl: fc.option(ttl, { nil: undefined }),
  tags,
});
const countStep: fc.Arbitrary<CountStep> = fc.record({
  kind: fc.constant("increment"),
  key: fc.constantFrom("a", "b"),
  delta,
  ttl,
});
const elapseStep: fc.Arbitrary<ElapseStep> = fc.record({
  kind: fc.constant("elapse"),
  ms: fc.constantFrom(1, 5, 20),
});

/** With the number of the store that is called, where several share their entries. */
export const cacheSteps = fc.array(
  fc.record({
    store: fc.nat(1),
    step: fc.oneof<fc.WeightedArbitrary<CacheStep>[]>(
      { weight: 6, arbitrary: lookStep },
      { weight: 8, arbitrary: writeStep },
      { weight: 4, arbitrary: removeStep },
      { weight: 3, arbitrary: countStep },
      { weight: 2, arbitrary: elapseStep },
    ),
  }),
  { minLength: 10, maxLength: 40, size: "max" },
);

/** A reader and writer of a cache that keeps the leases it was given, the last one of each key. */
export class CacheCaller {
  readonly #stores: readonly CacheStore[];
  readonly #leases = new Map<string, CacheLease>();
  readonly #elapse: (ms: number) => void;

  /** @param stores share their entries */
  constructor(stores: readonly CacheStore[], elapse: (ms: number) => void) {
    this.#stores = stores;
    this.#elapse = elapse;
  }

  /** What the step comes to, without what differs between engines: the text of a lease. */
  async take(step: CacheStep, store: number): Promise<unknown> {
    try {
      return await this.#call(this.#stores[store % this.#stores.length] as CacheStore, step);
    } catch (error) {
      if (isVaultError(error)) return { refused: error.code };
      throw error;
    }
  }

  async #call(store: CacheStore, step: CacheStep): Promise<unknown> {
    switch (step.kind) {
      case "increment":
        return store.increment(step.key, step);
      case "elapse":
        return this.#elapse(step.ms);
      case "get":
      case "exists":
      case "getMany":
        return this.#look(store, step);
      case "set":
      case "setUnderLease":
      case "getOrSet":
        return this.#write(store, step);
      default:
        return remove(store, step);
    }
  }

  async #look(store: CacheStore, { kind, keys, tags: named }: LookStep): Promise<unknown> {
    const [first] = keys;
    if (kind === "exists") return store.exists(first);
    if (kind === "get") return this.#note(first, await store.get(first, { tags: named }));
    const found = await store.getMany(keys);
    return found.map((lookup, index) => this.#note(keys[index] ?? first, lookup));
  }

  #write(store: CacheStore, { kind, key: of, value: given, ttl: life, tags: named }: WriteStep): Promise<unknown> {
    // Lives are varied by chance when a cache loads by itself: only one without end is the same everywhere.
    if (kind === "getOrSet") return store.getOrSet(of, async () => given, { tags: named, ttl: "none" });
    const lease = kind === "setUnderLease" ? this.#leases.get(of) : undefined;
    return store.set(of, given, { ttl: life, tags: named, lease });
  }

  #note(of: string, lookup: CacheLookup<JsonValue>): unknown {
    if (lookup.hit) return lookup;
    if (lookup.lease !== undefined) this.#leases.set(of, lookup.lease);
    return { hit: false, degraded: lookup.degraded, hasLease: lookup.lease !== undefined };
  }
}

function remove(store: CacheStore, { kind, keys, tag: named, pattern }: RemoveStep): Promise<unknown> {
  switch (kind) {
    case "removeMany":
      return store.removeMany(keys);
    case "removeByTag":
      return store.removeByTag(named);
    case "removeByPattern":
      return store.removeByPattern(pattern);
    case "invalidateAll":
      return store.invalidateAll();
  }
}
