import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MergeSummary } from "../../src/profiles/merge-service.ts";
import type { Profile } from "../../src/profiles/profile-view.ts";
import type { Caller, Reply } from "./caller.ts";
import { defineFields } from "./define-fields.ts";
import { SECOND_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("merging customers on $name", (engine) => {
  let world: World;
  let agent: Caller;
  let steward: Caller;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent, steward } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const tryMerge = (target: TestCustomer, source: TestCustomer): Promise<Reply<MergeSummary>> =>
    steward.post<MergeSummary>(`${target.url}/merge`, { sourceCustomerId: source.id });
  const merge = async (target: TestCustomer, source: TestCustomer): Promise<MergeSummary> =>
    (await tryMerge(target, source)).expect(200);
  const tryUndo = (mergeId: string) => steward.post<MergeSummary>(`/v1/merges/${mergeId}/undo`);
  const undo = async (mergeId: string) => (await tryUndo(mergeId)).expect(200);
  /** The exact bytes that a reader gets. */
  const bytesOf = async (...customers: TestCustomer[]) => {
    const replies = await Promise.all(customers.map(({ url }) => agent.get(`${url}?history=true`)));
    return replies.map((reply) => `${reply.status} ${reply.text}`).join("\n");
  };
  const valuesOf = ({ fields }: Profile) =>
    Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]));

  it("lets the verified value win, then the more confident, then the newer, and a draw stay", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    const older = "2020-01-01T00:00:00.000Z";
    const newer = "2025-01-01T00:00:00.000Z";
    const contest: Record<string, [object, object]> = {
      target_verified: [
        { verified: true, confidence: 0.1, collectedAt: older },
        { confidence: 1, collectedAt: newer },
      ],
      source_verified: [
        { confidence: 1, collectedAt: newer },
        { verified: true, confidence: 0.1, collectedAt: older },
      ],
      target_sure: [
        { confidence: 0.9, collectedAt: older },
        { confidence: 0.8, collectedAt: newer },
      ],
      source_sure: [
        { confidence: 0.8, collectedAt: newer },
        { confidence: 0.9, collectedAt: older },
      ],
      target_newer: [{ collectedAt: newer }, { collectedAt: older }],
      source_newer: [{ collectedAt: older }, { collectedAt: newer }],
      draw_stays: [{ collectedAt: newer }, { collectedAt: newer }],
    };
    const names = Object.keys(contest);
    const mine = await target.write(names.map((name) => ({ name, value: "target", ...contest[name]?.[0] })));
    const theirs = await source.write(names.map((name) => ({ name, value: "source", ...contest[name]?.[1] })));
    await source.writeOne({ name: "only_source", value: "source" });
    const at = world.clock.advance(SECOND_MS);
    await merge(target, source);

    const profile = await target.profile();
    expect(valuesOf(profile)).toEqual({
      target_verified: "target",
      source_verified: "source",
      target_sure: "target",
      source_sure: "source",
      target_newer: "target",
      source_newer: "source",
      draw_stays: "target",
      only_source: "source",
    });
    for (const [index, name] of names.entries()) {
      const winner = profile.fields[name];
      const pair = [mine[index]?.id, theirs[index]?.id];
      expect(pair).toContain(winner?.id);
      const history = await target.history(name);
      expect(new Set(history.map(({ id }) => id))).toEqual(new Set(pair));
      const loser = history.find(({ id }) => id !== winner?.id);
      expect(loser).toMatchObject({ status: "superseded", supersededById: winner?.id, supersededAt: at });
    }
  });

  it("moves identities, consents, assets with their bytes, and the stronger header", async () => {
    const externalId = `crm-${uuid()}`;
    const source = await newCustomer(world.a, {
      channelIdentity: { channel: "email", channelUserId: "moving@example.com", verified: true },
      externalId,
    });
    const target = await newCustomer(world.a);
    (await agent.patch(source.url, { verificationLevel: "document_verified" })).expect(200);
    (await agent.post(`${source.url}/consents`, { consentType: "marketing", granted: true })).expect(201);
    const card = await source.upload({ bytes: "the card" });
    world.clock.advance(SECOND_MS);
    await target.writeOne({ name: "city", value: "Vigo" });
    const interaction = world.clock.now();
    world.clock.advance(SECOND_MS);
    const summary = await merge(target, source);
    expect(summary).toEqual({
      mergeId: expect.any(String) as string,
      sourceCustomerId: source.id,
      targetCustomerId: target.id,
      mergedAt: world.clock.now(),
      undoneAt: null,
    });
    const profile = await target.profile();
    expect(profile).toMatchObject({
      externalId,
      verificationLevel: "document_verified",
      lastInteractionAt: interaction,
      consents: [{ consentType: "marketing", granted: true }],
      assets: [{ id: card.id, customerId: target.id }],
    });
    expect(profile.identities.map(({ channel }) => channel)).toEqual(["email", "webchat"]);
    expect((await agent.get(`${target.url}/assets/${card.id}/content`)).text).toBe("the card");
    const keys = { channelIdentity: { channel: "email", channelUserId: "moving@example.com" } };
    expect((await agent.post<Profile>("/v1/customers", keys)).expect(200).customerId).toBe(target.id);
    expect((await agent.post<Profile>("/v1/customers", { externalId })).expect(200).customerId).toBe(target.id);
  });

  it("finds the survivor by the external id of either", async () => {
    const ids = [`crm-${uuid()}`, `crm-${uuid()}`] as const;
    const target = await newCustomer(world.a, { externalId: ids[0] });
    const source = await newCustomer(world.a, { externalId: ids[1] });
    const { mergeId } = await merge(target, source);
    for (const externalId of ids) {
      const found = (await agent.post<Profile>("/v1/customers", { externalId })).expect(200);
      expect(found).toMatchObject({ customerId: target.id, externalId: ids[0] });
    }
    await undo(mergeId);
    const found = (await agent.post<Profile>("/v1/customers", { externalId: ids[1] })).expect(200);
    expect(found.customerId).toBe(source.id);
  });

  it("sends who asks for the merged customer to the survivor", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    await source.writeOne({ name: "city", value: "Vigo" });
    await merge(target, source);
    const requests: Promise<Reply<unknown>>[] = [
      agent.get(source.url),
      agent.get(`${source.url}/fields/city`),
      agent.get(`${source.url}/fields/city/history`),
      agent.get(`${source.url}/assets`),
      agent.get(`${source.url}/identities`),
      agent.get(`${source.url}/consents`),
      agent.get(`${source.url}/missing?scenarioId=${uuid()}`),
      source.tryWrite([{ name: "city", value: "Lugo" }]),
      agent.patch(source.url, { verificationLevel: "kyc_complete" }),
      steward.delete(source.url),
      tryMerge(source, target),
      tryMerge(target, source),
    ];
    for (const reply of await Promise.all(requests)) {
      expect(reply.expectProblem(404, "customer_merged")["mergedInto"]).toBe(target.id);
    }
  });

  it("refuses a customer and itself, unknown ones, and an old version", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    const before = await world.dump(world.a.tenantId);
    (await tryMerge(target, target)).expectProblem(409, "merge_not_possible");
    const unknown = { sourceCustomerId: uuid() };
    (await steward.post(`${target.url}/merge`, unknown)).expectProblem(404, "customer_not_found");
    (await tryMerge(new TestCustomer(world.a, uuid()), source)).expectProblem(404, "customer_not_found");
    const stale = { "if-match": '"9"' };
    const reply = await steward.post(`${target.url}/merge`, { sourceCustomerId: source.id }, stale);
    reply.expectProblem(412, "version_mismatch");
    (await tryUndo(uuid())).expectProblem(404, "merge_not_found");
    expect(await world.dump(world.a.tenantId)).toBe(before);
  });

  it("is undone to the byte", async () => {
    const agentId = uuid();
    await defineFields(world.a.admin, agentId, { account: { valueType: "string", encryptionRequired: true } });
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    const card = await source.upload({ bytes: "the card" });
    const sources = [{ type: "profile_asset", id: card.id }];
    await source.write([{ name: "account", value: "ES-source", confidence: 0.5 }], { agentId });
    await source.write([
      { name: "city", value: "Vigo", sources },
      { name: "only", value: { a: 1 } },
    ]);
    await source.writeOne({ name: "city", value: "Lugo", verified: true, sources });
    await target.write([{ name: "account", value: "ES-target" }], { agentId });
    await target.writeOne({ name: "city", value: "Madrid" });
    (await agent.post(`${source.url}/consents`, { consentType: "marketing", granted: true })).expect(201);
    (await agent.patch(source.url, { externalId: `crm-${uuid()}`, verificationLevel: "kyc_complete" })).expect(200);
    world.clock.advance(SECOND_MS);
    const before = await bytesOf(target, source);
    const { mergeId } = await merge(target, source);
    const merged = await target.profile();
    expect(valuesOf(merged)).toEqual({ account: "ES-target", city: "Lugo", only: { a: 1 } });
    expect(await bytesOf(target, source)).not.toBe(before);

    const at = world.clock.advance(SECOND_MS);
    expect(await undo(mergeId)).toMatchObject({ mergeId, undoneAt: at });
    expect(await bytesOf(target, source)).toBe(before);
    (await tryUndo(mergeId)).expectProblem(404, "merge_not_found");
    expect((await target.events()).map(({ eventType }) => eventType).slice(0, 2)).toEqual([
      "merge_undone",
      "customers_merged",
    ]);
    expect((await agent.get(`${source.url}/assets/${card.id}/content`)).text).toBe("the card");
    const again = await merge(target, source);
    expect(valuesOf(await target.profile())).toEqual(valuesOf(merged));
    await undo(again.mergeId);
    expect(await bytesOf(target, source)).toBe(before);
  });

  it("is undone without touching what came later", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    await source.write([
      { name: "city", value: "Vigo", verified: true },
      { name: "pet", value: "cat" },
    ]);
    await target.writeOne({ name: "city", value: "Madrid" });
    const { mergeId } = await merge(target, source);
    world.clock.advance(SECOND_MS);
    const later = await target.writeOne({ name: "job", value: "nurse" });
    await target.writeOne({ name: "pet", value: "dog" });
    await undo(mergeId);
    expect(valuesOf(await source.profile())).toEqual({ city: "Vigo", pet: "cat" });
    const survivor = await target.profile();
    expect(valuesOf(survivor)).toEqual({ city: "Madrid", job: "nurse", pet: "dog" });
    expect(survivor.fields["job"]).toEqual(later);
    const active = await source.profile("?history=true");
    expect(Object.keys(active.fieldHistory ?? {}).sort()).toEqual(["city", "pet"]);
  });

  it("shows either side as the vault knew it before and after", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    await source.write([
      { name: "city", value: "Vigo", verified: true },
      { name: "pet", value: "cat" },
    ]);
    await target.writeOne({ name: "city", value: "Madrid" });
    const before = world.clock.now();
    const after = world.clock.advance(SECOND_MS);
    await merge(target, source);
    const later = world.clock.advance(SECOND_MS);
    await target.writeOne({ name: "pet", value: "dog" });

    const known = async (customer: TestCustomer, at: string) => {
      const profile = await customer.profile(`?knownAt=${at}`);
      return { values: valuesOf(profile), channels: profile.identities.length, customerId: profile.customerId };
    };
    const channels = 1;
    expect(await known(target, before)).toEqual({ values: { city: "Madrid" }, channels, customerId: target.id });
    expect(await known(source, before)).toEqual({
      values: { city: "Vigo", pet: "cat" },
      channels,
      customerId: source.id,
    });
    expect(await known(target, after)).toMatchObject({ values: { city: "Vigo", pet: "cat" }, channels: 2 });
    expect(await known(target, later)).toMatchObject({ values: { city: "Vigo", pet: "dog" } });
    (await agent.get(`${source.url}?knownAt=${after}`)).expectProblem(404, "customer_merged");
  });

  it("makes chains, which are undone from the end", async () => {
    const customers = [await newCustomer(world.a), await newCustomer(world.a), await newCustomer(world.a)] as const;
    const [first, second, third] = customers;
    for (const [index, customer] of customers.entries()) {
      await customer.writeOne({ name: `of_${index}`, value: index });
    }
    const before = await bytesOf(...customers);
    const start = world.clock.now();
    const between = world.clock.advance(SECOND_MS);
    const inner = await merge(second, first);
    world.clock.advance(SECOND_MS);
    const outer = await merge(third, second);
    expect(valuesOf(await third.profile())).toEqual({ of_0: 0, of_1: 1, of_2: 2 });
    expect(valuesOf(await first.profile(`?knownAt=${start}`))).toEqual({ of_0: 0 });
    expect(valuesOf(await second.profile(`?knownAt=${start}`))).toEqual({ of_1: 1 });
    expect(valuesOf(await second.profile(`?knownAt=${between}`))).toEqual({ of_0: 0, of_1: 1 });
    expect(valuesOf(await third.profile(`?knownAt=${between}`))).toEqual({ of_2: 2 });

    (await tryUndo(inner.mergeId)).expectProblem(409, "merge_not_possible");
    await undo(outer.mergeId);
    await undo(inner.mergeId);
    expect(await bytesOf(...customers)).toBe(before);
  });

  it("happens once when it is asked for many times at once", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    await source.writeOne({ name: "city", value: "Vigo" });
    const replies = await Promise.all(Array.from({ length: 5 }, () => tryMerge(target, source)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const reply of replies.filter(({ status }) => status !== 200)) reply.expectProblem(404, "customer_merged");
    const crossed = [await newCustomer(world.a), await newCustomer(world.a)] as const;
    const both = await Promise.all([tryMerge(crossed[0], crossed[1]), tryMerge(crossed[1], crossed[0])]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await target.events("customers_merged")).length).toBe(1);
  });

  it("keeps lineage across the two sides", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    const card = await source.register();
    const name = await source.writeOne({
      name: "legal_name",
      value: "Marta",
      sources: [{ type: "profile_asset", id: card.id }],
    });
    await merge(target, source);
    expect((await target.asset(card.id)).analysisFieldIds).toEqual([name.id]);
    expect(await target.detectOrphans()).toEqual({ count: 0, items: [] });
    await target.deleteAsset(card.id);
    expect(await target.detectOrphans()).toMatchObject({
      count: 1,
      items: [{ itemId: name.id, customerId: target.id }],
    });
  });
});
