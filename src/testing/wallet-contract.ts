import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { WalletId } from "../identifiers.ts";
import type { WalletChange, WalletStore } from "../wallets/wallet-store.ts";
import type { ContractContext, Engine } from "./engine.ts";
import { walletGrantContract } from "./wallet-grant-contract.ts";
import { freshApiKeyId, freshWallet, keyFor, nextKeyFor, WALLET_LATER, WALLET_NOW } from "./wallet-records.ts";

const ALL = { limit: 100 };

/** What a `WalletStore` and a `WalletGrantStore` must do. Each call of `open` gives an empty database. */
export function walletContract(name: string, open: () => Promise<Engine>): void {
  describe(`wallet stores on ${name}`, () => {
    const context = {} as ContractContext;

    beforeAll(async () => {
      context.engine = await open();
    });
    afterAll(() => context.engine[Symbol.asyncDispose]());
    beforeEach(async () => {
      context.tenant = await context.engine.newTenant();
      context.other = await context.engine.newTenant();
    });

    describe("wallets", () => walletStoreContract(context));
    describe("lists of wallets", () => walletListContract(context));
    describe("keys", () => walletKeyContract(context));
    describe("grants", () => walletGrantContract(context));
  });
}

const made = async (store: WalletStore, over: Parameters<typeof freshWallet>[0] = {}) => {
  const wallet = freshWallet(over);
  expect(await store.insert(wallet, keyFor(wallet))).toBe(true);
  return { ...wallet, version: 1 };
};

function walletStoreContract(context: ContractContext): void {
  it("come back as they were inserted, in every form", async () => {
    const { wallets } = context.tenant;
    const whole = await made(wallets, {
      description: "For «attestations»",
      algorithm: "p256",
      status: "locked",
      purposes: ["attestation", "vote"],
      metadata: { team: "кредит", cost: 1.5, live: true, none: null },
    });
    const systems = await made(wallets, { owner: { type: "system", id: null } });
    for (const wallet of [whole, systems]) {
      expect(await wallets.get(wallet.id)).toEqual(wallet);
      expect(await wallets.view(wallet.id)).toEqual(wallet);
    }
  });

  it("are not there for another tenant, nor when nobody made them", async () => {
    const wallet = await made(context.tenant.wallets, { systemRole: "tx", owner: { type: "system", id: null } });
    const { wallets } = context.other;
    expect([await wallets.get(wallet.id), await wallets.view(wallet.id)]).toEqual([undefined, undefined]);
    expect(await wallets.getKey(wallet.keyId)).toBeUndefined();
    expect(await wallets.getSystem("tx")).toBeUndefined();
    expect((await wallets.list("all", ALL)).items).toEqual([]);
    const change = { name: "stolen" };
    const write = { at: WALLET_LATER, expectedVersion: 1 };
    await expect(wallets.update(wallet.id, change, write)).rejects.toMatchObject({ code: "record_not_found" });
    await expect(wallets.replaceKey(nextKeyFor(wallet), write)).rejects.toMatchObject({ code: "record_not_found" });
    expect(await context.tenant.wallets.get(wallet.id)).toEqual(wallet);
  });

  it("of one system role are made once, whoever is first, in each tenant", async () => {
    const { wallets } = context.tenant;
    const system = { systemRole: "tx", owner: { type: "system", id: null } } as const;
    const candidates = Array.from({ length: 8 }, () => freshWallet(system));
    const results = await Promise.all(candidates.map((wallet) => wallets.insert(wallet, keyFor(wallet))));
    expect(results.filter(Boolean)).toHaveLength(1);
    const winner = candidates[results.indexOf(true)];
    expect(await wallets.getSystem("tx")).toEqual({ ...winner, version: 1 });
    expect(await wallets.getSystem("checkpoint")).toBeUndefined();
    for (const [index, wallet] of candidates.entries()) {
      expect((await wallets.getKey(wallet.keyId)) !== undefined).toBe(results[index]);
    }
    await made(wallets, { ...system, systemRole: "checkpoint" });
    await made(context.other.wallets, system);
  });

  it("change in the members named, with a version more", async () => {
    const { wallets } = context.tenant;
    const wallet = await made(wallets, { description: "before" });
    const changes: WalletChange[] = [
      { name: "x" },
      { description: null },
      { metadata: { a: 1 } },
      { status: "locked" },
    ];
    let expected = wallet;
    for (const change of changes) {
      const write = { at: WALLET_LATER, expectedVersion: expected.version };
      expected = { ...expected, ...change, updatedAt: WALLET_LATER, version: expected.version + 1 } as typeof wallet;
      expect(await wallets.update(wallet.id, { name: undefined, ...change }, write)).toEqual(expected);
      expect(await wallets.get(wallet.id)).toEqual(expected);
    }
  });

  it("are changed by one of several who saw the same version", async () => {
    const { wallets } = context.tenant;
    const wallet = await made(wallets);
    const write = { at: WALLET_LATER, expectedVersion: 1 };
    const writers = Array.from({ length: 6 }, (_, index) =>
      wallets.update(wallet.id, { name: `name ${index}` }, write),
    );
    const results = await Promise.allSettled(writers);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "version_mismatch" });
    }
    expect((await wallets.get(wallet.id))?.version).toBe(2);
  });

  it("are as they were when a transaction is undone", async () => {
    const wallet = await made(context.tenant.wallets);
    const write = { at: WALLET_LATER, expectedVersion: 1 };
    const undone = context.tenant.transaction(async ({ wallets }) => {
      await wallets.update(wallet.id, { name: "changed" }, write);
      expect((await wallets.get(wallet.id))?.name).toBe("changed");
      expect((await wallets.view(wallet.id))?.name).toBe("changed");
      throw new RangeError("changed my mind");
    });
    await expect(undone).rejects.toThrow("changed my mind");
    expect(await context.tenant.wallets.view(wallet.id)).toEqual(wallet);
  });
}

function walletListContract(context: ContractContext): void {
  const idsOf = (items: readonly { readonly id: WalletId }[]) => items.map(({ id }) => id);

  it("show all, newest first, or those that somebody owns and those that are named", async () => {
    const { wallets } = context.tenant;
    const ownerId = freshApiKeyId();
    const first = await made(wallets, { owner: { type: "api_key", id: ownerId } });
    const second = await made(wallets);
    const third = await made(wallets, { status: "deleted" });
    const system = await made(wallets, { systemRole: "tx", owner: { type: "system", id: null } });
    const list = async (...args: Parameters<WalletStore["list"]>) => idsOf((await wallets.list(...args)).items);
    expect((await wallets.list("all", ALL)).items).toEqual([system, third, second, first]);
    expect(await list({ ownerId, walletIds: [] }, ALL)).toEqual([first.id]);
    expect(await list({ ownerId, walletIds: [third.id, first.id] }, ALL)).toEqual([third.id, first.id]);
    expect(await list({ ownerId: freshApiKeyId(), walletIds: [] }, ALL)).toEqual([]);
  });

  it("have pages that go on where the one before ended, also when there is more to see meanwhile", async () => {
    const { wallets } = context.tenant;
    const ownerId = freshApiKeyId();
    const own = { owner: { type: "api_key", id: ownerId } } as const;
    const ids: WalletId[] = [];
    for (let count = 0; count < 5; count++) ids.unshift((await made(wallets, own)).id);
    const [granted] = [await made(wallets)];
    const seen: WalletId[] = [];
    let cursor: string | undefined;
    do {
      const walletIds = cursor === undefined ? [] : [granted.id];
      const page = await wallets.list({ ownerId, walletIds }, { limit: 2, cursor });
      seen.push(...idsOf(page.items));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids);
  });

  it("take only cursors of their own", async () => {
    const { wallets } = context.tenant;
    const ownerId = freshApiKeyId();
    for (let count = 0; count < 2; count++) await made(wallets, { owner: { type: "api_key", id: ownerId } });
    const { nextCursor } = await wallets.list({ ownerId, walletIds: [] }, { limit: 1 });
    const others = ["all", { ownerId: freshApiKeyId(), walletIds: [] }] as const;
    for (const visibility of others) {
      const page = { limit: 1, cursor: nextCursor ?? "" };
      await expect(wallets.list(visibility, page)).rejects.toMatchObject({ code: "invalid_cursor" });
    }
    await expect(wallets.list("all", { limit: 1, cursor: "x" })).rejects.toMatchObject({ code: "invalid_cursor" });
  });
}

function walletKeyContract(context: ContractContext): void {
  it("are found by their id, retired or not", async () => {
    const { wallets } = context.tenant;
    const wallet = await made(wallets);
    const key = keyFor(wallet);
    expect(await wallets.getKey(key.id)).toEqual(key);
    const next = nextKeyFor(wallet);
    const rotated = await wallets.replaceKey(next, { at: WALLET_LATER, expectedVersion: 1 });
    const { id: keyId, publicKey } = next;
    expect(rotated).toEqual({ ...wallet, keyId, publicKey, keyVersion: 2, updatedAt: WALLET_LATER, version: 2 });
    expect(await wallets.get(wallet.id)).toEqual(rotated);
    expect(await wallets.view(wallet.id)).toEqual(rotated);
    expect(await wallets.getKey(next.id)).toEqual(next);
    expect(await wallets.getKey(key.id)).toEqual({ ...key, retiredAt: WALLET_LATER });
    expect(await wallets.getKey("0".repeat(32))).toBeUndefined();
  });

  it("take the place of one another once, whoever is first", async () => {
    const { wallets } = context.tenant;
    const wallet = await made(wallets);
    const keys = Array.from({ length: 6 }, () => nextKeyFor(wallet));
    const write = { at: WALLET_LATER, expectedVersion: 1 };
    const results = await Promise.allSettled(keys.map((key) => wallets.replaceKey(key, write)));
    const winners = keys.filter((_, index) => results[index]?.status === "fulfilled");
    expect(winners).toHaveLength(1);
    expect((await wallets.get(wallet.id))?.keyId).toBe(winners[0]?.id);
    for (const [index, key] of keys.entries()) {
      const result = results[index];
      if (result?.status === "rejected") expect(result.reason).toMatchObject({ code: "version_mismatch" });
      expect((await wallets.getKey(key.id)) !== undefined).toBe(result?.status === "fulfilled");
    }
    expect((await wallets.getKey(wallet.keyId))?.retiredAt).toBe(WALLET_LATER);
  });

  it("are another tenant's own under the same id", async () => {
    const wallet = await made(context.tenant.wallets);
    const theirs = { ...freshWallet(), keyId: wallet.keyId };
    expect(await context.other.wallets.insert(theirs, keyFor(theirs))).toBe(true);
    expect((await context.other.wallets.getKey(wallet.keyId))?.walletId).toBe(theirs.id);
    expect((await context.tenant.wallets.getKey(wallet.keyId))?.walletId).toBe(wallet.id);
    expect((await context.tenant.wallets.getKey(wallet.keyId))?.createdAt).toBe(WALLET_NOW);
  });
}
