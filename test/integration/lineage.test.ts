import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DependentItem, DerivationChain } from "../../src/profiles/lineage.ts";
import type { Caller } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, registration, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("lineage on $name", (engine) => {
  let world: World;
  let agent: Caller;
  let customer: TestCustomer;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent } = world.a);
    customer = await newCustomer(world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const chainOf = async (id: string) => (await agent.get<DerivationChain>(`/v1/items/${id}/lineage`)).expect(200);
  const dependentsOf = async (id: string, query = "") =>
    (await agent.get<{ items: DependentItem[] }>(`/v1/items/${id}/dependents${query}`)).expect(200).items;

  it("US1-1: a field read from an uploaded document has the document as its source", async () => {
    const card = await customer.upload({ metadata: { name: "id_card" } });
    const sources = [{ type: "profile_asset", id: card.id, metadata: { tool: "ocr", region: "visual" } }];
    const name = await customer.writeOne({
      name: "legal_name",
      value: "Marta Castellanos",
      source: "document_extracted",
      sources,
    });
    expect(name.sources).toEqual(sources);
    expect((await customer.field("legal_name")).sources).toEqual(sources);
    expect(await customer.asset(card.id)).toMatchObject({ id: card.id, analysisFieldIds: [name.id] });
    const second = await customer.writeOne({ name: "born", value: "1991-05-14", sources });
    const inProfile = (await customer.profile()).assets.find(({ id }) => id === card.id);
    expect(inProfile?.analysisFieldIds).toEqual([name.id, second.id]);
    expect((await dependentsOf(card.id)).map(({ id, distance }) => ({ id, distance }))).toEqual([
      { id: name.id, distance: 1 },
      { id: second.id, distance: 1 },
    ]);
  });

  it("US1-3: the derivation chain shows the whole path, root first", async () => {
    const card = await customer.upload();
    const crop = await customer.upload({
      metadata: { name: "crop", sources: [{ type: "profile_asset", id: card.id }], derivedFromTool: "cropper" },
    });
    const text = await customer.writeOne({
      name: "ocr_text",
      value: "CASTELLANOS<<MARTA",
      sources: [{ type: "profile_asset", id: crop.id }],
    });
    const name = await customer.writeOne({
      name: "family_name",
      value: "Castellanos",
      sources: [
        { type: "profile_field", id: text.id },
        { type: "tool", id: "mrz-parser", metadata: { version: 2 } },
      ],
    });
    const chain = await chainOf(name.id);
    expect(chain.items.map(({ id }) => id)).toEqual([card.id, crop.id, text.id, name.id]);
    expect(chain.items.map(({ type }) => type)).toEqual([
      "profile_asset",
      "profile_asset",
      "profile_field",
      "profile_field",
    ]);
    expect(chain.items.at(-1)?.sources[1]).toEqual({ type: "tool", id: "mrz-parser", metadata: { version: 2 } });
    expect(chain).toMatchObject({ truncated: false, cycle: false });
    const found = await dependentsOf(card.id, "?transitive=true");
    expect(found.map(({ id, distance }) => [id, distance])).toEqual([
      [crop.id, 1],
      [text.id, 2],
      [name.id, 3],
    ]);
    expect((await chainOf(card.id)).items).toHaveLength(1);
  });

  it("US1-3: a chain that is longer than ten items says that it was cut", async () => {
    let sources: object[] = [];
    let last = "";
    for (let step = 1; step <= 12; step++) {
      last = (await customer.writeOne({ name: `step_${step}`, value: step, sources })).id;
      sources = [{ type: "profile_field", id: last }];
    }
    const chain = await chainOf(last);
    expect(chain.items.map(({ name }) => name)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `step_${n}`));
    expect(chain).toMatchObject({ truncated: true, cycle: false });
  });

  it("US1-3: a decision from two sources that share an origin lists each item once, sources first", async () => {
    const card = await customer.upload();
    const source = { type: "profile_asset", id: card.id };
    const [front, back] = await customer.write([
      { name: "front_text", value: "a", sources: [source] },
      { name: "back_text", value: "b", sources: [source] },
    ]);
    const status = await customer.writeOne({
      name: "kyc_status",
      value: "passed",
      sources: [front, back].map((each) => ({ type: "profile_field", id: each?.id })),
    });
    const ids = (await chainOf(status.id)).items.map(({ id }) => id);
    expect(ids).toHaveLength(4);
    expect(ids[0]).toBe(card.id);
    expect(ids.at(-1)).toBe(status.id);
    expect(new Set(ids)).toEqual(new Set([card.id, front?.id, back?.id, status.id]));
  });

  it("US1-4: what derives from a deleted document is orphaned by the pass and stays in the history", async () => {
    const own = await newCustomer(world.a);
    const card = await own.upload();
    const [name] = await own.write([
      { name: "legal_name", value: "Marta", sources: [{ type: "profile_asset", id: card.id }] },
      { name: "nickname", value: "M", sources: [{ type: "session", id: "chat-1" }] },
    ]);
    await own.deleteAsset(card.id);
    expect(await own.field("legal_name")).toMatchObject({ status: "active", isOrphaned: true });

    const report = await own.detectOrphans();
    expect(report).toMatchObject({
      count: 1,
      items: [{ itemId: name?.id, kind: "profile_field", name: "legal_name" }],
    });
    (await agent.get(`${own.url}/fields/legal_name`)).expectProblem(404, "field_not_found");
    const orphan = await own.field("legal_name", "orphaned");
    expect(orphan).toMatchObject({ id: name?.id, value: "Marta", status: "orphaned", isOrphaned: true });
    expect(orphan.orphanedAt).toBe(world.clock.now());
    expect((await own.history("legal_name")).map(({ status }) => status)).toEqual(["orphaned"]);
    const chain = await chainOf(name?.id ?? "");
    expect(chain.items.map(({ id, deleted }) => [id, deleted])).toEqual([
      [card.id, true],
      [name?.id, false],
    ]);
    expect((await own.profile()).fields).toEqual({ nickname: expect.objectContaining({ isOrphaned: false }) });
    expect(await own.detectOrphans()).toEqual({ count: 0, items: [] });
    expect((await own.events("field_orphaned")).length).toBe(1);
  });

  it("US1-4: a superseded or expired source still exists, so its dependents stay active", async () => {
    const own = await newCustomer(world.a);
    const base = await own.writeOne({ name: "income", value: 100 });
    await own.writeOne({ name: "band", value: "low", sources: [{ type: "profile_field", id: base.id }] });
    await own.writeOne({ name: "income", value: 200 });
    expect(await own.detectOrphans()).toEqual({ count: 0, items: [] });
    expect(await own.field("band")).toMatchObject({ status: "active", isOrphaned: false });
  });

  it("edge: an orphaned version that gets a newer value is superseded and keeps both stamps", async () => {
    const own = await newCustomer(world.a);
    const card = await own.register();
    await own.writeOne({ name: "address", value: "old", sources: [{ type: "profile_asset", id: card.id }] });
    await own.deleteAsset(card.id);
    await own.detectOrphans();
    const orphanedAt = world.clock.now();
    world.clock.advance(5);
    const current = await own.writeOne({ name: "address", value: "new" });
    const [, old] = await own.history("address");
    expect(old).toMatchObject({
      status: "superseded",
      supersededById: current.id,
      supersededAt: world.clock.now(),
      orphanedAt,
      endedAt: orphanedAt,
    });
    expect(await own.detectOrphans()).toEqual({ count: 0, items: [] });
  });

  describe("refuses", () => {
    async function refused(fields: readonly object[], code: string, paths: readonly string[]): Promise<void> {
      const before = await world.dump(world.a.tenantId);
      const reply = await customer.tryWrite(fields.map((field) => ({ value: 1, ...field })));
      expect(reply.expectProblem(400, code).errors?.map(({ path }) => path)).toEqual(paths);
      expect(await world.dump(world.a.tenantId)).toBe(before);
    }

    it("edge: an item that is its own source", async () => {
      const id = uuid();
      await refused([{ id, name: "self", sources: [{ type: "profile_field", id }] }], "lineage_cycle", [
        "/fields/0/sources",
      ]);
      await refused(
        [{ id, name: "self", sources: [{ type: "profile_field", id: id.toUpperCase() }] }],
        "lineage_cycle",
        ["/fields/0/sources"],
      );
    });

    it("edge: a cycle within one write", async () => {
      const [first, second, third] = [uuid(), uuid(), uuid()];
      const from = (id: string) => [{ type: "profile_field", id }];
      await refused(
        [
          { id: first, name: "first", sources: from(third) },
          { id: second, name: "second", sources: from(first) },
          { id: third, name: "third", sources: from(second) },
        ],
        "lineage_cycle",
        ["/fields/0/sources", "/fields/1/sources", "/fields/2/sources"],
      );
    });

    it("edge: an asset that is its own source", async () => {
      const id = uuid();
      const body = registration({ id, sources: [{ type: "profile_asset", id }] });
      (await agent.post(`${customer.url}/assets`, body)).expectProblem(400, "lineage_cycle");
    });

    it("sources that are unknown, deleted or of the other kind", async () => {
      const card = await customer.register();
      const field = await customer.writeOne({ name: "some", value: 1 });
      const gone = await customer.register();
      await customer.deleteAsset(gone.id);
      const sources = [
        { type: "profile_asset", id: card.id },
        { type: "profile_field", id: uuid() },
        { type: "profile_field", id: card.id },
        { type: "profile_asset", id: field.id },
        { type: "profile_asset", id: gone.id },
      ];
      await refused(
        [{ name: "derived", sources }],
        "source_not_found",
        [1, 2, 3, 4].map((n) => `/fields/0/sources/${n}`),
      );
    });

    it("an id that is taken, by a field or an asset", async () => {
      const card = await customer.register();
      const field = await customer.writeOne({ name: "holder", value: 1 });
      const before = await world.dump(world.a.tenantId);
      for (const id of [card.id, field.id]) {
        (await customer.tryWrite([{ id, name: "taken", value: 1 }])).expectProblem(409, "item_exists");
        (await agent.post(`${customer.url}/assets`, registration({ id }))).expectProblem(409, "item_exists");
      }
      expect(await world.dump(world.a.tenantId)).toBe(before);
    });
  });

  it("accepts sources within one write, in any order", async () => {
    const own = await newCustomer(world.a);
    const [base, derived] = [uuid(), uuid()];
    await own.write([
      { id: derived, name: "band", value: "high", sources: [{ type: "profile_field", id: base }] },
      { id: base, name: "income", value: 90_000 },
    ]);
    expect((await chainOf(derived)).items.map(({ id }) => id)).toEqual([base, derived]);
  });
});
