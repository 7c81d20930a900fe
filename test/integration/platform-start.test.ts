import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import type { Stores } from "../../src/vault/stores.ts";
import { assembleVault, type Vault } from "../../src/vault.ts";
import { integrationEngines } from "./engines.ts";

const STARTERS = 6;

describe.each(integrationEngines())("processes that start at once on $name", (engine) => {
  function startAll(stores: Stores, apiKey?: string): Promise<Vault[]> {
    const config = parseConfig({
      storage: { warm: { relational: { engine: "in-memory" } } },
      apiKey,
      masterKey: "5a".repeat(32),
    });
    return Promise.all(Array.from({ length: STARTERS }, () => assembleVault(config, stores)));
  }

  it("make one tenant and one key, which one of them tells", async () => {
    const { stores } = await engine.open();
    try {
      const vaults = await startAll(stores);
      const keys = vaults.map(({ generatedKey }) => generatedKey).filter((key) => key !== null);
      expect(keys).toHaveLength(1);
      expect(new Set(vaults.map(({ defaultTenantId }) => defaultTenantId)).size).toBe(1);
      for (const vault of vaults) {
        expect(await vault.authenticator.authenticate(keys[0] ?? "")).toMatchObject({
          role: "admin",
          isPlatform: true,
        });
      }
      const [vault] = vaults;
      const events = await vault?.tenant(vault.defaultTenantId).audit.list({}, { limit: 10 });
      expect(events?.items.map(({ eventType }) => eventType)).toEqual(["api_key_created", "tenant_created"]);
    } finally {
      await stores[Symbol.asyncDispose]();
    }
  });

  it("insert an operator's key once, the first and a later one", async () => {
    const { stores } = await engine.open();
    try {
      for (const key of ["operators-first-key", "operators-second-key"]) {
        for (const vault of await startAll(stores, key)) {
          expect(vault.generatedKey).toBeNull();
          await vault.authenticator.authenticate(key);
        }
      }
      const [vault] = await startAll(stores);
      const keys = await vault?.tenant(vault.defaultTenantId).apiKeys.list({ limit: 10 });
      expect(keys?.items.map(({ name }) => name)).toEqual(["bootstrap", "administrator"]);
    } finally {
      await stores[Symbol.asyncDispose]();
    }
  });
});
