import { deepStrictEqual } from "node:assert/strict";
import { Redis } from "ioredis";
import { parseConfig } from "../../src/config/load-config.ts";
import type { CustomerId } from "../../src/identifiers.ts";
import type { ProfileRecord } from "../../src/profiles/customer.ts";
import type { ProfileStore } from "../../src/profiles/profile-store.ts";
import { CachedReads } from "../../src/storage/cache/cached-reads.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { cachedStores } from "../../src/vault/cached-stores.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import { assembleVault } from "../../src/vault.ts";
import { openGuarded } from "../open-cache.ts";
import { type Figures, race } from "../race.ts";
import { type RedisGround, withRedisPrefix } from "../redis-prefix.ts";
import { atLeast, atMost, comparedLines, type Effort, type Goal, type Section } from "../section.ts";
import { makeWorld } from "../world.ts";

const CUSTOMERS = 50;
const MASTER_KEY = "5a".repeat(32);
const OURS = "store.findProfile";

/** A profile in the guarded engine on the server that REDIS_URL names, against reading and parsing the same text. */
export function cachedLoadOnRedis(effort: Effort): Promise<Section[]> {
  return withRedisPrefix("cached profiles", async (ground) => {
    await using stack = new AsyncDisposableStack();
    const { profiles, customerIds } = await openProfiles(ground, stack);
    const raw = stack.adopt(new Redis(ground.url), (client) => client.disconnect());
    const customerOf = (index: number) => customerIds[index % CUSTOMERS] as CustomerId;
    const rawKeyOf = (index: number) => `${ground.connection.keyPrefix}raw:${customerOf(index)}`;
    const load = (index: number) => profiles.findProfile({ by: "id", customerId: customerOf(index) }, "active");
    const read = async (index: number) => JSON.parse((await raw.get(rawKeyOf(index))) ?? "") as ProfileRecord;
    let bytes = 0;
    for (const index of customerIds.keys()) {
      const text = JSON.stringify(await load(index));
      bytes += Buffer.byteLength(text) / CUSTOMERS;
      await raw.set(rawKeyOf(index), text);
    }
    deepStrictEqual(await load(1), await read(1));
    const sections: Section[] = [];
    for (const inFlight of [1, 20, 50]) {
      const figures = await race(
        [
          { name: "GET and JSON.parse", call: read },
          { name: OURS, call: load },
        ],
        { ...effort, inFlight },
      );
      const lines = comparedLines(figures, (line) => goalsOf(line, inFlight));
      const notes = [`Bodies of ${Math.round(bytes).toLocaleString("en-US")} bytes. Nothing is kept in this process.`];
      sections.push({ operation: "cached profile load", engine: "redis", inFlight, lines, notes });
    }
    return sections;
  });
}

interface Profiles {
  readonly profiles: ProfileStore;
  readonly customerIds: readonly CustomerId[];
}

async function openProfiles({ connection }: RedisGround, stack: AsyncDisposableStack): Promise<Profiles> {
  const { events } = stack.use(createTelemetry({ level: "warn", format: "json" }));
  const { store: cache } = stack.use(openGuarded(connection));
  const stores = inMemoryStores(new InMemoryDatabase());
  const config = parseConfig({ masterKey: MASTER_KEY });
  const vault = stack.use(await assembleVault(config, stores, { cache, events }));
  const { customerIds } = await makeWorld(vault.tenant(vault.defaultTenantId), { customers: CUSTOMERS, chains: 0 });
  const reads = new CachedReads({ cache, fallbackOnError: true, events });
  const { profiles } = cachedStores(stores, reads, config).forTenant(vault.defaultTenantId);
  return { profiles, customerIds };
}

function goalsOf({ name, ratio }: Figures, inFlight: number): readonly Goal[] {
  if (name !== OURS) return [];
  return inFlight === 1 ? [atMost("time", ratio, 1.2)] : [atLeast("throughput", 1 / ratio, 0.8)];
}
