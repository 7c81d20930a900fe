import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FieldView } from "../../src/profiles/profile-view.ts";
import type { Caller } from "./caller.ts";
import { SECOND_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("fields on $name", (engine) => {
  let world: World;
  let agent: Caller;
  let steward: Caller;
  let admin: Caller;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent, steward, admin } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("keep everything a caller says about them", async () => {
    const customer = await newCustomer(world.a);
    const said = {
      id: uuid(),
      name: "income",
      value: 42_000,
      source: "llm_extracted",
      sources: [
        { type: "session", id: "chat-7", metadata: { turn: 3, quote: "about 42k" } },
        { type: "external", id: null, metadata: {} },
      ],
      confidence: 0.83,
      verified: true,
      verificationMethod: "payslip",
      verifiedBy: "ana",
      expiresAt: "2027-01-01T00:00:00.000Z",
      collectedAt: "2026-01-01T08:00:00.500Z",
      requiresConfirmation: true,
      sourceSessionId: "chat-7",
      sourceScenarioId: "loan",
      sourceStepId: "income",
      metadata: { model: "m-1", nested: { a: [1, null] } },
    };
    const sources = [said.sources[0], { type: "external" }];
    const stored = await customer.writeOne({ ...said, sources, expiresAt: "2027-01-01T01:00:00+01:00" });
    expect(stored).toEqual({
      ...said,
      customerId: customer.id,
      valueType: "number",
      verifiedAt: world.clock.now(),
      recordedAt: world.clock.now(),
      status: "active",
      isOrphaned: false,
      isPii: false,
      encrypted: false,
      masked: false,
      fieldDefinitionId: null,
      supersededById: null,
      supersededAt: null,
      expiredAt: null,
      orphanedAt: null,
      endedAt: null,
      deletedAt: null,
    });
    expect(await customer.field("income")).toEqual(stored);
    expect((await customer.profile()).fields["income"]).toEqual(stored);
  });

  it("are verified by a new version that says who, how and on what evidence", async () => {
    const customer = await newCustomer(world.a);
    const before = await customer.writeOne({ name: "address", value: "Vigo", requiresConfirmation: true });
    const bill = await customer.register({ name: "utility_bill" });
    const at = world.clock.advance(SECOND_MS);
    const verification = { method: "document", by: "ana", evidenceItemId: bill.id };
    const verified = (await agent.post<FieldView>(`${customer.url}/fields/address/verify`, verification)).expect(200);
    expect(verified).toEqual({
      ...before,
      id: verified.id,
      verified: true,
      verificationMethod: "document",
      verifiedBy: "ana",
      verifiedAt: at,
      requiresConfirmation: false,
      sources: [{ type: "profile_asset", id: bill.id, metadata: { role: "evidence" } }],
      recordedAt: at,
    });
    expect(await customer.history("address")).toEqual([
      verified,
      { ...before, status: "superseded", supersededById: verified.id, supersededAt: at, endedAt: at },
    ]);
    expect((await customer.asset(bill.id)).analysisFieldIds).toEqual([verified.id]);
    const [event] = await customer.events("field_verified");
    expect(event).toMatchObject({
      subjectId: verified.id,
      eventData: { name: "address", method: "document", evidenceItemId: bill.id, supersedes: [before.id] },
    });
  });

  it("are confirmed by a new version that waits for nobody", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "pet", value: "cat", requiresConfirmation: true, metadata: { guess: true } });
    const by = { method: "chat", by: "customer" };
    const confirmed = (await agent.post<FieldView>(`${customer.url}/fields/pet/confirm`, by)).expect(200);
    expect(confirmed).toMatchObject({
      value: "cat",
      verified: false,
      requiresConfirmation: false,
      metadata: { guess: true, confirmation: { method: "chat", by: "customer", at: world.clock.now() } },
    });
    expect((await customer.events("field_confirmed")).length).toBe(1);
  });

  it("cannot be verified when they are absent, or by evidence that is", async () => {
    const customer = await newCustomer(world.a);
    const field = await customer.writeOne({ name: "address", value: "Vigo" });
    const gone = await customer.register();
    await customer.deleteAsset(gone.id);
    const before = await world.dump(world.a.tenantId);
    const verify = (name: string, members: object = {}) =>
      agent.post(`${customer.url}/fields/${name}/verify`, { method: "otp", by: "ana", ...members });
    (await verify("nothing")).expectProblem(404, "field_not_found");
    for (const evidenceItemId of [uuid(), gone.id, field.id]) {
      const problem = (await verify("address", { evidenceItemId })).expectProblem(400, "source_not_found");
      expect(problem.errors?.map(({ path }) => path)).toEqual(["/evidenceItemId"]);
    }
    const stale = { "if-match": '"1"' };
    const reply = await agent.post(`${customer.url}/fields/address/verify`, { method: "otp", by: "ana" }, stale);
    reply.expectProblem(412, "version_mismatch");
    expect(await world.dump(world.a.tenantId)).toBe(before);
  });

  it("are deleted with a tombstone that keeps what derives from them explained", async () => {
    const customer = await newCustomer(world.a);
    const income = await customer.writeOne({ name: "income", value: 1 });
    await customer.writeOne({ name: "band", value: "low", sources: [{ type: "profile_field", id: income.id }] });
    const at = world.clock.advance(SECOND_MS);
    const deleted = await steward.delete(`${customer.url}/fields/income`);
    expect(deleted.expect(200)).toEqual({ deleted: [income.id] });
    (await agent.get(`${customer.url}/fields/income`)).expectProblem(404, "field_not_found");
    (await agent.get(`${customer.url}/fields/income?status=any`)).expectProblem(404, "field_not_found");
    expect(await customer.history("income")).toEqual([{ ...income, endedAt: at, deletedAt: at }]);
    expect(await customer.field("band")).toMatchObject({ isOrphaned: true, status: "active" });
    (await steward.delete(`${customer.url}/fields/income`)).expectProblem(404, "field_not_found");
    const next = await customer.writeOne({ name: "income", value: 2 });
    expect(await customer.field("income")).toEqual(next);
    const { items } = (await agent.get<{ items: { id: string }[] }>(`/v1/items/${income.id}/dependents`)).expect(200);
    expect(items).toMatchObject([{ name: "band" }]);
  });

  it("are deleted by status, all versions at once when asked", async () => {
    const customer = await newCustomer(world.a);
    const old = await customer.writeOne({ name: "city", value: "Vigo" });
    const current = await customer.writeOne({ name: "city", value: "Lugo" });
    const remove = (status: string) =>
      steward.delete<{ deleted: string[] }>(`${customer.url}/fields/city?status=${status}`);
    (await remove("orphaned")).expectProblem(404, "field_not_found");
    expect((await remove("superseded")).expect(200)).toEqual({ deleted: [old.id] });
    expect(await customer.field("city")).toEqual(current);
    expect((await remove("any")).expect(200)).toEqual({ deleted: [current.id] });
    expect((await customer.history("city")).every(({ deletedAt }) => deletedAt !== null)).toBe(true);
  });

  it("are purged by administrators with a reason, unless something derives from them", async () => {
    const customer = await newCustomer(world.a);
    const income = await customer.writeOne({ name: "income", value: 1 });
    await customer.writeOne({ name: "band", value: "low", sources: [{ type: "profile_field", id: income.id }] });
    const url = `${customer.url}/fields/income?hard=true`;
    const before = await world.dump(world.a.tenantId);
    (await admin.delete(url)).expectProblem(400, "invalid_request");
    (await admin.delete(`${customer.url}/fields/income?reason=x`)).expectProblem(400, "invalid_request");
    (await steward.delete(`${url}&reason=x`)).expectProblem(403, "forbidden");
    (await admin.delete(`${url}&reason=x`)).expectProblem(409, "has_dependents");
    expect(await world.dump(world.a.tenantId)).toBe(before);
    (await admin.delete(`${customer.url}/fields/band?hard=true&reason=asked`)).expect(200);
    (await admin.delete(`${url}&reason=asked%20by%20the%20customer`)).expect(200);
    (await agent.get(`${customer.url}/fields/income/history`)).expectProblem(404, "field_not_found");
    (await agent.get(`/v1/items/${income.id}/lineage`)).expectProblem(404, "item_not_found");
    const [event] = await customer.events("field_purged");
    expect(event).toMatchObject({ subjectId: income.id, eventData: { reason: "asked by the customer" } });
  });

  it("of one write are kept all or none", async () => {
    const customer = await newCustomer(world.a);
    const before = await world.dump(world.a.tenantId);
    const sources = [{ type: "profile_field", id: uuid() }];
    const reply = await customer.tryWrite([
      { name: "good", value: 1 },
      { name: "bad", value: 1, sources },
    ]);
    reply.expectProblem(400, "source_not_found");
    const twice = await customer.tryWrite([
      { name: "same", value: 1 },
      { name: "same", value: 2 },
    ]);
    twice.expectProblem(400, "invalid_request");
    const many = Array.from({ length: 101 }, (_, number) => ({ name: `f_${number}`, value: 1 }));
    (await customer.tryWrite(many)).expectProblem(400, "invalid_request");
    expect(await world.dump(world.a.tenantId)).toBe(before);
    expect(await customer.write(many.slice(0, 100))).toHaveLength(100);
    expect(Object.keys((await customer.profile()).fields)).toHaveLength(100);
  });

  it("take every name of the pattern but the reserved one", async () => {
    const customer = await newCustomer(world.a);
    const names = ["constructor", "hasownproperty", "valueof", "_", "__", "then", "x".repeat(50), "a1_b2", "null"];
    await customer.write(names.map((name, value) => ({ name, value })));
    const { fields, fieldHistory } = await customer.profile("?history=true");
    expect(Object.keys(fields).toSorted()).toEqual(names.toSorted());
    expect(Object.keys(fieldHistory ?? {}).toSorted()).toEqual(names.toSorted());
    for (const name of names) expect((await customer.field(name)).value).toBe(names.indexOf(name));
    for (const name of ["__proto__", "x".repeat(51), "City", "9a", "", "a-b", "a b", "ñ"]) {
      (await customer.tryWrite([{ name, value: 1 }])).expectProblem(400, "invalid_request");
    }
  });

  it("answer with the version that If-Match takes, and refuse an old one", async () => {
    const customer = await newCustomer(world.a);
    const body = { fields: [{ name: "city", value: "Vigo", source: "user_provided" }] };
    const first = await agent.post(`${customer.url}/fields`, body, { "if-match": '"1"' });
    expect(first.expect(200)).toMatchObject({ version: 2 });
    expect(first.headers["etag"]).toBe('"2"');
    (await agent.post(`${customer.url}/fields`, body, { "if-match": '"1"' })).expectProblem(412, "version_mismatch");
    expect(await customer.history("city")).toHaveLength(1);
    const conditional = Array.from({ length: 5 }, () =>
      agent.post(`${customer.url}/fields`, body, { "if-match": '"2"' }),
    );
    const statuses = (await Promise.all(conditional)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 412, 412, 412, 412]);
  });
});
