import { beforeEach, describe, expect, it } from "vitest";
import { addMs } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { seededIds } from "../testing/seeded-ids.ts";
import { inMemoryStores } from "../vault/in-memory-stores.ts";
import type { Stores } from "../vault/stores.ts";
import { type ApiKeyHash, type ApiKeyInsert, generateApiKey, hashApiKey } from "./api-key.ts";
import { Authenticator, CREDENTIAL_TTL_MS, CREDENTIALS_CACHED_MAX, UNKNOWN_KEY_TTL_MS } from "./authenticator.ts";

const ids = seededIds(7);
let clock: ManualClock;
let stores: Stores;
let tenantId: TenantId;
let lookups: ApiKeyHash[];
let outage: boolean;
let authenticator: Authenticator;

beforeEach(async () => {
  clock = new ManualClock();
  stores = inMemoryStores(new InMemoryDatabase());
  tenantId = ids.uuid<TenantId>();
  const at = clock.now();
  const tenant = { slug: "one", name: "One", validationMode: null, isPlatform: false, createdAt: at, updatedAt: at };
  await stores.forTenant(tenantId).tenants.insert({ id: tenantId, ...tenant });
  lookups = [];
  outage = false;
  const directory = {
    findCredential: (keyHash: ApiKeyHash) => {
      lookups.push(keyHash);
      if (outage) return Promise.reject(new VaultError("storage_unavailable", "Gone."));
      return stores.directory.findCredential(keyHash);
    },
  };
  authenticator = new Authenticator(directory, clock);
});

async function newKey(over: Partial<ApiKeyInsert> = {}): Promise<{ key: string; row: ApiKeyInsert }> {
  const key = generateApiKey(ids);
  const row: ApiKeyInsert = {
    id: ids.uuid(),
    name: "key",
    role: "agent",
    prefix: key.slice(0, 7),
    keyHash: hashApiKey(key),
    createdAt: clock.now(),
    expiresAt: null,
    revokedAt: null,
    ...over,
  };
  await stores.forTenant(tenantId).apiKeys.insert(row);
  return { key, row };
}

const refused = expect.objectContaining({ code: "unauthenticated" });

describe("authenticate", () => {
  it("tells whom a key speaks for", async () => {
    const { key, row } = await newKey({ role: "auditor" });
    expect(await authenticator.authenticate(key)).toEqual({
      tenantId,
      apiKeyId: row.id,
      role: "auditor",
      isPlatform: false,
    });
  });

  it.each(["", "sr_unknown", "x".repeat(257), "0123456789abcdef\u0000"])("refuses %j", async (key) => {
    await expect(authenticator.authenticate(key)).rejects.toEqual(refused);
  });

  it("does not look for texts that are no keys", async () => {
    for (const key of ["", "x".repeat(257)]) await authenticator.authenticate(key).catch(() => undefined);
    expect(lookups).toEqual([]);
  });

  it("refuses a revoked key and one that has expired", async () => {
    const revoked = await newKey({ revokedAt: clock.now() });
    const expired = await newKey({ expiresAt: clock.now() });
    await expect(authenticator.authenticate(revoked.key)).rejects.toEqual(refused);
    await expect(authenticator.authenticate(expired.key)).rejects.toEqual(refused);
  });

  it("looks a key up once in its time to live", async () => {
    const { key } = await newKey();
    for (let repeat = 0; repeat < 3; repeat++) await authenticator.authenticate(key);
    clock.advance(CREDENTIAL_TTL_MS - 1);
    await authenticator.authenticate(key);
    expect(lookups).toHaveLength(1);
    clock.advance(1);
    await authenticator.authenticate(key);
    expect(lookups).toHaveLength(2);
  });

  it("notices expiry while the key is cached", async () => {
    const { key } = await newKey({ expiresAt: addMs(clock.now(), 1_000) });
    await authenticator.authenticate(key);
    clock.advance(1_000);
    await expect(authenticator.authenticate(key)).rejects.toEqual(refused);
    expect(lookups).toHaveLength(1);
  });

  it("looks an unknown key up once a second, and accepts it from then on", async () => {
    const key = generateApiKey(ids);
    await expect(authenticator.authenticate(key)).rejects.toEqual(refused);
    await newKey({ keyHash: hashApiKey(key) });
    await expect(authenticator.authenticate(key)).rejects.toEqual(refused);
    expect(lookups).toHaveLength(1);
    clock.advance(UNKNOWN_KEY_TTL_MS);
    expect(await authenticator.authenticate(key)).toMatchObject({ tenantId });
  });

  it("shares one lookup among callers at once, also a failed one, and recovers", async () => {
    const { key } = await newKey();
    outage = true;
    const failures = await Promise.allSettled(Array.from({ length: 20 }, () => authenticator.authenticate(key)));
    expect(lookups).toHaveLength(1);
    for (const failure of failures) expect(failure).toMatchObject({ reason: { code: "storage_unavailable" } });
    outage = false;
    await Promise.all(Array.from({ length: 20 }, () => authenticator.authenticate(key)));
    expect(lookups).toHaveLength(2);
  });

  it("keeps a right key when more wrong ones come than it can remember", async () => {
    const { key } = await newKey();
    await authenticator.authenticate(key);
    for (let count = 0; count <= CREDENTIALS_CACHED_MAX; count++) {
      await authenticator.authenticate(`wrong-${count}`).catch(() => undefined);
    }
    lookups.length = 0;
    await authenticator.authenticate(key);
    await authenticator.authenticate("wrong-0").catch(() => undefined);
    expect(lookups).toEqual([hashApiKey("wrong-0")]);
  });
});

describe("forget", () => {
  it("looks the key up again at once", async () => {
    const { key, row } = await newKey();
    const other = await newKey();
    await authenticator.authenticate(key);
    await authenticator.authenticate(other.key);
    await stores.forTenant(tenantId).apiKeys.revoke(row.id, clock.now());
    expect(await authenticator.authenticate(key)).toMatchObject({ apiKeyId: row.id });
    authenticator.forget(row.id);
    await expect(authenticator.authenticate(key)).rejects.toEqual(refused);
    expect(await authenticator.authenticate(other.key)).toMatchObject({ apiKeyId: other.row.id });
    expect(lookups).toEqual([row.keyHash, other.row.keyHash, row.keyHash]);
  });

  it("does not keep what was looked up before it", async () => {
    const { key, row } = await newKey();
    const early = authenticator.authenticate(key);
    authenticator.forget(row.id);
    await early;
    await stores.forTenant(tenantId).apiKeys.revoke(row.id, clock.now());
    await expect(authenticator.authenticate(key)).rejects.toEqual(refused);
  });
});
