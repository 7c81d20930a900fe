import type { CacheStore } from "../storage/cache-store.ts";

/** A cache and everything that was ever said to it, as text: keys, tags and values. */
export interface RecordedCache {
  readonly cache: CacheStore;
  /** How often each method was called since the last call of this. */
  takeCalls(): Readonly<Record<string, number>>;
  /** Every key that a value was set under. */
  keys(): ReadonlySet<string>;
  /** Whether the text was part of a key, a tag or a value, as it is or within JSON. */
  everHeld(text: string): boolean;
}

export function recordedCache(inner: CacheStore): RecordedCache {
  const said = new Set<string>();
  const keys = new Set<string>();
  let calls: Record<string, number> = {};
  const cache = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        calls[String(name)] = (calls[String(name)] ?? 0) + 1;
        if (name === "set") keys.add(String(args[0]));
        for (const each of args) said.add(JSON.stringify(each) ?? "");
        return (member as (...parameters: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return {
    cache,
    takeCalls() {
      const taken = calls;
      calls = {};
      return taken;
    },
    keys: () => keys,
    everHeld: (text) => [...said].some((each) => each.includes(text)),
  };
}
