import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../config/load-config.ts";
import type { WalletId } from "../identifiers.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import type { ApiKey } from "../tenants/api-key.ts";
import { FaultInjector, withFaults } from "../testing/fault-injection.ts";
import { assembleVault, type Vault } from "../vault.ts";
import { inMemoryStores } from "./in-memory-stores.ts";
import type { Stores } from "./stores.ts";
import type { TenantVault } from "./tenant-vault.ts";

/** Stores whose journal fails as it is told, within transactions too. */
function withFragileJournal(stores: Stores, faults: FaultInjector): Stores {
  const bind = (bound: ReturnType<Stores["forTenant"]>): typeof bound => ({
    ...bound,
    audit: withFaults(bound.audit, faults),
    transaction: (work) => bound.transaction((inner) => work(bind(inner))),
  });
  return { ...stores, forTenant: (tenantId) => bind(stores.forTenant(tenantId)) };
}

describe("wallets whose journal fails", () => {
  let faults: FaultInjector;
  let vault: Vault;
  let tenant: TenantVault;
  let walletId: WalletId;
  let apiKey: ApiKey;

  beforeEach(async () => {
    faults = new FaultInjector();
    const stores = withFragileJournal(inMemoryStores(new InMemoryDatabase()), faults);
    vault = await assembleVault(parseConfig({}), stores);
    tenant = vault.tenant(vault.defaultTenantId);
    ({ apiKey } = await tenant.apiKeys.create({ name: "grantee", role: "agent" }));
    walletId = (await tenant.wallets.create({ name: "before", purposes: ["vote"] })).id;
  });
  afterEach(() => vault[Symbol.asyncDispose]());

  const state = async () => {
    const wallets = await tenant.wallets.list({ limit: 100 });
    return JSON.stringify([wallets, await tenant.walletGrants.list(walletId, { limit: 100 })]);
  };
  const failsWithoutTrace = async (work: () => Promise<unknown>) => {
    const before = await state();
    faults.inject({ fault: { kind: "fail", when: "before", code: "storage_unavailable" }, methods: ["append"] });
    await expect(work()).rejects.toMatchObject({ code: "storage_unavailable" });
    faults.heal();
    expect(await state()).toBe(before);
  };

  it("are not made, changed, rotated or granted", async () => {
    const grant = await tenant.walletGrants.grant(walletId, { grantee: apiKey.id, right: "read" });
    await failsWithoutTrace(() => tenant.wallets.create({ name: "more", purposes: ["vote"] }));
    await failsWithoutTrace(() => tenant.wallets.update(walletId, { name: "after" }));
    await failsWithoutTrace(() => tenant.wallets.delete(walletId));
    await failsWithoutTrace(() => tenant.wallets.rotate(walletId));
    await failsWithoutTrace(() => tenant.walletGrants.grant(walletId, { grantee: apiKey.id, right: "sign" }));
    await failsWithoutTrace(() => tenant.walletGrants.revoke(walletId, grant.id));
  });

  it("sign nothing that the journal does not know of", async () => {
    await failsWithoutTrace(() => tenant.wallets.sign(walletId, { kind: "vote", content: { yes: true } }));
  });
});
