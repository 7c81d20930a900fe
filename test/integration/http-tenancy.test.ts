import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/http/route-list.ts";
import { ROLES, roleAllows } from "../../src/tenants/role.ts";
import { ApiUnderTest, type Caller, expectProblem, ROOT_KEY } from "./api-under-test.ts";

let api: ApiUnderTest;
let one: Caller;
let other: Caller;

beforeAll(async () => {
  api = await ApiUnderTest.open();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(async () => {
  one = await api.newTenant();
  other = await api.newTenant();
});

interface Listed {
  readonly items: readonly { readonly id: string; readonly [member: string]: unknown }[];
  readonly nextCursor: string | null;
}

async function list(url: string, key: string): Promise<Listed> {
  const response = await api.send({ url, key });
  expect(response.statusCode).toBe(200);
  return response.json<Listed>();
}

describe("without a right key", () => {
  it.each([
    ["none", null, undefined],
    ["an unknown one", "sr_unknown", undefined],
    ["another scheme", null, "Basic cm9vdDpyb290"],
    ["no key after the scheme", null, "Bearer"],
    ["two keys", null, `Bearer ${ROOT_KEY} ${ROOT_KEY}`],
    ["a key that is too long", "x".repeat(300), undefined],
  ])("%s, every route is closed before it reads the body", async (_, key, authorization) => {
    for (const { method, path } of ROUTES) {
      const headers = { "content-type": "application/json", ...(authorization !== undefined && { authorization }) };
      const response = await api.send({
        method,
        url: path,
        key,
        headers,
        ...(method !== "GET" && { payload: "{not json" }),
      });
      expectProblem(response, 401, "unauthenticated");
      expect(response.headers["www-authenticate"]).toBe('Bearer realm="strongroom"');
    }
  });

  it("takes the scheme in any case", async () => {
    for (const scheme of ["bearer", "BEARER"]) {
      const headers = { authorization: `${scheme}  ${ROOT_KEY}` };
      expect((await api.send({ url: "/v1/api-keys", key: null, headers })).statusCode).toBe(200);
    }
  });

  it("does not take a key from the query or the body", async () => {
    expectProblem(await api.send({ url: `/v1/api-keys?key=${ROOT_KEY}`, key: null }), 401, "unauthenticated");
  });

  it("closes at once for a revoked key, and at its instant for one that expires", async () => {
    const revoked = await api.newKey("auditor", one.key);
    const expiresAt = new Date(Date.parse(api.clock.now()) + 60_000).toISOString();
    const expiring = await api.newKey("auditor", one.key, expiresAt);
    const read = (key: string) => api.send({ url: "/v1/audit/events", key });
    for (const { key } of [revoked, expiring]) expect((await read(key)).statusCode).toBe(200);
    await api.send({ method: "DELETE", url: `/v1/api-keys/${revoked.id}`, key: one.key });
    expectProblem(await read(revoked.key), 401, "unauthenticated");
    api.clock.advance(59_999);
    expect((await read(expiring.key)).statusCode).toBe(200);
    api.clock.advance(1);
    expectProblem(await read(expiring.key), 401, "unauthenticated");
  });
});

describe("roles", () => {
  it.each(ROLES)("%s reaches the routes of its permissions and no other", async (role) => {
    const { key } = await api.newKey(role);
    for (const { method, path, permission } of ROUTES) {
      const response = await api.send({ method, url: path, key });
      if (roleAllows(role, permission)) expect(response.statusCode).not.toBe(403);
      else expect(expectProblem(response, 403, "forbidden")["permission"]).toBe(permission);
    }
  });

  it("of a tenant that is not the platform's never reach other tenants", async () => {
    for (const { method, path } of ROUTES.filter(({ permission }) => permission.startsWith("tenant:"))) {
      const url = path.replace(":tenantId", other.tenantId);
      expectProblem(await api.send({ method, url, key: one.key, payload: {} }), 403, "forbidden");
    }
  });
});

describe("API keys", () => {
  it("are created, listed, read and revoked", async () => {
    const created = await api.send({
      method: "POST",
      url: "/v1/api-keys",
      key: one.key,
      payload: { name: "Agent", role: "agent", expiresAt: "2027-01-01T01:00:00+01:00" },
    });
    expect(created.statusCode).toBe(201);
    const { apiKey, key } = created.json<{ apiKey: { id: string }; key: string }>();
    expect(key).toMatch(/^sr_[A-Za-z0-9_-]{43}$/);
    expect(apiKey).toEqual({
      id: apiKey.id,
      name: "Agent",
      role: "agent",
      prefix: key.slice(0, 7),
      createdAt: api.clock.now(),
      expiresAt: "2027-01-01T00:00:00.000Z",
      revokedAt: null,
    });
    expect(created.headers["location"]).toBe(`/v1/api-keys/${apiKey.id}`);
    expect((await list("/v1/api-keys", one.key)).items[0]).toEqual(apiKey);
    expect((await api.send({ url: `/v1/api-keys/${apiKey.id}`, key: one.key })).json()).toEqual(apiKey);
    const revoke = () => api.send({ method: "DELETE", url: `/v1/api-keys/${apiKey.id}`, key: one.key });
    expect((await revoke()).statusCode).toBe(204);
    expect((await revoke()).statusCode).toBe(204);
    expect((await list("/v1/api-keys", one.key)).items[0]).toEqual({ ...apiKey, revokedAt: api.clock.now() });
  });

  it("are paged", async () => {
    for (let count = 0; count < 4; count++) await api.newKey("agent", one.key);
    const whole = await list("/v1/api-keys?limit=100", one.key);
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Listed = await list(`/v1/api-keys?limit=2${cursor && `&cursor=${cursor}`}`, one.key);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(whole.items.map(({ id }) => id));
    expect(seen).toHaveLength(5);
  });

  it("of another tenant do not exist", async () => {
    const { id } = await api.newKey("agent", other.key);
    for (const method of ["GET", "DELETE"] as const) {
      expectProblem(await api.send({ method, url: `/v1/api-keys/${id}`, key: one.key }), 404, "api_key_not_found");
      expectProblem(await api.send({ method, url: `/v1/api-keys/${id}`, key: ROOT_KEY }), 404, "api_key_not_found");
    }
    expect((await list("/v1/api-keys", one.key)).items).toHaveLength(1);
    expect((await api.send({ url: `/v1/api-keys/${id}`, key: other.key })).json()).toMatchObject({ revokedAt: null });
  });

  it("keep one administrator", async () => {
    const [admin] = (await list("/v1/api-keys", one.key)).items;
    const response = await api.send({ method: "DELETE", url: `/v1/api-keys/${admin?.id}`, key: one.key });
    expectProblem(response, 409, "last_admin_key");
  });
});

describe("tenants", () => {
  it("are created, listed by slug, read and changed", async () => {
    const payload = { slug: "zz-acme", name: "Acme", validationMode: "strict" };
    const created = await api.send({ method: "POST", url: "/v1/tenants", payload });
    expect(created.statusCode).toBe(201);
    const { tenant, apiKey } = created.json<{ tenant: { id: string }; apiKey: object }>();
    expect(tenant).toMatchObject({ ...payload, isPlatform: false });
    expect(apiKey).toMatchObject({ role: "admin" });
    const url = `/v1/tenants/${tenant.id}`;
    expect(created.headers["location"]).toBe(url);
    expect((await api.send({ url })).json()).toEqual(tenant);
    const slugs = (await list("/v1/tenants?limit=100", ROOT_KEY)).items.map(({ slug }) => String(slug));
    expect(slugs).toEqual(slugs.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(slugs).toContain("zz-acme");
    const changed = await api.send({ method: "PATCH", url, payload: { validationMode: null } });
    expect(changed.json()).toEqual({ ...tenant, validationMode: null, updatedAt: api.clock.now() });
  });

  it("have a slug of their own, with and without an idempotency key", async () => {
    const payload = { slug: "taken", name: "Taken" };
    const headers = { "idempotency-key": "tenant-1" };
    expect((await api.send({ method: "POST", url: "/v1/tenants", payload, headers })).statusCode).toBe(201);
    for (const repeat of [headers, {}]) {
      const response = await api.send({ method: "POST", url: "/v1/tenants", payload, headers: repeat });
      expectProblem(response, 409, "tenant_exists");
    }
  });

  it.each(["", "A", "-a", "a b", "ä", "a".repeat(64), "a/b"])("do not take the slug %j", async (slug) => {
    const response = await api.send({ method: "POST", url: "/v1/tenants", payload: { slug, name: "x" } });
    expectProblem(response, 400, "invalid_request");
  });

  it("that do not exist are not found, and a change says something", async () => {
    const url = `/v1/tenants/${api.vault.ids.uuid<string>()}`;
    expectProblem(await api.send({ url }), 404, "tenant_not_found");
    expectProblem(await api.send({ method: "PATCH", url, payload: { name: "x" } }), 404, "tenant_not_found");
    expectProblem(await api.send({ method: "PATCH", url, payload: {} }), 400, "invalid_request");
  });
});

describe("the audit journal", () => {
  it("names who did what in which request", async () => {
    const headers = { "x-request-id": "request-77" };
    const payload = { name: "x", role: "agent" };
    const created = await api.send({ method: "POST", url: "/v1/api-keys", key: one.key, headers, payload });
    const [event] = (await list("/v1/audit/events?eventType=api_key_created", one.key)).items;
    const [admin] = (await list("/v1/api-keys", one.key)).items.toReversed();
    expect(event).toMatchObject({
      eventType: "api_key_created",
      subjectId: created.json<{ apiKey: { id: string } }>().apiKey.id,
      actor: { type: "api_key", id: admin?.id, role: "admin" },
      requestId: "request-77",
      timestamp: api.clock.now(),
    });
  });

  it("is the tenant's own: the same filters and cursors show another tenant nothing of it", async () => {
    for (let count = 0; count < 3; count++) await api.newKey("agent", one.key);
    const mine = await list("/v1/audit/events?limit=2", one.key);
    expect(mine.items).toHaveLength(2);
    const theirs = await list("/v1/audit/events?limit=100", other.key);
    expect(theirs.items.map(({ eventType }) => eventType)).toEqual(["api_key_created", "tenant_created"]);
    const replayed = await list(`/v1/audit/events?limit=2&cursor=${mine.nextCursor}`, other.key);
    const own = new Set(theirs.items.map(({ id }) => id));
    for (const { id } of replayed.items) expect(own).toContain(id);
  });

  it("filters by time, ends included", async () => {
    api.clock.advance(1_000);
    const from = api.clock.now();
    await api.newKey("agent", one.key);
    api.clock.advance(1_000);
    await api.newKey("agent", one.key);
    const between = (start: string, end: string) => list(`/v1/audit/events?from=${start}&to=${end}`, one.key);
    expect((await between(from, from)).items).toHaveLength(1);
    expect((await between(from, api.clock.now())).items).toHaveLength(2);
    const later = new Date(Date.parse(api.clock.now()) + 1).toISOString();
    expect((await between(later, later)).items).toEqual([]);
  });

  it("refuses the cursor of another filter", async () => {
    for (let count = 0; count < 3; count++) await api.newKey("agent", one.key);
    const { nextCursor } = await list("/v1/audit/events?limit=1", one.key);
    const url = `/v1/audit/events?limit=1&eventType=api_key_created&cursor=${nextCursor}`;
    expectProblem(await api.send({ url, key: one.key }), 400, "invalid_cursor");
  });
});
