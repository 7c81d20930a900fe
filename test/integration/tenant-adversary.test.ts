import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/http/route-list.ts";
import type { ItemId } from "../../src/identifiers.ts";
import type { Profile } from "../../src/profiles/profile-view.ts";
import type { Reply } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { multipart } from "./multipart.ts";
import { newFixture, ROUTE_REQUESTS, type RouteFixture } from "./route-requests.ts";
import { newCustomer, registration, TestCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

type Verdict =
  /** Things of another tenant do not exist. */
  | { readonly notFound: string }
  /** The answer holds nothing. */
  | { readonly nothing: object }
  /** Done among the caller's own things; the other tenant's ids are free here. */
  | { readonly own: number }
  | { readonly forbidden: true };

const noCustomer: Verdict = { notFound: "customer_not_found" };
const noSession: Verdict = { notFound: "session_not_found" };
const noItem: Verdict = { notFound: "item_not_found" };
const noWallet: Verdict = { notFound: "wallet_not_found" };
const noDefinition: Verdict = { notFound: "definition_not_found" };
const noRegister: Verdict = { notFound: "register_not_found" };
const emptyList: Verdict = { nothing: { items: [], nextCursor: null } };
const noPass: Verdict = { nothing: { count: 0, items: [] } };

/**
 * What an administrator of another tenant gets for each request that is about things of tenant A. That the same
 * requests succeed for an administrator of A is part of the test of roles.
 */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  getOrCreateCustomer: { own: 201 },
  listCustomers: emptyList,
  getCustomer: noCustomer,
  updateCustomer: noCustomer,
  deleteCustomer: noCustomer,
  writeFields: noCustomer,
  getField: noCustomer,
  getFieldHistory: noCustomer,
  verifyField: noCustomer,
  confirmField: noCustomer,
  deleteField: noCustomer,
  listMissingFields: noCustomer,
  addAsset: noCustomer,
  listAssets: noCustomer,
  getAsset: noCustomer,
  getAssetContent: noCustomer,
  deleteAsset: noCustomer,
  getLineage: noItem,
  listDependents: noItem,
  listIdentities: noCustomer,
  linkIdentity: noCustomer,
  listConsents: noCustomer,
  recordConsent: noCustomer,
  mergeCustomers: noCustomer,
  undoMerge: { notFound: "merge_not_found" },
  openSession: noCustomer,
  listSessions: emptyList,
  getSession: noSession,
  updateSession: noSession,
  deleteSession: noSession,
  listDefinitions: emptyList,
  putDefinition: { own: 201 },
  getDefinition: noDefinition,
  deleteDefinition: noDefinition,
  validateValue: noDefinition,
  getAgentSettings: { own: 200 },
  putAgentSettings: { own: 200 },
  putRequirements: { own: 200 },
  listRequirements: emptyList,
  deleteRequirements: { nothing: { deleted: 0 } },
  expireStale: noPass,
  detectOrphans: noPass,
  invalidateCache: { nothing: { enabled: expect.any(Boolean), removed: 0, degraded: false } },
  listAuditEvents: emptyList,
  getAuditEvent: { notFound: "audit_event_not_found" },
  getRegister: noRegister,
  listDockets: noRegister,
  getDocket: noRegister,
  listTransactions: noRegister,
  getTransaction: noRegister,
  getTransactionProof: noRegister,
  getEventReceipt: { notFound: "audit_event_not_found" },
  proveConsistency: noRegister,
  listCheckpoints: noRegister,
  verifyRegister: noRegister,
  recoverRegister: noRegister,
  getReplicationHead: noRegister,
  getReplicationDockets: noRegister,
  createWallet: { own: 201 },
  listWallets: emptyList,
  getWallet: noWallet,
  updateWallet: noWallet,
  deleteWallet: noWallet,
  rotateWalletKey: noWallet,
  signMessage: noWallet,
  grantWallet: noWallet,
  listWalletGrants: noWallet,
  revokeWalletGrant: noWallet,
  createApiKey: { own: 201 },
  listApiKeys: { own: 200 },
  getApiKey: { notFound: "api_key_not_found" },
  revokeApiKey: { notFound: "api_key_not_found" },
  createTenant: { forbidden: true },
  listTenants: { forbidden: true },
  getTenant: { forbidden: true },
  updateTenant: { forbidden: true },
};

describe.each(integrationEngines())("another tenant on $name", (engine) => {
  let world: World;
  let fixture: RouteFixture;
  let before: string;
  let files: readonly string[];

  beforeAll(async () => {
    world = await openWorld(engine);
    fixture = await newFixture(world.a);
    files = await world.blobFiles();
  });
  beforeEach(async () => {
    before = await world.dump(world.a.tenantId);
    expect(before).toContain(fixture.customerId);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function expectUntouched(): Promise<void> {
    expect(await world.dump(world.a.tenantId)).toBe(before);
    expect(await world.blobFiles()).toEqual(expect.arrayContaining([...files]));
  }

  /** Ids, names and values of tenant A; the answer may repeat what was asked for, and nothing else. */
  function expectNoTrace(reply: Reply<unknown>, asked: string): void {
    const secrets = [...Object.values(fixture), "Vigo"].filter((text) => !asked.includes(text));
    for (const secret of secrets) expect(reply.text).not.toContain(secret);
  }

  it("has a verdict for every route", () => {
    expect(Object.keys(VERDICTS)).toEqual(ROUTES.map(({ name }) => name));
  });

  it.each(ROUTES.map(({ name }) => name))("%s shows and changes nothing", async (name) => {
    const request = ROUTE_REQUESTS[name]?.(fixture);
    const verdict = VERDICTS[name];
    if (!request || !verdict) expect.fail(`${name} has no case`);
    const { admin } = await world.newTenant();
    const reply = await admin.send(request.method, request.url, request);
    if ("notFound" in verdict) {
      reply.expectProblem(404, verdict.notFound);
      expect(ROUTES.find((route) => route.name === name)?.errors).toContain(verdict.notFound);
    } else if ("forbidden" in verdict) reply.expectProblem(403, "forbidden");
    else if ("nothing" in verdict) expect(reply.expect(200)).toEqual(verdict.nothing);
    else expect(reply.status).toBe(verdict.own);
    expectNoTrace(reply, JSON.stringify(request));
    await expectUntouched();
  });

  describe("with a customer of its own", () => {
    let customer: TestCustomer;

    beforeAll(async () => {
      customer = await newCustomer(world.b);
      await customer.writeOne({ name: "city", value: "Lugo" });
    });

    it("cannot name foreign items as sources or evidence", async () => {
      const own = await world.dump(world.b.tenantId);
      for (const [type, id] of [
        ["profile_field", fixture.fieldId],
        ["profile_asset", fixture.assetId],
      ] as const) {
        const sources = [{ type, id }];
        (await customer.tryWrite([{ name: "derived", value: 1, sources }])).expectProblem(400, "source_not_found");
        const asset = registration({ sources });
        (await world.b.agent.post(`${customer.url}/assets`, asset)).expectProblem(400, "source_not_found");
        const body = multipart([
          { name: "file", filename: "a", type: "image/png", content: "x" },
          { name: "metadata", content: JSON.stringify({ name: "a", assetType: "image", sources }) },
        ]);
        const upload = await world.b.agent.send("POST", `${customer.url}/assets`, body);
        upload.expectProblem(400, "source_not_found");
        const evidence = { method: "otp", by: "x", evidenceItemId: id };
        const verify = await world.b.agent.post(`${customer.url}/fields/city/verify`, evidence);
        verify.expectProblem(400, "source_not_found");
      }
      expect(await world.dump(world.b.tenantId)).toBe(own);
      await expectUntouched();
    });

    it("cannot merge a foreign customer into it, nor it into a foreign one", async () => {
      const into = await world.b.admin.post(`${customer.url}/merge`, { sourceCustomerId: fixture.customerId });
      into.expectProblem(404, "customer_not_found");
      const foreign = `/v1/customers/${fixture.customerId}/merge`;
      const away = await world.b.admin.post(foreign, { sourceCustomerId: customer.id });
      away.expectProblem(404, "customer_not_found");
      expect(await customer.profile()).toMatchObject({ customerId: customer.id });
      await expectUntouched();
    });

    it("cannot reach foreign assets through its own customer", async () => {
      const url = `${customer.url}/assets/${fixture.assetId}`;
      (await world.b.admin.get(url)).expectProblem(404, "asset_not_found");
      (await world.b.admin.get(`${url}/content`)).expectProblem(404, "asset_not_found");
      (await world.b.admin.delete(url)).expectProblem(404, "asset_not_found");
      (await world.b.admin.delete(`${url}?hard=true&reason=x`)).expectProblem(404, "asset_not_found");
      await expectUntouched();
    });

    it("may use the same ids, keys and names for its own things", async () => {
      const keys = {
        channelIdentity: { channel: "sms", channelUserId: fixture.channelUserId },
        externalId: fixture.externalId,
      };
      const own = await newCustomer(world.b, keys);
      const field = await own.writeOne({ id: fixture.fieldId, name: "city", value: "Lugo" });
      const asset = await own.register({ id: fixture.assetId, sources: [{ type: "profile_field", id: field.id }] });
      expect([field.id, asset.id]).toEqual([fixture.fieldId, fixture.assetId]);
      expect((await own.profile()).fields["city"]?.value).toBe("Lugo");
      const chain = await world.b.agent.get<{ items: { customerId: string }[] }>(`/v1/items/${asset.id}/lineage`);
      expect(chain.expect(200).items.map(({ customerId }) => customerId)).toEqual([own.id, own.id]);
      await own.deleteAsset(asset.id);
      (await world.b.admin.delete(`${own.url}/fields/city?hard=true&reason=x`)).expect(200);
      await expectUntouched();
      const original = await world.a.agent.get<Profile>(`/v1/customers/${fixture.customerId}`);
      expect(original.expect(200).fields["city"]).toMatchObject({ id: fixture.fieldId, value: "Vigo" });
    });

    it("orphans nothing of a tenant in which an item of the same id is gone", async () => {
      const shared = "01a00000-ffff-7000-8000-000000000001";
      const mine = await newCustomer(world.a);
      await mine.writeOne({ id: shared, name: "base", value: 1 });
      await mine.writeOne({ name: "derived", value: 1, sources: [{ type: "profile_field", id: shared }] });
      const theirs = await newCustomer(world.b);
      await theirs.writeOne({ id: shared, name: "base", value: 1 });
      const derived = await theirs.writeOne({
        name: "derived",
        value: 1,
        sources: [{ type: "profile_field", id: shared }],
      });
      await theirs.deleteField("base");
      const report = (await world.b.admin.post("/v1/admin/profiles/detect-orphans")).expect(200);
      expect(report).toMatchObject({ count: 1, items: [{ itemId: derived.id }] });
      expect(await mine.field("derived")).toMatchObject({ isOrphaned: false, status: "active" });
      expect(await mine.detectOrphans()).toEqual({ count: 0, items: [] });
    });
  });

  it("gets nothing by a cursor of this one", async () => {
    await newCustomer(world.a);
    const lists = [
      "/v1/customers?limit=1",
      "/v1/api-keys?limit=1",
      "/v1/audit/events?limit=1",
      `/v1/customers/${fixture.customerId}/assets?limit=1`,
      "/v1/wallets?limit=1",
      `/v1/wallets/${fixture.walletId}/grants?limit=1`,
    ];
    const thief = await world.newTenant();
    for (const url of lists) {
      const page = (await world.a.admin.get<{ nextCursor: string | null }>(url)).expect(200);
      expect(page.nextCursor).not.toBeNull();
      const reply = await thief.admin.get(`${url}&cursor=${page.nextCursor}`);
      expect([200, 404]).toContain(reply.status);
      expectNoTrace(reply, url);
    }
  });

  it("does not get an answer that is kept under an idempotency key", async () => {
    const request = ROUTE_REQUESTS["getOrCreateCustomer"]?.(fixture);
    const headers = { "idempotency-key": "shared-between-tenants" };
    const first = await world.a.agent.post<Profile>("/v1/customers", request?.body, headers);
    expect(first.expect(200).customerId).toBe(fixture.customerId);
    const thief = await world.newTenant();
    const second = await thief.agent.post<Profile>("/v1/customers", request?.body, headers);
    expect(second.expect(201).customerId).not.toBe(fixture.customerId);
    expect(second.headers["idempotency-replayed"]).toBeUndefined();
    expect(second.json.fields).toEqual({});
  });

  it("learns nothing from the events of the whole vault: passes run per tenant", async () => {
    const mine = await newCustomer(world.a);
    const due = await mine.writeOne({ name: "otp", value: 1, expiresAt: world.clock.now() });
    const report = await world.b.admin.post<{ count: number; items: { itemId: ItemId }[] }>(
      "/v1/admin/profiles/expire-stale",
    );
    expect(report.expect(200).items.map(({ itemId }) => itemId)).not.toContain(due.id);
    expect(await mine.field("otp")).toMatchObject({ status: "active" });
  });

  it("is anybody else, the platform's administrator too", async () => {
    const customer = `/v1/customers/${fixture.customerId}`;
    (await world.platform.get(customer)).expectProblem(404, "customer_not_found");
    (await world.platform.get(`/v1/items/${fixture.fieldId}/lineage`)).expectProblem(404, "item_not_found");
    expect((await world.platform.get(`/v1/audit/events?customerId=${fixture.customerId}`)).expect(200)).toEqual({
      items: [],
      nextCursor: null,
    });
    await expectUntouched();
  });
});
