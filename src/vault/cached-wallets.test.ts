import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../config/load-config.ts";
import type { ApiKeyId } from "../identifiers.ts";
import type { CacheStore } from "../storage/cache-store.ts";
import { InMemoryCacheStore } from "../storage/in-memory/in-memory-cache-store.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import type { CallContext } from "../tenants/actor.ts";
import { FaultInjector, withFaults } from "../testing/fault-injection.ts";
import { breakDown, fragileCache } from "../testing/fragile-cache.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { recordedCache } from "../testing/recorded-cache.ts";
import { seededIds } from "../testing/seeded-ids.ts";
import { shortestMs } from "../testing/shortest-ms.ts";
import { assembleVault, type Vault } from "../vault.ts";
import { inMemoryStores } from "./in-memory-stores.ts";
import type { Stores } from "./stores.ts";

const HIT_MS_MAX = 10;
const OWNER = "01a00000-0000-7000-8000-000000000001" as ApiKeyId;
const call: CallContext = {
  actor: { type: "api_key", id: OWNER, role: "agent" },
  requestId: null,
  mayReadPii: true,
};

/** Every call of the stores of wallets, grants and events, within transactions too. */
function counted(stores: Stores, calls: FaultInjector): Stores {
  const watch = (bound: ReturnType<Stores["forTenant"]>): typeof bound => ({
    ...bound,
    wallets: withFaults(bound.wallets, calls),
    walletGrants: withFaults(bound.walletGrants, calls),
    audit: withFaults(bound.audit, calls),
    transaction: (work) => bound.transaction((inner) => work(watch(inner))),
  });
  return { ...stores, forTenant: (tenantId) => watch(stores.forTenant(tenantId)) };
}

describe("wallets of a vault with a cache", () => {
  const clock = new ManualClock();
  const nowMs = () => Date.parse(clock.now());
  let database: InMemoryDatabase;
  let calls: FaultInjector;
  let vault: Vault;

  const open = async (cache: CacheStore, settings: Parameters<typeof parseConfig>[0] = {}) => {
    const config = parseConfig({ masterKey: "5a".repeat(32), ...settings });
    const ids = seededIds(11, nowMs);
    vault = await assembleVault(config, counted(inMemoryStores(database), calls), { clock, ids, cache });
    return vault.tenant(vault.defaultTenantId, call);
  };
  const callsOf = async (work: () => Promise<unknown>) => {
    const start = calls.calls.length;
    await work();
    return calls.calls.slice(start);
  };

  beforeEach(() => {
    database = new InMemoryDatabase();
    calls = new FaultInjector();
  });
  afterEach(() => vault[Symbol.asyncDispose]());

  it("US6-1: are shown to their owner the second time from the cache, at once and without a write", async () => {
    const tenant = await open(new InMemoryCacheStore({ nowMs }));
    const { id } = await tenant.wallets.create({ name: "mine", purposes: ["vote"] });
    expect(await callsOf(() => tenant.wallets.get(id))).toEqual(["get"]);
    let tookMs = 0;
    const again = async () => {
      tookMs = await shortestMs(5, () => tenant.wallets.get(id));
    };
    expect(await callsOf(again)).toEqual([]);
    expect(tookMs).toBeLessThan(HIT_MS_MAX);
  });

  it("are kept as long as they are told", async () => {
    const tenant = await open(new InMemoryCacheStore({ nowMs }), { wallets: { metadataTtlSeconds: 60 } });
    const { id } = await tenant.wallets.create({ name: "mine", purposes: ["vote"] });
    await tenant.wallets.get(id);
    clock.advance(60_000);
    expect(await callsOf(() => tenant.wallets.get(id))).toEqual(["get"]);
  });

  it("US6-2: are fresh after a change, and after everything is forgotten", async () => {
    const tenant = await open(new InMemoryCacheStore({ nowMs }));
    const { id } = await tenant.wallets.create({ name: "mine", purposes: ["vote"] });
    await tenant.wallets.get(id);
    await tenant.wallets.update(id, { name: "other" });
    expect((await tenant.wallets.get(id)).name).toBe("other");
    const rotated = await tenant.wallets.rotate(id);
    expect(await tenant.wallets.get(id)).toEqual(rotated);
    await tenant.cache.invalidate({ all: true });
    expect(await callsOf(() => tenant.wallets.get(id))).toEqual(["get"]);
  });

  it("are signed with as the database has them, whatever the cache says", async () => {
    const cache = new InMemoryCacheStore({ nowMs });
    const tenant = await open(cache);
    const wallet = await tenant.wallets.create({ name: "mine", purposes: ["vote"] });
    await tenant.wallets.get(wallet.id);
    // Another process, of which this cache hears nothing.
    const other = inMemoryStores(database).forTenant(vault.defaultTenantId).wallets;
    await other.update(wallet.id, { status: "locked" }, { at: clock.now(), expectedVersion: 1 });
    expect((await tenant.wallets.get(wallet.id)).status).toBe("active");
    const signing = tenant.wallets.sign(wallet.id, { kind: "vote", content: { yes: true } });
    await expect(signing).rejects.toMatchObject({ code: "wallet_not_active" });
  });

  it("tell the cache nothing of a key but what is public", async () => {
    const recorded = recordedCache(new InMemoryCacheStore({ nowMs }));
    const tenant = await open(recorded.cache);
    const { id } = await tenant.wallets.create({ name: "mine", purposes: ["vote"] });
    const keyIds = [(await tenant.wallets.get(id)).keyId];
    await tenant.wallets.sign(id, { kind: "vote", content: { yes: true } });
    keyIds.push((await tenant.wallets.rotate(id)).keyId);
    await tenant.wallets.get(id);
    const manager = vault.tenant(vault.defaultTenantId);
    for (const { id: each } of (await manager.wallets.list({ limit: 10 })).items) await manager.wallets.get(each);
    expect(recorded.everHeld(id)).toBe(true);
    expect(recorded.everHeld("rappedPrivateKey") || recorded.everHeld("rivateKey")).toBe(false);
    const stored = inMemoryStores(database).forTenant(vault.defaultTenantId).wallets;
    for (const keyId of keyIds) {
      const key = await stored.getKey(keyId);
      expect(recorded.everHeld(key?.wrappedPrivateKey ?? "")).toBe(false);
      expect(recorded.everHeld(Buffer.from(key?.wrappedPrivateKey ?? "", "base64url").toString("base64"))).toBe(false);
    }
  });

  it("US6-3: come from the database while the cache is away, which is told once", async () => {
    const fragile = fragileCache();
    const tenant = await open(fragile.cache);
    const { id } = await tenant.wallets.create({ name: "mine", purposes: ["vote"] });
    await tenant.wallets.get(id);
    await breakDown(fragile);
    for (let read = 0; read < 5; read++) expect((await tenant.wallets.get(id)).id).toBe(id);
    await tenant.wallets.update(id, { name: "other" });
    expect((await tenant.wallets.get(id)).name).toBe("other");
    const warnings = fragile.logged("storage_state_changed").filter(({ level }) => level === "warn");
    expect(warnings).toHaveLength(1);
  });
});
