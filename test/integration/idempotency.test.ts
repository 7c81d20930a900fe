import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/http/route-list.ts";
import type { FieldWriteAnswer } from "../../src/profiles/field-service.ts";
import type { Profile } from "../../src/profiles/profile-view.ts";
import type { Caller } from "./caller.ts";
import { defineFields } from "./define-fields.ts";
import { DAY_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { newFixture, ROUTE_REQUESTS } from "./route-requests.ts";
import { newCustomer, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("idempotency keys on $name", (engine) => {
  let world: World;
  let agent: Caller;
  let customer: TestCustomer;
  let keys = 0;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent } = world.a);
    customer = await newCustomer(world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const newKey = () => ({ "idempotency-key": `key-${++keys}` });
  const write = (field: { name: string; value: unknown }, headers: Record<string, string>, caller = agent) =>
    caller.post<FieldWriteAnswer>(
      `${customer.url}/fields`,
      { fields: [{ ...field, source: "user_provided" }] },
      headers,
    );

  const recorded = ROUTES.filter(({ method, idempotency }) => method !== "GET" && idempotency !== "natural");

  it.each(recorded.map(({ name }) => name))("%s is done once and answered alike", async (name) => {
    const callers = await world.newTenant();
    const request = ROUTE_REQUESTS[name]?.(await newFixture(callers));
    if (!request) expect.fail(`${name} has no request`);
    const headers = newKey();
    const first = await callers.admin.send(request.method, request.url, { ...request, headers });
    expect(`${first.status} ${first.text}`).toMatch(/^20[014] /);
    const after = await world.dump(callers.tenantId);
    const repeat = await callers.admin.send(request.method, request.url, { ...request, headers });
    expect(repeat.status).toBe(first.status);
    if (name !== "createApiKey") expect(repeat.text).toBe(first.text);
    expect(repeat.headers).toMatchObject({ "idempotency-replayed": "true" });
    expect(repeat.headers["etag"]).toBe(first.headers["etag"]);
    expect(await world.dump(callers.tenantId)).toBe(after);
    if (request.body === undefined) return;
    const other = { ...request, body: { ...request.body, ...CHANGED[name] }, headers };
    const reused = await callers.admin.send(request.method, request.url, other);
    reused.expectProblem(422, "idempotency_key_reused");
    expect(await world.dump(callers.tenantId)).toBe(after);
  });

  it("let one of twenty requests at once do the work", async () => {
    const headers = newKey();
    const replies = await Promise.all(Array.from({ length: 20 }, () => write({ name: "once", value: 1 }, headers)));
    const texts = new Set(replies.map((reply) => `${reply.status} ${reply.text}`));
    expect(texts.size).toBe(1);
    expect(replies[0]?.status).toBe(200);
    expect(replies.filter((reply) => reply.headers["idempotency-replayed"] === undefined)).toHaveLength(1);
    expect(await customer.history("once")).toHaveLength(1);
  });

  it("let twenty different requests at once each have their effect", async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, value) => write({ name: "each", value }, newKey())),
    );
    for (const reply of replies) reply.expect(200);
    const history = await customer.history("each");
    expect(history).toHaveLength(20);
    expect(history.filter(({ status }) => status === "active")).toHaveLength(1);
    const channelIdentity = { channel: "voice", channelUserId: "+34600" };
    const customers = await Promise.all(
      Array.from({ length: 20 }, () => agent.post<Profile>("/v1/customers", { channelIdentity }, newKey())),
    );
    const statuses = customers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    expect(new Set(customers.map(({ json }) => json.customerId)).size).toBe(1);
  });

  it("first used for an encrypted value by twenty at once give every one its answer", async () => {
    const callers = await world.newTenant();
    const agentId = uuid();
    await defineFields(callers.admin, agentId, { account: { valueType: "string", encryptionRequired: true } });
    const own = await newCustomer(callers);
    const body = (value: string) => ({ agentId, fields: [{ name: "account", value, source: "user_provided" }] });
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        callers.agent.post<FieldWriteAnswer>(`${own.url}/fields`, body(`ES-${number}`), newKey()),
      ),
    );
    const values = replies.map((reply) => reply.expect(200).results[0]?.field?.value);
    const history = await own.history("account");
    expect(new Set(history.map(({ value }) => value))).toEqual(new Set(values));
  });

  it("do not keep a failure", async () => {
    const headers = newKey();
    const agentId = uuid();
    await defineFields(world.a.admin, agentId, { born: { valueType: "date", validationMode: "strict" } });
    const body = { agentId, fields: [{ name: "born", value: "soon", source: "user_provided" }] };
    const before = await world.dump(world.a.tenantId);
    const url = `${customer.url}/fields`;
    (await agent.post(url, body, headers)).expectProblem(422, "schema_validation_failed");
    expect(await world.dump(world.a.tenantId)).toBe(before);
    await defineFields(world.a.admin, agentId, { born: { valueType: "date", validationMode: "warn" } });
    const second = await agent.post(url, body, headers);
    second.expect(200);
    expect(second.headers["idempotency-replayed"]).toBeUndefined();
  });

  it("forget after a day", async () => {
    const headers = newKey();
    const first = (await write({ name: "daily", value: 1 }, headers)).expect(200);
    world.clock.advance(DAY_MS - 1);
    expect((await write({ name: "daily", value: 1 }, headers)).expect(200)).toEqual(first);
    (await write({ name: "daily", value: 2 }, headers)).expectProblem(422, "idempotency_key_reused");
    world.clock.advance(1);
    const next = await write({ name: "daily", value: 2 }, headers);
    expect(next.expect(200)).not.toEqual(first);
    expect(next.headers["idempotency-replayed"]).toBeUndefined();
    expect(await customer.history("daily")).toHaveLength(2);
  });

  it("keep nothing of an answer in clear", async () => {
    const headers = newKey();
    await defineFields(world.a.admin, uuid(), { secret_code: { valueType: "string", isPii: true } });
    const account = uuid();
    await defineFields(world.a.admin, account, { iban: { valueType: "string", encryptionRequired: true } });
    const body = { agentId: account, fields: [{ name: "iban", value: "ES-in-clear-12", source: "user_provided" }] };
    (await agent.post(`${customer.url}/fields`, body, headers)).expect(200);
    const stored = await world.dump(world.a.tenantId);
    expect(stored).toContain("idempotency_keys");
    for (const hidden of ["ES-in-clear-12", headers["idempotency-key"]]) {
      expect(stored).not.toContain(hidden);
      expect(stored).not.toContain(Buffer.from(hidden).toString("base64").slice(0, 12));
      expect(stored).not.toContain(Buffer.from(hidden).toString("hex"));
    }
    const replayed = (await agent.post<FieldWriteAnswer>(`${customer.url}/fields`, body, headers)).expect(200);
    expect(replayed.results[0]?.field?.value).toBe("ES-in-clear-12");
  });

  it("are each tenant's own, and each role's", async () => {
    const headers = newKey();
    (await write({ name: "mine", value: 1 }, headers)).expect(200);
    const theirs = await world.b.agent.post<Profile>("/v1/customers", { externalId: "x" }, headers);
    theirs.expect(201);
    (await write({ name: "mine", value: 1 }, headers, world.a.steward)).expectProblem(422, "idempotency_key_reused");
  });
});

/** What makes the body of a route's request another one, which would succeed too. */
const CHANGED: Readonly<Record<string, object>> = {
  getOrCreateCustomer: { externalId: undefined },
  updateCustomer: { verificationLevel: "kyc_complete" },
  writeFields: { mode: undefined },
  verifyField: { by: "bob" },
  confirmField: { by: "bob" },
  addAsset: { name: "other" },
  linkIdentity: { verified: false },
  recordConsent: { granted: false },
  mergeCustomers: { sourceCustomerId: "01a00000-ffff-7000-8000-00000000000f" },
  putDefinition: { displayName: "Town" },
  putAgentSettings: { validationMode: null },
  putRequirements: { requirements: [] },
  openSession: { configVersion: 2 },
  updateSession: { turnCount: 5 },
  createWallet: { name: "Other" },
  updateWallet: { name: "Other" },
  signMessage: { content: { claim: "minor" } },
  grantWallet: { reason: "Illness" },
  createApiKey: { name: "other" },
};

describe.each(integrationEngines().filter(({ name }) => name.startsWith("postgres")))(
  "a pool of two connections",
  (engine) => {
    it("is enough for any number of requests that wait for each other", async () => {
      await using world = await openWorld(engine, { storage: { warm: { relational: { postgres: { poolMax: 2 } } } } });
      const customer = await newCustomer(world.a);
      const agentId = uuid();
      await defineFields(world.a.admin, agentId, { account: { valueType: "string", encryptionRequired: true } });
      const body = { agentId, fields: [{ name: "account", value: "ES-1", source: "user_provided" }] };
      const headers = { "idempotency-key": "the-same" };
      const requests = Array.from({ length: 40 }, (_, number) =>
        world.a.agent.post(`${customer.url}/fields`, body, number % 2 === 0 ? headers : {}),
      );
      for (const reply of await Promise.all(requests)) reply.expect(200);
      expect(await customer.history("account")).toHaveLength(21);
    });
  },
);
