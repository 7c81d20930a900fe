import { beforeEach, describe, expect, it } from "vitest";
import type { WalletId } from "../identifiers.ts";
import { type CachedProfiles, openCachedProfiles } from "../testing/cached-profiles.ts";
import { freshWallet, keyFor, type NewWalletRecord, nextKeyFor, WALLET_LATER } from "../testing/wallet-records.ts";

const HOLD = { kind: "hold", when: "after" } as const;
const LIFE_MS = 600_000;
const write = { at: WALLET_LATER, expectedVersion: 1 };

describe("a cached wallet", () => {
  let world: CachedProfiles;
  let wallet: NewWalletRecord;

  beforeEach(async () => {
    world = await openCachedProfiles();
    wallet = freshWallet();
    await world.tenant.wallets.insert(wallet, keyFor(wallet));
  });

  const view = (walletId: WalletId = wallet.id) => world.tenant.wallets.view(walletId);
  const callsOf = async (work: () => Promise<unknown>) => (await world.readsOf(work)).calls;

  it("US6-1: is read from the database once", async () => {
    expect(await callsOf(view)).toEqual(["get"]);
    expect(await callsOf(view)).toEqual([]);
    expect(await view()).toEqual({ ...wallet, version: 1 });
    expect([world.seen.misses, world.seen.hits]).toEqual([["wallet"], ["wallet", "wallet"]]);
  });

  it("is read from the database when it decides about a signature", async () => {
    await view();
    expect(await callsOf(() => world.tenant.wallets.get(wallet.id))).toEqual(["get"]);
    expect(await callsOf(() => world.tenant.wallets.getKey(wallet.keyId))).toEqual(["getKey"]);
    expect(await callsOf(() => world.tenant.wallets.getSystem("tx"))).toEqual(["getSystem"]);
  });

  it("is read again after ten minutes, and not before", async () => {
    await view();
    await world.direct.wallets.update(wallet.id, { name: "changed behind the cache" }, write);
    world.advance(LIFE_MS - 1);
    expect((await view())?.name).toBe(wallet.name);
    world.advance(1);
    expect((await view())?.name).toBe("changed behind the cache");
  });

  it("US6-2: is fresh after each write", async () => {
    const { wallets } = world.tenant;
    const writes: ((expectedVersion: number) => Promise<unknown>)[] = [
      (expectedVersion) => wallets.update(wallet.id, { name: "other" }, { ...write, expectedVersion }),
      (expectedVersion) => wallets.update(wallet.id, { status: "locked" }, { ...write, expectedVersion }),
      (expectedVersion) => wallets.replaceKey(nextKeyFor(wallet), { ...write, expectedVersion }),
      (expectedVersion) =>
        world.tenant.transaction((stores) =>
          stores.wallets.update(wallet.id, { name: "again" }, { ...write, expectedVersion }),
        ),
    ];
    for (const [index, change] of writes.entries()) {
      expect((await view())?.version).toBe(index + 1);
      await change(index + 1);
      expect(await view()).toEqual(await world.direct.wallets.get(wallet.id));
    }
    expect(world.seen.invalidations).toEqual(["wallet", "wallet", "wallet", "wallet"]);
  });

  it("stays as it was when a transaction is undone", async () => {
    await view();
    const undone = world.tenant.transaction(async ({ wallets }) => {
      await wallets.update(wallet.id, { name: "changed" }, write);
      expect((await wallets.view(wallet.id))?.name).toBe("changed");
      expect((await view())?.name).toBe(wallet.name);
      throw new RangeError("changed my mind");
    });
    await expect(undone).rejects.toThrow("changed my mind");
    expect((await view())?.name).toBe(wallet.name);
  });

  it("that was being read while it changed is not kept", async () => {
    world.database.inject({ fault: HOLD, methods: ["get"], times: 1 });
    const start = world.database.calls.length;
    const slow = view();
    while (world.database.calls.length === start) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    await world.tenant.wallets.update(wallet.id, { status: "locked" }, write);
    expect((await view())?.status).toBe("locked");
    world.database.release();
    await slow;
    expect((await view())?.status).toBe("locked");
  });

  it("is not remembered to be missing", async () => {
    const later = freshWallet();
    expect(await view(later.id)).toBeUndefined();
    await world.direct.wallets.insert(later, keyFor(later));
    expect(await view(later.id)).toEqual({ ...later, version: 1 });
  });

  it("is another tenant's own", async () => {
    await view();
    expect(await world.other.wallets.view(wallet.id)).toBeUndefined();
    await world.other.wallets.insert({ ...wallet, name: "theirs" }, keyFor(wallet));
    expect((await world.other.wallets.view(wallet.id))?.name).toBe("theirs");
    expect((await view())?.name).toBe(wallet.name);
  });

  it("is read anew after an entry that says nothing of today", async () => {
    const whole = { ...wallet, version: 1 };
    for (const entry of [null, 1, {}, { format: 0, wallet: whole }, { format: 1, wallet: null }]) {
      await world.cache.cache.set(`${world.tenant.tenantId}:wallet:${wallet.id}:v1`, entry);
      expect(await view()).toEqual(whole);
    }
  });

  it("cannot be changed by who got it", async () => {
    for (let read = 0; read < 2; read++) expect(Object.isFrozen(await view())).toBe(true);
  });

  it.each(["before", "after"] as const)("US6-3: comes from the database when the cache fails (%s)", async (when) => {
    world.faults.inject({ fault: { kind: "fail", when, code: "storage_unavailable" } });
    expect(await callsOf(view)).toEqual(["get"]);
    await world.tenant.wallets.update(wallet.id, { name: "other" }, write);
    expect((await view())?.name).toBe("other");
    expect(new Set(world.seen.failures)).toEqual(
      new Set(["get storage_unavailable", "invalidate storage_unavailable"]),
    );
  });
});
