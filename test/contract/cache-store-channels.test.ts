import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { HeartbeatChannel } from "../../src/storage/cache/heartbeat-channel.ts";
import type { Invalidation, InvalidationChannel } from "../../src/storage/cache/invalidation-channel.ts";
import { NearCacheStore } from "../../src/storage/cache/near-cache-store.ts";
import { TieredCacheStore } from "../../src/storage/cache/tiered-cache-store.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { postgresInvalidationChannel } from "../../src/storage/postgres/postgres-invalidation-channel.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { redisInvalidationChannel } from "../../src/storage/redis/redis-invalidation-channel.ts";
import { until } from "../../src/testing/cache-store-under-test.ts";
import { MessageHub } from "../../src/testing/message-hub.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";

/** A server that carries messages for processes that belong together. */
interface Carrier {
  open(): Promise<InvalidationChannel>;
  /** Ends the connections on which processes listen; they may connect again. */
  interrupt(): Promise<void>;
}

/** What was open at the end of a test, in the order of opening. */
let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

const newId = () => randomUUID();

async function hubCarrier(): Promise<Carrier> {
  const hub = new MessageHub();
  return {
    open: async () => new HeartbeatChannel(hub.open(), { processId: newId() }),
    interrupt: async () => {
      hub.interrupt();
      hub.restore();
    },
  };
}

async function redisCarrier(url: string): Promise<Carrier> {
  const connection = opened.use(await openRedisUnderTest(url));
  return {
    open: async () => redisInvalidationChannel(connection, { processId: newId() }),
    interrupt: async () => {
      const clients = await connection.send<string>("client", ["list", "type", "pubsub"]);
      const ids = clients.split("\n").filter((line) => line.includes(` name=${connection.keyPrefix}subscriber `));
      expect(ids.length).toBeGreaterThan(0);
      for (const line of ids) await connection.send("client", ["kill", "id", /^id=(\d+)/.exec(line)?.[1] ?? ""]);
    },
  };
}

async function postgresCarrier(url: string): Promise<Carrier> {
  const schema = `s${newId().replaceAll("-", "")}`.slice(0, 15);
  const admin = new pg.Client(url);
  await admin.connect();
  opened.defer(() => admin.end());
  return {
    open: async () => postgresInvalidationChannel({ url, schema, processId: newId() }),
    interrupt: async () => {
      const text = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1";
      expect((await admin.query(text, [`${schema}.notifications`])).rowCount).toBeGreaterThan(0);
    },
  };
}

async function connect(carrier: Carrier): Promise<InvalidationChannel> {
  const channel = opened.use(await carrier.open());
  await until(() => channel.isConnected());
  return channel;
}

function heardBy(channel: InvalidationChannel) {
  const heard: (Invalidation | "interrupted")[] = [];
  channel.subscribe({
    onInvalidation: (invalidation) => heard.push(invalidation),
    onInterrupted: () => heard.push("interrupted"),
  });
  return heard;
}

function channelTests(newCarrier: () => Promise<Carrier>): void {
  it("carries to the others, in order, what one publishes", async () => {
    const carrier = await newCarrier();
    const [one, other] = [await connect(carrier), await connect(carrier)];
    const [atOne, atOther] = [heardBy(one), heardBy(other)];
    const published: Invalidation[] = [
      { what: "keys", names: ["a", "ü🗝\n\"'"] },
      { what: "tags", names: ["t"] },
      { what: "all" },
    ];
    for (const invalidation of published) expect(await one.publish(invalidation)).toBe(true);
    await until(() => atOther.length >= 3);
    expect(atOther).toEqual(published);
    expect(atOne).toEqual([]);
  });

  it("carries any number of names, together", async () => {
    const carrier = await newCarrier();
    const [one, other] = [await connect(carrier), await connect(carrier)];
    const heard = heardBy(other);
    const keys = Array.from({ length: 1_000 }, (_, index) => `${index}:${"ü".repeat(200)}`);
    const sent = await Promise.all(keys.map((key) => one.publish({ what: "keys", names: [key] })));
    expect(sent.every(Boolean)).toBe(true);
    const names = () => heard.flatMap((each) => (each !== "interrupted" && each.what === "keys" ? each.names : []));
    await until(() => names().length >= keys.length);
    expect(names()).toEqual(keys);
    expect(heard.length).toBeLessThan(keys.length / 10);
  });

  it("shows an interruption, and is connected again soon after", async () => {
    const carrier = await newCarrier();
    const channel = await connect(carrier);
    const heard = heardBy(channel);
    await carrier.interrupt();
    await until(() => heard.includes("interrupted"), 1_000);
    await until(() => channel.isConnected());
    expect(await channel.publish({ what: "all" })).toBe(true);
  });

  it("is not connected after its end", async () => {
    const channel = await connect(await newCarrier());
    await channel[Symbol.asyncDispose]();
    expect(channel.isConnected()).toBe(false);
    await channel[Symbol.asyncDispose]();
  });

  it("lets processes with caches of their own forget what another one changed", async () => {
    const carrier = await newCarrier();
    const open = async () =>
      new NearCacheStore({ near: opened.use(new InMemoryCacheStore()), channel: await connect(carrier) });
    const [one, other] = [await open(), await open()];
    for (const key of ["set", "removed", "tagged", "kept"]) {
      await other.set(key, 1, { lease: undefined, tags: key === "tagged" ? ["t"] : [] });
      await until(async () => !(await one.get(key)).hit);
    }
    await one.set("set", 2);
    await one.remove("removed");
    await one.removeByTag("t");
    for (const key of ["set", "removed", "tagged"]) await until(async () => !(await other.get(key)).hit, 1_000);
    expect(await other.get("kept")).toEqual({ hit: true, value: 1 });
    await carrier.interrupt();
    await until(async () => !(await other.get("kept")).hit, 1_000);
    await until(async () => (await other.set("kept", 2)) === "stored");
    await one.removeByPattern("none");
    await until(async () => !(await other.get("kept")).hit, 1_000);
  });
}

const redisUrl = process.env["REDIS_URL"];
const databaseUrl = process.env["DATABASE_URL"];

describe("an invalidation channel in one process", () => channelTests(hubCarrier));
describe.skipIf(!redisUrl)("an invalidation channel on Redis", () => channelTests(() => redisCarrier(redisUrl ?? "")));
describe.skipIf(!databaseUrl)("an invalidation channel on PostgreSQL", () =>
  channelTests(() => postgresCarrier(databaseUrl ?? "")),
);

describe.skipIf(!redisUrl)("two processes with a tier of their own in front of Redis", () => {
  async function openTwo() {
    const carrier = await redisCarrier(redisUrl ?? "");
    const connection = opened.use(await openRedisUnderTest(redisUrl ?? ""));
    const openOne = async () => {
      const near = opened.use(new InMemoryCacheStore());
      const far = opened.use(new RedisCacheStore(connection));
      const channel = await connect(carrier);
      return { near, channel, store: opened.use(new TieredCacheStore({ near, far, channel })) };
    };
    return { carrier, one: await openOne(), other: await openOne() };
  }

  it("see each other's writes at once, as a rule within 50 ms", async () => {
    const { one, other } = await openTwo();
    const delays: number[] = [];
    for (let round = 0; round < 30; round++) {
      await other.store.get("k");
      await one.store.set("k", round);
      const writtenMs = performance.now();
      await until(async () => {
        const lookup = await other.store.get("k");
        return lookup.hit && lookup.value === round;
      }, 1_000);
      delays.push(performance.now() - writtenMs);
    }
    expect(delays.toSorted((a, b) => a - b)[15]).toBeLessThan(50);
  });

  it("are served by Redis alone from the end of a connection on, and by themselves again soon after", async () => {
    const { carrier, one, other } = await openTwo();
    await one.store.set("k", 1);
    expect(await one.store.get("k")).toEqual({ hit: true, value: 1 });
    expect(one.near.statistics()).toMatchObject({ entries: 1, hits: 1 });
    const heard = heardBy(one.channel);
    await carrier.interrupt();
    await until(() => heard.includes("interrupted"), 1_000);
    expect(one.near.statistics().entries).toBe(0);
    await other.store.set("k", 2);
    await until(async () => {
      const lookup = await one.store.get("k");
      return lookup.hit && lookup.value === 2;
    }, 1_000);
    await until(() => one.channel.isConnected());
    await one.store.get("k");
    expect(one.near.statistics().entries).toBe(1);
  });
});

describe("a process that hears nothing", () => {
  it("does not use what it kept, and publishes what it has to when it can", async () => {
    const hub = new MessageHub();
    const near = opened.use(new InMemoryCacheStore());
    const far = opened.use(new InMemoryCacheStore());
    // Stands still unless the test moves it, so that no pause of the machine is a silence.
    let nowMs = 0;
    const beats = { processId: "one", intervalMs: 10, silenceMs: 250, nowMs: () => nowMs };
    const channel = opened.use(new HeartbeatChannel(hub.open(), beats));
    const witness = opened.use(new HeartbeatChannel(hub.open(), { ...beats, processId: "other" }));
    const heard = heardBy(witness);
    await until(() => channel.isConnected() && witness.isConnected());
    const store = opened.use(new TieredCacheStore({ near, far, channel }));
    await store.set("k", 1);
    hub.interrupt();
    nowMs += beats.silenceMs;
    expect(channel.isConnected()).toBe(false);
    await far.set("k", 2);
    expect(await store.get("k")).toEqual({ hit: true, value: 2 });
    await until(() => near.statistics().entries === 0);
    expect(await store.remove("k")).toEqual({ count: 1, degraded: true });
    expect(await store.set("k", 3)).toBe("stored");
    expect(near.statistics().entries).toBe(0);
    heard.length = 0;
    hub.restore();
    nowMs += 1;
    await until(() => channel.isConnected());
    expect(heard).toContainEqual({ what: "keys", names: ["k"] });
    await store.get("k");
    expect(near.statistics().entries).toBe(1);
  });
});
