import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IDEMPOTENCY_TTL_MS } from "../../src/tenants/idempotency-store.ts";
import { ApiUnderTest, expectProblem } from "./api-under-test.ts";
import { integrationEngines } from "./engines.ts";

let api: ApiUnderTest;
let keys = 0;

describe.each(integrationEngines())("idempotency keys on $name", (engine) => {
  beforeAll(async () => {
    const { stores } = await engine.open();
    api = await ApiUnderTest.open(stores);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });

  const newKey = () => `key-${++keys}`;

  type Options = InjectOptions & { readonly key?: string };

  function send(idempotencyKey: string, options: Options): Promise<LightMyRequestResponse> {
    return api.send({ ...options, headers: { ...options.headers, "idempotency-key": idempotencyKey } });
  }

  const creation = (name = "x", key?: string): Options => ({
    method: "POST",
    url: "/v1/api-keys",
    payload: { name, role: "agent" },
    ...(key !== undefined && { key }),
  });

  const newCustomer = (externalId: string, key?: string): Options => ({
    method: "POST",
    url: "/v1/customers",
    payload: { externalId },
    ...(key !== undefined && { key }),
  });

  async function countKeys(key?: string): Promise<number> {
    const response = await api.send({ url: "/v1/api-keys?limit=100", ...(key !== undefined && { key }) });
    return response.json<{ items: unknown[] }>().items.length;
  }

  describe("a repeated write", () => {
    it("is done once and answered alike: status, body and headers", async () => {
      const idempotencyKey = newKey();
      const first = await send(idempotencyKey, newCustomer("once"));
      const events = (await api.send({ url: "/v1/audit/events?limit=100" })).body;
      const repeat = await send(idempotencyKey, newCustomer("once"));
      expect(first.statusCode).toBe(201);
      expect(first.headers["idempotency-replayed"]).toBeUndefined();
      expect(repeat.statusCode).toBe(201);
      expect(repeat.headers["idempotency-replayed"]).toBe("true");
      expect(repeat.body).toBe(first.body);
      expect(repeat.headers["etag"]).toBe(first.headers["etag"]);
      expect(repeat.headers["content-type"]).toBe(first.headers["content-type"]);
      expect((await api.send({ url: "/v1/audit/events?limit=100" })).body).toBe(events);
      expect((await api.send(newCustomer("once"))).statusCode).toBe(200);
    });

    it("does not tell a secret again", async () => {
      const idempotencyKey = newKey();
      const first = (await send(idempotencyKey, creation())).json<{ key: string; apiKey: object }>();
      const repeat = await send(idempotencyKey, creation());
      expect(repeat.json()).toEqual({ apiKey: first.apiKey, key: null });
      expect(repeat.headers["location"]).toMatch(/^\/v1\/api-keys\//);
    });

    it("without content is repeated without content", async () => {
      const { id } = await api.newKey("agent");
      const idempotencyKey = newKey();
      for (const replayed of [undefined, "true"]) {
        const response = await send(idempotencyKey, { method: "DELETE", url: `/v1/api-keys/${id}` });
        expect(response.statusCode).toBe(204);
        expect(response.body).toBe("");
        expect(response.headers["idempotency-replayed"]).toBe(replayed);
      }
    });

    it("counts as the same however its members are ordered and spaced", async () => {
      const idempotencyKey = newKey();
      const headers = { "content-type": "application/json" };
      const post = (payload: string) => send(idempotencyKey, { method: "POST", url: "/v1/api-keys", headers, payload });
      await post('{"name":"x","role":"agent"}');
      expect((await post(' { "role" : "agent" , "name" : "\\u0078" } ')).headers["idempotency-replayed"]).toBe("true");
    });

    it("at once is done once, the others waiting for the first", async () => {
      const idempotencyKey = newKey();
      const before = await countKeys();
      const responses = await Promise.all(Array.from({ length: 8 }, () => send(idempotencyKey, creation("parallel"))));
      expect(new Set(responses.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
      expect(responses.filter(({ headers }) => headers["idempotency-replayed"] === undefined)).toHaveLength(1);
      expect(await countKeys()).toBe(before + 1);
    });

    it("is done anew after a day", async () => {
      const idempotencyKey = newKey();
      const first = (await send(idempotencyKey, creation())).json<{ apiKey: { id: string } }>();
      api.clock.advance(IDEMPOTENCY_TTL_MS - 1);
      const late = await send(idempotencyKey, creation());
      expect(late.json<{ apiKey: { id: string } }>().apiKey.id).toBe(first.apiKey.id);
      api.clock.advance(1);
      const anew = await send(idempotencyKey, creation("another"));
      expect(anew.statusCode).toBe(201);
      expect(anew.headers["idempotency-replayed"]).toBeUndefined();
    });
  });

  describe("a key that was used", () => {
    it.each([
      ["another body", creation("y")],
      ["another query", { ...creation(), url: "/v1/api-keys?a=1" }],
      ["another method", { method: "DELETE", url: "/v1/api-keys/01a1fd19-d6f0-7000-abde-c75bc5c322fe" }],
      ["another If-Match", { ...creation(), headers: { "if-match": '"1"' } }],
    ] as [string, Options][])("is refused with %s", async (_, other) => {
      const idempotencyKey = newKey();
      await send(idempotencyKey, creation());
      expectProblem(await send(idempotencyKey, other), 422, "idempotency_key_reused");
    });

    it("is refused with another path, which is left as it is", async () => {
      const [one, other] = [await api.newKey("agent"), await api.newKey("agent")];
      const idempotencyKey = newKey();
      const revoke = (id: string) => send(idempotencyKey, { method: "DELETE", url: `/v1/api-keys/${id}` });
      expect((await revoke(one.id)).statusCode).toBe(204);
      expectProblem(await revoke(other.id), 422, "idempotency_key_reused");
      expect((await api.send({ url: `/v1/api-keys/${other.id}` })).json()).toMatchObject({ revokedAt: null });
    });

    it("is refused to a role that may see something else", async () => {
      const [steward, agent] = [await api.newKey("steward"), await api.newKey("agent")];
      const idempotencyKey = newKey();
      expect((await send(idempotencyKey, newCustomer("roles", steward.key))).statusCode).toBe(201);
      expectProblem(await send(idempotencyKey, newCustomer("roles", agent.key)), 422, "idempotency_key_reused");
    });

    it("is another key for another tenant", async () => {
      const [one, other] = [await api.newTenant(), await api.newTenant()];
      const idempotencyKey = newKey();
      const responses = [one, other].map(({ key }) => send(idempotencyKey, newCustomer("same", key)));
      const [first, second] = await Promise.all(responses);
      expect(first?.statusCode).toBe(201);
      expect(second?.statusCode).toBe(201);
      expect(second?.headers["idempotency-replayed"]).toBeUndefined();
      expect(second?.json<{ customerId: string }>().customerId).not.toBe(
        first?.json<{ customerId: string }>().customerId,
      );
    });
  });

  describe("a failure", () => {
    it("is not kept, so that the corrected circumstances count", async () => {
      const tenant = await api.newTenant();
      const [only] = (await api.send({ url: "/v1/api-keys", key: tenant.key })).json<{ items: { id: string }[] }>()
        .items;
      const idempotencyKey = newKey();
      const revocation: Options = { method: "DELETE", url: `/v1/api-keys/${only?.id}`, key: tenant.key };
      expectProblem(await send(idempotencyKey, revocation), 409, "last_admin_key");
      await api.newKey("admin", tenant.key);
      expect((await send(idempotencyKey, revocation)).statusCode).toBe(204);
    });

    it("leaves nothing of its work behind", async () => {
      const tenant = await api.newTenant();
      const idempotencyKey = newKey();
      const expired = { name: "late", role: "agent", expiresAt: "2026-03-03T09:30:00Z" };
      const options: Options = { method: "POST", url: "/v1/api-keys", key: tenant.key, payload: expired };
      expectProblem(await send(idempotencyKey, options), 400, "invalid_request");
      expect(await countKeys(tenant.key)).toBe(1);
      expect((await send(idempotencyKey, creation("x", tenant.key))).statusCode).toBe(201);
    });
  });

  describe("encrypted values", () => {
    it("of a tenant without a key yet are written under an idempotency key, and repeated", async () => {
      const { key } = await api.newTenant();
      const agentId = api.vault.ids.uuid<string>();
      const definition = { valueType: "string", displayName: "SSN", encryptionRequired: true };
      const url = `/v1/agents/${agentId}/field-definitions/ssn`;
      expect((await api.send({ method: "PUT", url, key, payload: definition })).statusCode).toBe(201);
      const { customerId } = (await api.send(newCustomer("encrypted", key))).json<{ customerId: string }>();
      const fields = [{ name: "ssn", value: "078-05-1120", source: "user_provided" }];
      const write: Options = {
        method: "POST",
        url: `/v1/customers/${customerId}/fields`,
        key,
        payload: { agentId, fields },
      };
      const idempotencyKey = newKey();
      const first = await send(idempotencyKey, write);
      expect(first.statusCode).toBe(200);
      expect((await send(idempotencyKey, write)).body).toBe(first.body);
    });
  });
});
