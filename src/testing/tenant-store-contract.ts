import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addMs, type Instant } from "../clock.ts";
import type { ApiKeyId, TenantId } from "../identifiers.ts";
import { type ApiKeyInsert, generateApiKey, hashApiKey } from "../tenants/api-key.ts";
import type { ApiKeyStore } from "../tenants/api-key-store.ts";
import type { Tenant } from "../tenants/tenant.ts";
import type { TenantDirectory, TenantStore } from "../tenants/tenant-store.ts";
import { seededIds } from "./seeded-ids.ts";

export interface TenantStorage extends AsyncDisposable {
  readonly directory: TenantDirectory;
  forTenant(tenantId: TenantId): TenantScope;
}

export interface TenantScope {
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  transaction<T>(work: (scope: TenantScope) => Promise<T>): Promise<T>;
}

const NOW = "2026-03-03T09:30:00.000Z" as Instant;
const LATER = "2026-03-04T09:30:00.120Z" as Instant;

/** What a `TenantStore`, an `ApiKeyStore` and a `TenantDirectory` over them must do. The database starts empty. */
export function tenantStoreContract(engine: string, open: () => Promise<TenantStorage>): void {
  describe(`tenant stores on ${engine}`, () => {
    const ids = seededIds(20_260_303);
    let storage: TenantStorage;
    let slugs = 0;

    beforeAll(async () => {
      storage = await open();
    });
    afterAll(async () => {
      await storage[Symbol.asyncDispose]();
    });

    function newTenant(slug = `tenant-${++slugs}`): Tenant {
      const id = ids.uuid<TenantId>();
      return {
        id,
        slug,
        name: `Name of ${slug}`,
        validationMode: null,
        isPlatform: false,
        createdAt: NOW,
        updatedAt: NOW,
      };
    }

    function newKey(over: Partial<ApiKeyInsert> = {}): ApiKeyInsert {
      const key = generateApiKey(ids);
      return {
        id: ids.uuid(),
        name: "Ключ «one» 🗝",
        role: "agent",
        prefix: key.slice(0, 7),
        keyHash: hashApiKey(key),
        createdAt: NOW,
        expiresAt: null,
        revokedAt: null,
        ...over,
      };
    }

    async function insertedTenant(slug?: string): Promise<{ tenant: Tenant; scope: TenantScope }> {
      const tenant = newTenant(slug);
      const scope = storage.forTenant(tenant.id);
      expect(await scope.tenants.insert(tenant)).toBe(true);
      return { tenant, scope };
    }

    async function insertedKey(scope: TenantScope, over: Partial<ApiKeyInsert> = {}): Promise<ApiKeyInsert> {
      const key = newKey(over);
      expect(await scope.apiKeys.insert(key)).toBe(true);
      return key;
    }

    describe("tenants", () => {
      it("returns what was inserted, to its own scope and to the directory", async () => {
        const { tenant, scope } = await insertedTenant();
        expect(await scope.tenants.get()).toEqual(tenant);
        expect(await storage.directory.get(tenant.id)).toEqual(tenant);
      });

      it("knows no tenant that was not inserted", async () => {
        const id = ids.uuid<TenantId>();
        expect(await storage.forTenant(id).tenants.get()).toBeUndefined();
        expect(await storage.directory.get(id)).toBeUndefined();
        expect(await storage.forTenant(id).tenants.update({ name: "Nobody" }, LATER)).toBeUndefined();
      });

      it("refuses a slug that is taken and writes nothing", async () => {
        const { tenant } = await insertedTenant();
        const other = newTenant(tenant.slug);
        expect(await storage.forTenant(other.id).tenants.insert(other)).toBe(false);
        expect(await storage.directory.get(other.id)).toBeUndefined();
      });

      it("lets one of many concurrent inserts of a slug win", async () => {
        const candidates = Array.from({ length: 8 }, () => newTenant("contested"));
        const results = await Promise.all(
          candidates.map((candidate) => storage.forTenant(candidate.id).tenants.insert(candidate)),
        );
        expect(results.filter(Boolean)).toHaveLength(1);
      });

      it("frees the slug of an insert that was rolled back", async () => {
        const tenant = newTenant();
        const scope = storage.forTenant(tenant.id);
        await expect(
          scope.transaction(async ({ tenants }) => {
            expect(await tenants.insert(tenant)).toBe(true);
            throw new RangeError("rolled back");
          }),
        ).rejects.toThrow("rolled back");
        expect(await scope.tenants.get()).toBeUndefined();
        expect(await scope.tenants.insert(tenant)).toBe(true);
      });

      it("has one platform tenant at most", async () => {
        const candidates = Array.from({ length: 4 }, () => ({ ...newTenant(), isPlatform: true }));
        const results = await Promise.all(
          candidates.map((candidate) => storage.forTenant(candidate.id).tenants.insert(candidate)),
        );
        expect(results.filter(Boolean)).toHaveLength(1);
        expect(await storage.directory.getPlatformTenant()).toEqual(candidates[results.indexOf(true)]);
      });

      it("updates the members that are named and leaves the others", async () => {
        const { tenant, scope } = await insertedTenant();
        const strict = { ...tenant, validationMode: "strict", updatedAt: LATER } as const;
        expect(await scope.tenants.update({ validationMode: "strict" }, LATER)).toEqual(strict);
        const renamed = { ...strict, name: "Renamed" };
        expect(await scope.tenants.update({ name: "Renamed" }, LATER)).toEqual(renamed);
        expect(await scope.tenants.update({ validationMode: null }, LATER)).toEqual({
          ...renamed,
          validationMode: null,
        });
        expect(await storage.directory.get(tenant.id)).toEqual({ ...renamed, validationMode: null });
      });

      it("keeps the first wrapped key of all callers", async () => {
        const { scope } = await insertedTenant();
        expect(await scope.tenants.getWrappedKey()).toBeNull();
        const candidates = ["key-a", "key-b", "key-c", "key-d"];
        const kept = await Promise.all(candidates.map((candidate) => scope.tenants.initWrappedKey(candidate)));
        expect(new Set(kept).size).toBe(1);
        expect(await scope.tenants.getWrappedKey()).toBe(kept[0]);
      });

      it("lists by slug, page by page, without repeating or skipping while others come", async () => {
        const wanted = ["paging-a", "paging-b", "paging-c", "paging-d", "paging-e"];
        for (const slug of wanted.toReversed()) await insertedTenant(slug);
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await storage.directory.list({ limit: 2, cursor });
          expect(page.items.length).toBeLessThanOrEqual(2);
          seen.push(...page.items.map(({ slug }) => slug));
          await insertedTenant(`a${slugs}-before-all`);
          slugs++;
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        expect(seen.filter((slug) => wanted.includes(slug))).toEqual(wanted);
        expect(seen).toEqual([...new Set(seen)].sort());
      });

      it.each(["", "!", "e30", Buffer.from('["api-keys","x"]').toString("base64url")])(
        "refuses the foreign cursor %j",
        async (cursor) => {
          await expect(storage.directory.list({ limit: 2, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
        },
      );
    });

    describe("API keys", () => {
      it("returns what was inserted, without the hash", async () => {
        const { scope } = await insertedTenant();
        const { keyHash: _, ...key } = await insertedKey(scope, { expiresAt: LATER });
        expect(await scope.apiKeys.get(key.id)).toEqual(key);
        expect(await scope.apiKeys.list({ limit: 10 })).toEqual({ items: [key], nextCursor: null });
      });

      it("finds the credential of a hash in whatever tenant", async () => {
        const { tenant, scope } = await insertedTenant();
        const { id, keyHash } = await insertedKey(scope, { role: "auditor", expiresAt: LATER });
        expect(await storage.directory.findCredential(keyHash)).toEqual({
          tenantId: tenant.id,
          isPlatform: false,
          apiKeyId: id,
          role: "auditor",
          expiresAt: LATER,
          revokedAt: null,
        });
        expect(await storage.directory.findCredential(newKey().keyHash)).toBeUndefined();
      });

      it("refuses a hash that any tenant has and writes nothing", async () => {
        const [one, other] = [await insertedTenant(), await insertedTenant()];
        const { keyHash } = await insertedKey(one.scope);
        expect(await other.scope.apiKeys.insert(newKey({ keyHash }))).toBe(false);
        expect((await other.scope.apiKeys.list({ limit: 10 })).items).toEqual([]);
        expect((await storage.directory.findCredential(keyHash))?.tenantId).toBe(one.tenant.id);
      });

      it("does not find a key whose insert was rolled back", async () => {
        const { scope } = await insertedTenant();
        const key = newKey();
        await expect(
          scope.transaction(async ({ apiKeys }) => {
            expect(await apiKeys.insert(key)).toBe(true);
            throw new RangeError("rolled back");
          }),
        ).rejects.toThrow("rolled back");
        expect(await storage.directory.findCredential(key.keyHash)).toBeUndefined();
        expect(await scope.apiKeys.insert(key)).toBe(true);
      });

      it("lists newest first, page by page", async () => {
        const { scope } = await insertedTenant();
        const keys: ApiKeyId[] = [];
        for (let index = 0; index < 5; index++) keys.push((await insertedKey(scope)).id);
        const first = await scope.apiKeys.list({ limit: 3 });
        await insertedKey(scope);
        const rest = await scope.apiKeys.list({ limit: 3, cursor: first.nextCursor ?? undefined });
        expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(keys.toReversed());
        expect(rest.nextCursor).toBeNull();
      });

      it("refuses a foreign cursor, also one whose key is no id", async () => {
        const { scope } = await insertedTenant();
        for (const text of ['["tenants","a"]', '["api-keys","a"]', '["api-keys","\\u0000"]']) {
          const cursor = Buffer.from(text).toString("base64url");
          await expect(scope.apiKeys.list({ limit: 3, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
        }
      });

      it("revokes once, and tells what became of it", async () => {
        const { scope } = await insertedTenant();
        const { id, keyHash } = await insertedKey(scope);
        expect(await scope.apiKeys.revoke(id, NOW)).toBe("revoked");
        expect(await scope.apiKeys.revoke(id, LATER)).toBe("already_revoked");
        expect(await scope.apiKeys.revoke(ids.uuid(), NOW)).toBe("not_found");
        expect((await scope.apiKeys.get(id))?.revokedAt).toBe(NOW);
        expect((await storage.directory.findCredential(keyHash))?.revokedAt).toBe(NOW);
      });

      it("keeps the last live administrator key", async () => {
        const { scope } = await insertedTenant();
        const expired = await insertedKey(scope, { role: "admin", expiresAt: NOW });
        const live = await insertedKey(scope, { role: "admin", expiresAt: addMs(LATER, 1) });
        await insertedKey(scope, { role: "steward" });
        expect(await scope.apiKeys.revoke(live.id, LATER)).toBe("last_admin");
        expect(await scope.apiKeys.revoke(expired.id, LATER)).toBe("revoked");
        await insertedKey(scope, { role: "admin" });
        expect(await scope.apiKeys.revoke(live.id, LATER)).toBe("revoked");
      });

      it("keeps one administrator key however many are revoked at once", async () => {
        const { scope } = await insertedTenant();
        const keys: ApiKeyId[] = [];
        for (let index = 0; index < 6; index++) keys.push((await insertedKey(scope, { role: "admin" })).id);
        const outcomes = await Promise.all(keys.map((id) => scope.apiKeys.revoke(id, LATER)));
        expect(outcomes.filter((outcome) => outcome === "revoked")).toHaveLength(5);
        expect(outcomes.filter((outcome) => outcome === "last_admin")).toHaveLength(1);
      });
    });

    describe("another tenant", () => {
      it("neither sees, lists nor revokes keys, nor changes the tenant", async () => {
        const [one, other] = [await insertedTenant(), await insertedTenant()];
        const key = await insertedKey(one.scope);
        expect(await other.scope.apiKeys.get(key.id)).toBeUndefined();
        expect((await other.scope.apiKeys.list({ limit: 10 })).items).toEqual([]);
        expect(await other.scope.apiKeys.revoke(key.id, NOW)).toBe("not_found");
        expect((await one.scope.apiKeys.get(key.id))?.revokedAt).toBeNull();
        await other.scope.tenants.update({ name: "Other" }, LATER);
        await other.scope.tenants.initWrappedKey("other");
        expect(await one.scope.tenants.get()).toEqual(one.tenant);
        expect(await one.scope.tenants.getWrappedKey()).toBeNull();
      });
    });
  });
}
