import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonValue } from "../../json.ts";
import { until } from "../../testing/cache-store-under-test.ts";
import { MessageHub } from "../../testing/message-hub.ts";
import type { CacheGetOptions, CacheLookup, CacheSetOptions, CacheSetOutcome } from "../cache-store.ts";
import { InMemoryCacheStore } from "../in-memory/in-memory-cache-store.ts";
import { HeartbeatChannel } from "./heartbeat-channel.ts";
import { TieredCacheStore } from "./tiered-cache-store.ts";

/** A far tier whose answers wait for a gate when it is closed, as those of a server wait on the way. */
class DistantCacheStore extends InMemoryCacheStore {
  gate: PromiseWithResolvers<void> | undefined;

  override async get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    const { gate } = this;
    const lookup = await super.get<T>(key, options);
    await gate?.promise;
    return lookup;
  }

  override async set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    const { gate } = this;
    const outcome = await super.set(key, value, options);
    await gate?.promise;
    return outcome;
  }

  close(): () => void {
    const gate = Promise.withResolvers<void>();
    this.gate = gate;
    return () => {
      this.gate = undefined;
      gate.resolve();
    };
  }
}

let opened = new AsyncDisposableStack();
let nowMs = 1_772_530_200_000;
let far: DistantCacheStore;
let hub: MessageHub;
let one: { near: InMemoryCacheStore; store: TieredCacheStore };
let other: { near: InMemoryCacheStore; store: TieredCacheStore };

async function open(processId: string) {
  const near = opened.use(new InMemoryCacheStore({ entriesMax: 100, nowMs: () => nowMs }));
  const channel = opened.use(new HeartbeatChannel(hub.open(), { processId }));
  await until(() => channel.isConnected());
  return { near, store: opened.use(new TieredCacheStore({ near, far, channel, nearTtlMaxMs: 1_000 })) };
}

beforeEach(async () => {
  far = opened.use(new DistantCacheStore({ entriesMax: 100, nowMs: () => nowMs }));
  hub = new MessageHub();
  one = await open("one");
  other = await open("other");
});
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

const isKept = (key: string) => one.near.find(key) !== undefined;
/** The other process did something, and this one has been told. */
const told = () =>
  new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });

describe("what a process keeps for itself", () => {
  it("is found without asking the shared tier, and by many keys at once", async () => {
    await far.set("a", { a: 1 });
    await one.store.set("b", 2);
    expect(await one.store.getMany(["a", "b", "c"])).toMatchObject([{ value: { a: 1 } }, { value: 2 }, { hit: false }]);
    const asked = far.statistics().requests;
    expect(await one.store.getMany(["b", "a"])).toMatchObject([{ value: 2 }, { value: { a: 1 } }]);
    expect(await one.store.get("a")).toEqual({ hit: true, value: { a: 1 } });
    expect(await one.store.exists("a")).toBe(true);
    expect(await one.store.getOrSet("b", async () => 3)).toBe(2);
    expect(far.statistics().requests).toBe(asked);
    expect(one.store.statistics()).toMatchObject({ requests: 7, hits: 6, misses: 1 });
  });

  it("is not what was read before another process removed it", async () => {
    await far.set("k", "old");
    const open = far.close();
    const reading = one.store.get("k");
    far.gate = undefined;
    await other.store.remove("k");
    await told();
    open();
    expect(await reading).toEqual({ hit: true, value: "old" });
    expect(isKept("k")).toBe(false);
  });

  it("is not what was read before this process wrote or removed it", async () => {
    await far.set("k", "old");
    for (const change of [
      () => one.store.set("k", "new"),
      () => one.store.remove("k"),
      () => one.store.invalidateAll(),
    ]) {
      await far.set("k", "old");
      one.near.clear();
      const open = far.close();
      const reading = one.store.get("k");
      far.gate = undefined;
      await change();
      open();
      expect(await reading).toEqual({ hit: true, value: "old" });
      expect(await one.store.get("k")).not.toEqual({ hit: true, value: "old" });
    }
  });

  it("is not what it wrote before another process wrote something else", async () => {
    const open = far.close();
    const writing = one.store.set("k", "first");
    far.gate = undefined;
    await other.store.set("k", "second");
    await told();
    open();
    await writing;
    expect(isKept("k")).toBe(false);
    expect(await one.store.get("k")).toEqual({ hit: true, value: "second" });
  });

  it("is what it wrote itself, as it was then", async () => {
    const value = { list: [1] };
    const writing = one.store.set("k", value);
    value.list.push(2);
    await writing;
    expect(one.near.find("k")).toMatchObject({ value: { list: [1] } });
  });

  it("is nothing that the shared tier refused", async () => {
    const lookup = await one.store.get("k");
    await other.store.remove("k");
    const lease = lookup.hit ? undefined : lookup.lease;
    expect(await one.store.set("k", 1, { lease })).toBe("refused");
    expect(isKept("k")).toBe(false);
  });

  it("is forgotten by the tags that were named, and by any tag when none were", async () => {
    for (const key of ["named", "unnamed"]) await far.set(key, 1, { tags: ["t"] });
    await one.store.get("named", { tags: ["t"] });
    await one.store.get("unnamed");
    await other.store.removeByTag("u");
    await until(() => !isKept("unnamed"));
    expect(isKept("named")).toBe(true);
    await other.store.removeByTag("t");
    await until(() => !isKept("named"));
  });

  it("is forgotten after its time, or after the longest one", async () => {
    await one.store.set("short", 1, { ttl: 500 });
    await one.store.set("endless", 1, { ttl: "none" });
    nowMs += 500;
    expect([isKept("short"), isKept("endless")]).toEqual([false, true]);
    nowMs += 500;
    expect(isKept("endless")).toBe(false);
    expect(await one.store.exists("endless")).toBe(true);
  });
});
