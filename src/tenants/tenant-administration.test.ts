import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addMs } from "../clock.ts";
import { parseConfig } from "../config/load-config.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { seededIds } from "../testing/seeded-ids.ts";
import { inMemoryStores } from "../vault/in-memory-stores.ts";
import type { Stores } from "../vault/stores.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import { assembleVault, type Vault } from "../vault.ts";
import { DEFAULT_TENANT_SLUG } from "./tenant.ts";

const FIRST_KEY = "bootstrap-key-one";
const SECOND_KEY = "bootstrap-key-two";
const clock = new ManualClock();
const ids = seededIds(11);
let stores: Stores;
let vault: Vault;

async function start(apiKey?: string): Promise<Vault> {
  const config = parseConfig({
    storage: { warm: { relational: { engine: "in-memory" } } },
    apiKey,
    masterKey: "5a".repeat(32),
  });
  return assembleVault(config, stores, { clock, ids });
}

beforeEach(async () => {
  stores = inMemoryStores(new InMemoryDatabase());
  vault = await start(FIRST_KEY);
});
afterEach(async () => {
  await vault[Symbol.asyncDispose]();
});

async function eventsOf(tenant: TenantVault): Promise<string[]> {
  return (await tenant.audit.list({}, { limit: 100 })).items.map(({ eventType }) => eventType).toReversed();
}

describe("the first tenant", () => {
  it("is made with the operator's key, which is not handed back", async () => {
    expect(vault.generatedKey).toBeNull();
    expect(await vault.authenticator.authenticate(FIRST_KEY)).toMatchObject({ role: "admin", isPlatform: true });
    expect(await vault.tenants().require(vault.defaultTenantId)).toMatchObject({
      slug: DEFAULT_TENANT_SLUG,
      isPlatform: true,
    });
    expect(await eventsOf(vault.tenant(vault.defaultTenantId))).toEqual(["tenant_created", "api_key_created"]);
  });

  it("gets a key of its own without an operator's, told once", async () => {
    stores = inMemoryStores(new InMemoryDatabase());
    const fresh = await start();
    expect(await fresh.authenticator.authenticate(fresh.generatedKey ?? "")).toMatchObject({ role: "admin" });
    expect((await start()).generatedKey).toBeNull();
  });

  it("takes a new operator's key beside the old one, once", async () => {
    for (let restart = 0; restart < 3; restart++) {
      const restarted = await start(SECOND_KEY);
      expect(restarted.defaultTenantId).toBe(vault.defaultTenantId);
      await restarted.authenticator.authenticate(SECOND_KEY);
    }
    await vault.authenticator.authenticate(FIRST_KEY);
    expect((await vault.tenant(vault.defaultTenantId).apiKeys.list({ limit: 10 })).items).toHaveLength(2);
    expect(await eventsOf(vault.tenant(vault.defaultTenantId))).toHaveLength(3);
  });

  it("does not bring a revoked operator's key back", async () => {
    const tenant = vault.tenant(vault.defaultTenantId);
    const [bootstrap] = (await tenant.apiKeys.list({ limit: 1 })).items;
    await tenant.apiKeys.create({ name: "other", role: "admin" });
    await tenant.apiKeys.revoke(bootstrap?.id ?? ids.uuid());
    await start(FIRST_KEY);
    await expect(vault.authenticator.authenticate(FIRST_KEY)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("refuses an operator's key that another tenant has", async () => {
    const { adminKey } = await vault.tenants().create({ slug: "acme", name: "Acme" });
    await expect(start(adminKey.key)).rejects.toMatchObject({ code: "invalid_configuration" });
  });
});

describe("tenants", () => {
  it("are made with an administrator key of their own", async () => {
    const { tenant, adminKey } = await vault.tenants().create({ slug: "acme", name: "Acme", validationMode: "strict" });
    expect(tenant).toMatchObject({ slug: "acme", name: "Acme", validationMode: "strict", isPlatform: false });
    expect(await vault.authenticator.authenticate(adminKey.key)).toEqual({
      tenantId: tenant.id,
      apiKeyId: adminKey.apiKey.id,
      role: "admin",
      isPlatform: false,
    });
    expect(await eventsOf(vault.tenant(tenant.id))).toEqual(["tenant_created", "api_key_created"]);
  });

  it("do not share a slug", async () => {
    await vault.tenants().create({ slug: "acme", name: "Acme" });
    await expect(vault.tenants().create({ slug: "acme", name: "Other" })).rejects.toMatchObject({
      code: "tenant_exists",
    });
    const page = await vault.tenants().list({ limit: 10 });
    expect(page.items.map(({ slug }) => slug)).toEqual(["acme", DEFAULT_TENANT_SLUG]);
  });

  it("change with an event, or not at all", async () => {
    const { tenant } = await vault.tenants().create({ slug: "acme", name: "Acme" });
    clock.advance(5);
    const changed = await vault.tenants().update(tenant.id, { validationMode: "disabled" });
    expect(changed).toEqual({ ...tenant, validationMode: "disabled", updatedAt: clock.now() });
    expect(await eventsOf(vault.tenant(tenant.id))).toEqual(["tenant_created", "api_key_created", "tenant_updated"]);
    await expect(vault.tenants().update(ids.uuid(), { name: "x" })).rejects.toMatchObject({ code: "tenant_not_found" });
    await expect(vault.tenants().require(ids.uuid())).rejects.toMatchObject({ code: "tenant_not_found" });
  });
});

describe("API keys", () => {
  it("open the tenant that made them until they are revoked", async () => {
    const tenant = vault.tenant(vault.defaultTenantId);
    const { apiKey, key } = await tenant.apiKeys.create({ name: "agent", role: "agent" });
    expect(await vault.authenticator.authenticate(key)).toMatchObject({ apiKeyId: apiKey.id, role: "agent" });
    await tenant.apiKeys.revoke(apiKey.id);
    await expect(vault.authenticator.authenticate(key)).rejects.toMatchObject({ code: "unauthenticated" });
    await tenant.apiKeys.revoke(apiKey.id);
    expect((await eventsOf(tenant)).slice(2)).toEqual(["api_key_created", "api_key_revoked"]);
  });

  it("are never in the journal, by text or by hash", async () => {
    const tenant = vault.tenant(vault.defaultTenantId);
    const { key } = await tenant.apiKeys.create({ name: "agent", role: "agent" });
    const journal = JSON.stringify(await tenant.audit.list({}, { limit: 100 }));
    for (const secret of [key, FIRST_KEY]) expect(journal).not.toContain(secret.slice(7));
  });

  it("must not have expired already", async () => {
    const { apiKeys } = vault.tenant(vault.defaultTenantId);
    await expect(apiKeys.create({ name: "late", role: "agent", expiresAt: clock.now() })).rejects.toMatchObject({
      code: "invalid_request",
      errors: [{ path: "/expiresAt" }],
    });
    const { apiKey } = await apiKeys.create({ name: "late", role: "agent", expiresAt: addMs(clock.now(), 1) });
    expect(apiKey.expiresAt).toBe(addMs(clock.now(), 1));
  });

  it("leave the tenant one administrator", async () => {
    const { apiKeys } = vault.tenant(vault.defaultTenantId);
    const [only] = (await apiKeys.list({ limit: 1 })).items;
    await expect(apiKeys.revoke(only?.id ?? ids.uuid())).rejects.toMatchObject({ code: "last_admin_key" });
    await expect(apiKeys.revoke(ids.uuid())).rejects.toMatchObject({ code: "api_key_not_found" });
    await expect(apiKeys.require(ids.uuid())).rejects.toMatchObject({ code: "api_key_not_found" });
  });

  it("stay as they were when the transaction around their revocation is rolled back", async () => {
    const tenant = vault.tenant(vault.defaultTenantId);
    const { apiKey, key } = await tenant.apiKeys.create({ name: "agent", role: "agent" });
    await expect(
      tenant.transaction(async ({ apiKeys }) => {
        await apiKeys.revoke(apiKey.id);
        throw new RangeError("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await vault.authenticator.authenticate(key)).toMatchObject({ apiKeyId: apiKey.id });
    expect((await tenant.apiKeys.require(apiKey.id)).revokedAt).toBeNull();
  });
});
