import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CustomerSummary } from "../../src/profiles/customer.ts";
import type { Profile } from "../../src/profiles/profile-view.ts";
import type { Caller } from "./caller.ts";
import { defineFields } from "./define-fields.ts";
import { SECOND_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("customers on $name", (engine) => {
  let world: World;
  let agent: Caller;
  let steward: Caller;
  let count = 0;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent, steward } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const newIdentity = (members: object = {}) => ({ channel: "whatsapp", channelUserId: `+3460${++count}`, ...members });
  const getOrCreate = (body: object) => agent.post<Profile>("/v1/customers", body);
  const find = async (query: Record<string, string>) => {
    const url = `/v1/customers?${new URLSearchParams(query).toString()}`;
    return (await agent.get<{ items: CustomerSummary[]; nextCursor: string | null }>(url)).expect(200);
  };

  describe("get or create", () => {
    it("makes a customer at the first call and finds it at the next", async () => {
      const channelIdentity = newIdentity();
      const created = await getOrCreate({ channelIdentity });
      const profile = created.expect(201);
      expect(profile).toMatchObject({
        externalId: null,
        verificationLevel: "unverified",
        version: 1,
        createdAt: world.clock.now(),
        fields: {},
        assets: [],
        consents: [],
        identities: [{ ...channelIdentity, primary: true, verified: false, verifiedAt: null }],
      });
      expect(created.headers).toMatchObject({ etag: '"1"', location: `/v1/customers/${profile.customerId}` });
      const found = await getOrCreate({ channelIdentity });
      expect(found.expect(200)).toEqual(profile);
    });

    it("gives any number of concurrent callers one customer", async () => {
      const body = { channelIdentity: newIdentity(), externalId: `crm-${++count}` };
      const replies = await Promise.all(Array.from({ length: 20 }, () => getOrCreate(body)));
      const statuses = replies.map(({ status }) => status).toSorted((a, b) => a - b);
      expect(statuses).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
      expect(new Set(replies.map(({ json }) => json.customerId)).size).toBe(1);
      expect((await find({ externalId: body.externalId })).items).toHaveLength(1);
    });

    it("adds the key that is new to the customer found by the other", async () => {
      const channelIdentity = newIdentity();
      const { customerId } = (await getOrCreate({ channelIdentity })).expect(201);
      const externalId = `crm-${++count}`;
      const named = (await getOrCreate({ channelIdentity, externalId })).expect(200);
      expect(named).toMatchObject({ customerId, externalId, version: 2 });
      const second = newIdentity({ channel: "email", channelUserId: "marta@example.com" });
      const linked = (await getOrCreate({ channelIdentity: second, externalId })).expect(200);
      expect(linked).toMatchObject({ customerId, version: 3 });
      expect(linked.identities.map(({ channel }) => channel)).toEqual(["email", "whatsapp"]);
    });

    it("adds a new key once for any number of concurrent callers", async () => {
      const channelIdentity = newIdentity();
      const { customerId } = (await getOrCreate({ channelIdentity })).expect(201);
      const externalId = `crm-${++count}`;
      const replies = await Promise.all(Array.from({ length: 20 }, () => getOrCreate({ channelIdentity, externalId })));
      for (const reply of replies) expect(reply.expect(200)).toMatchObject({ customerId, externalId });
    });

    it("refuses two keys that belong to different customers", async () => {
      const channelIdentity = newIdentity();
      const externalId = `crm-${++count}`;
      const first = (await getOrCreate({ channelIdentity })).expect(201).customerId;
      const second = (await getOrCreate({ externalId })).expect(201).customerId;
      const before = await world.dump(world.a.tenantId);
      const problem = (await getOrCreate({ channelIdentity, externalId })).expectProblem(409, "identity_taken");
      expect(problem).toMatchObject({ identityCustomerId: first, externalIdCustomerId: second });
      const named = { channelIdentity: newIdentity(), externalId: `crm-${++count}` };
      (await getOrCreate(named)).expect(201);
      const other = { channelIdentity: named.channelIdentity, externalId: `crm-${++count}` };
      const afterNamed = await world.dump(world.a.tenantId);
      expect(afterNamed).not.toBe(before);
      (await getOrCreate(other)).expectProblem(409, "external_id_taken");
      expect(await world.dump(world.a.tenantId)).toBe(afterNamed);
    });

    it("takes identifiers as they are: case, accents and separators tell two customers apart", async () => {
      const ids = ["abc", "ABC", "ábc", "a/bc", "a bc", "a%20bc", "a'bc", 'a"bc', "a\\bc", "a:bc"];
      const customers = new Map<string, string>();
      for (const id of ids) {
        const reply = await getOrCreate({ channelIdentity: { channel: "api", channelUserId: id } });
        customers.set(reply.expect(201).customerId, id);
      }
      expect(customers.size).toBe(ids.length);
      for (const [customerId, id] of customers) {
        const { items } = await find({ channel: "api", channelUserId: id });
        expect(items.map((each) => each.customerId)).toEqual([customerId]);
      }
    });

    it("needs a key", async () => {
      (await getOrCreate({})).expectProblem(400, "invalid_request");
    });
  });

  describe("the header", () => {
    it("takes an external id and a verification level, and gives the id back", async () => {
      const customer = await newCustomer(world.a);
      const externalId = `crm-${++count}`;
      world.clock.advance(SECOND_MS);
      const reply = await agent.patch(customer.url, { externalId, verificationLevel: "kyc_complete" });
      expect(reply.expect(200)).toMatchObject({ externalId, verificationLevel: "kyc_complete", version: 2 });
      expect(reply.headers["etag"]).toBe('"2"');
      expect(await customer.profile()).toMatchObject({ externalId, verificationLevel: "kyc_complete" });
      const other = await newCustomer(world.a);
      (await agent.patch(other.url, { externalId })).expectProblem(409, "external_id_taken");
      (await agent.patch(customer.url, { externalId: null })).expect(200);
      (await agent.patch(other.url, { externalId })).expect(200);
    });

    it("changes only at the version the caller knows", async () => {
      const customer = await newCustomer(world.a);
      const patch = (ifMatch: string) =>
        agent.patch(customer.url, { verificationLevel: "email_verified" }, { "if-match": ifMatch });
      (await patch('"1"')).expect(200);
      const stale = (await patch('"1"')).expectProblem(412, "version_mismatch");
      expect(stale["currentVersion"]).toBe(2);
      (await patch('"1", "2"')).expect(200);
      (await patch("*")).expect(200);
      expect((await customer.profile()).version).toBe(4);
    });
  });

  it("forgets a deleted customer and frees its keys", async () => {
    const keys = { channelIdentity: newIdentity(), externalId: `crm-${++count}` };
    const customer = await newCustomer(world.a, keys);
    const field = await customer.writeOne({ name: "city", value: "Vigo" });
    (await steward.delete(customer.url, { "if-match": '"1"' })).expectProblem(412, "version_mismatch");
    (await steward.delete(customer.url)).expect(204);
    (await agent.get(customer.url)).expectProblem(404, "customer_not_found");
    (await agent.get(`${customer.url}?history=true`)).expectProblem(404, "customer_not_found");
    (await agent.get(`${customer.url}/fields/city`)).expectProblem(404, "customer_not_found");
    (await agent.get(`${customer.url}/fields/city/history`)).expectProblem(404, "customer_not_found");
    (await agent.get(`${customer.url}/missing?scenarioId=${uuid()}`)).expectProblem(404, "customer_not_found");
    (await customer.tryWrite([{ name: "city", value: "Lugo" }])).expectProblem(404, "customer_not_found");
    (await steward.delete(customer.url)).expectProblem(404, "customer_not_found");
    expect((await find({ externalId: keys.externalId })).items).toEqual([]);
    expect(await customer.events()).toMatchObject([{ eventType: "customer_deleted" }, {}, {}]);
    const again = await newCustomer(world.a, keys);
    expect(again.id).not.toBe(customer.id);
    expect((await again.profile()).fields).toEqual({});
    expect(field.customerId).toBe(customer.id);
  });

  describe("the list", () => {
    it("pages through all customers, newest first, each once", async () => {
      const callers = await world.newTenant();
      const ids: string[] = [];
      for (let number = 0; number < 7; number++) ids.unshift((await newCustomer(callers)).id);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const url: string = `/v1/customers?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`;
        const page = (await callers.agent.get<{ items: CustomerSummary[]; nextCursor: string | null }>(url)).expect(
          200,
        );
        seen.push(...page.items.map(({ customerId }) => customerId));
        cursor = page.nextCursor;
        // What comes while somebody pages is on no later page.
        if (seen.length === 3) await newCustomer(callers);
      } while (cursor !== null);
      expect(seen).toEqual(ids);
    });

    it("finds by the beginning of a text that is neither personal nor encrypted", async () => {
      const agentId = uuid();
      await defineFields(world.a.admin, agentId, {
        employer: { valueType: "string" },
        legal_name: { valueType: "string", isPii: true },
        account: { valueType: "string", encryptionRequired: true },
      });
      const customer = await newCustomer(world.a);
      await customer.write(
        [
          { name: "employer", value: "Zaragoza 100%_Acme" },
          { name: "legal_name", value: "Zenobia" },
          { name: "account", value: "Zurich-1" },
        ],
        { agentId },
      );
      const found = async (q: string) => (await find({ q })).items.map(({ customerId }) => customerId);
      expect(await found("zaragoza 100%_a")).toEqual([customer.id]);
      for (const q of ["zaragoza 1000", "%", "_", "acme", "zen", "zur", "Z\\"]) expect(await found(q)).toEqual([]);
      await customer.writeOne({ name: "employer", value: "Other" }, { agentId });
      expect(await found("zaragoza")).toEqual([]);
    });

    it("takes one filter at a time", async () => {
      (await agent.get("/v1/customers?channel=whatsapp")).expectProblem(400, "invalid_request");
      (await agent.get("/v1/customers?q=a&externalId=b")).expectProblem(400, "invalid_request");
    });
  });

  describe("identities", () => {
    it("are linked, updated and listed, with one primary identity per channel", async () => {
      const customer = await newCustomer(world.a, { channelIdentity: newIdentity() });
      const [first] = (await customer.profile()).identities;
      const url = `${customer.url}/identities`;
      const second = newIdentity({ primary: true });
      world.clock.advance(SECOND_MS);
      const linked = (await agent.post(url, second)).expect(200);
      expect(linked).toEqual({ ...second, verified: false, verifiedAt: null, createdAt: world.clock.now() });
      const at = world.clock.advance(SECOND_MS);
      const verified = (await agent.post(url, { ...second, verified: true })).expect(200);
      expect(verified).toMatchObject({ verified: true, verifiedAt: at });
      const { items } = (await agent.get<{ items: object[] }>(url)).expect(200);
      expect(items).toEqual([{ ...first, primary: false }, verified]);
    });

    it("that another customer owns are refused", async () => {
      const identity = newIdentity();
      await newCustomer(world.a, { channelIdentity: identity });
      const other = await newCustomer(world.a);
      const before = await world.dump(world.a.tenantId);
      (await agent.post(`${other.url}/identities`, identity)).expectProblem(409, "identity_taken");
      expect(await world.dump(world.a.tenantId)).toBe(before);
    });

    it("go to one of two customers that ask for it at once", async () => {
      const identity = newIdentity();
      const customers = [await newCustomer(world.a), await newCustomer(world.a)];
      const replies = await Promise.all(customers.map(({ url }) => agent.post(`${url}/identities`, identity)));
      expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
      const owner = customers[replies.findIndex(({ status }) => status === 200)];
      const { items } = await find({ channel: identity.channel, channelUserId: identity.channelUserId });
      expect(items.map(({ customerId }) => customerId)).toEqual([owner?.id]);
    });
  });

  it("keeps every grant and revocation of a consent", async () => {
    const customer = await newCustomer(world.a);
    const url = `${customer.url}/consents`;
    const granted = world.clock.now();
    const consent = { consentType: "marketing", granted: true, sourceSessionId: "chat-1", ipAddress: "2001:db8::1" };
    (await agent.post(url, consent)).expect(201);
    const revoked = world.clock.advance(SECOND_MS);
    (await agent.post(url, { consentType: "marketing", granted: false })).expect(201);
    const { items } = (await agent.get<{ items: object[] }>(url)).expect(200);
    expect(items).toMatchObject([
      { granted: true, grantedAt: granted, revokedAt: null, sourceSessionId: "chat-1", ipAddress: "2001:db8::1" },
      { granted: false, grantedAt: null, revokedAt: revoked, sourceSessionId: null, ipAddress: null },
    ]);
    expect((await customer.profile()).consents).toEqual(items);
    expect((await customer.profile(`?knownAt=${granted}`)).consents).toHaveLength(1);
    expect((await customer.events()).map(({ eventType }) => eventType)).toEqual([
      "consent_revoked",
      "consent_granted",
      "customer_created",
    ]);
  });
});
