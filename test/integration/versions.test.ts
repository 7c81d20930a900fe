import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FieldView } from "../../src/profiles/profile-view.ts";
import type { Caller } from "./caller.ts";
import { DAY_MS, SECOND_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("versions of fields on $name", (engine) => {
  let world: World;
  let agent: Caller;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("US2-1: a new value supersedes the old one, with links both ways, in one commit", async () => {
    const customer = await newCustomer(world.a);
    const first = await customer.writeOne({ name: "address", value: "Calle Mayor 1", source: "human_entered" });
    expect(first).toMatchObject({ status: "active", supersededById: null, endedAt: null });
    const { version } = await customer.profile();
    const at = world.clock.advance(SECOND_MS);
    const second = await customer.writeOne({ name: "address", value: "Diagonal 200" });

    const [current, old] = await customer.history("address");
    expect(current).toEqual(second);
    expect(old).toEqual({
      ...first,
      status: "superseded",
      supersededById: second.id,
      supersededAt: at,
      endedAt: at,
    });
    expect(await customer.profile()).toMatchObject({ version: version + 1, updatedAt: at, lastInteractionAt: at });
    const [event] = await customer.events("field_written");
    expect(event).toMatchObject({ subjectId: second.id, eventData: { name: "address", supersedes: [first.id] } });
    expect(world.log).toContainEqual(
      expect.objectContaining({ event: "profile_field_superseded", oldFieldId: first.id, newFieldId: second.id }),
    );
  });

  it("US2-1: of many writers at once each supersedes the one before, and one value is active", async () => {
    const customer = await newCustomer(world.a);
    const writers = Array.from({ length: 20 }, (_, number) => customer.writeOne({ name: "score", value: number }));
    const written = await Promise.all(writers);
    const history = await customer.history("score");
    expect(history.map(({ id }) => id).sort()).toEqual(written.map(({ id }) => id).sort());
    expect(history.filter(({ status }) => status === "active")).toHaveLength(1);
    const predecessors = history.map(({ supersededById }) => supersededById).filter((id) => id !== null);
    expect(new Set(predecessors).size).toBe(19);
    expect((await customer.events("field_written")).length).toBe(20);
    expect((await customer.profile()).version).toBe(21);
  });

  it("US2-1: refuses to supersede when the caller does not want it", async () => {
    const customer = await newCustomer(world.a);
    const first = await customer.writeOne({ name: "plan", value: "basic" });
    const before = await world.dump(world.a.tenantId);
    const reply = await customer.tryWrite([
      { name: "other", value: 1 },
      { name: "plan", value: "premium", supersedeExisting: false },
    ]);
    reply.expectProblem(409, "active_field_exists");
    expect(await world.dump(world.a.tenantId)).toBe(before);
    expect(await customer.field("plan")).toEqual(first);
    await customer.writeOne({ name: "new_plan", value: "premium", supersedeExisting: false });
  });

  it("US2-2: a value past its end is expired by the pass, and kept", async () => {
    const customer = await newCustomer(world.a);
    const expiresAt = new Date(Date.parse(world.clock.now()) + DAY_MS).toISOString();
    const [due, later] = await customer.write([
      { name: "otp", value: "1234", expiresAt },
      { name: "offer", value: "A", expiresAt: expiresAt.replace("Z", "+00:00").replace(".000", ".001") },
    ]);
    const card = await customer.register({ expiresAt });
    world.clock.advance(DAY_MS - 1);
    expect(await customer.expireStale()).toEqual({ count: 0, items: [] });
    const at = world.clock.advance(1);
    const report = await customer.expireStale();
    expect(report.count).toBe(2);
    expect(new Set(report.items.map(({ itemId, kind }) => `${kind} ${itemId}`))).toEqual(
      new Set([`profile_field ${due?.id}`, `profile_asset ${card.id}`]),
    );
    (await agent.get(`${customer.url}/fields/otp`)).expectProblem(404, "field_not_found");
    expect(await customer.field("otp", "expired")).toEqual({ ...due, status: "expired", expiredAt: at, endedAt: at });
    expect(await customer.asset(card.id)).toMatchObject({ status: "expired", expiredAt: at });
    const profile = await customer.profile();
    expect(Object.keys(profile.fields)).toEqual(["offer"]);
    expect(profile.fields["offer"]).toMatchObject({ id: later?.id, status: "active" });
    expect(profile.assets).toEqual([]);
    expect(await customer.expireStale()).toEqual({ count: 0, items: [] });
    expect(await customer.events("field_expired")).toMatchObject([{ subjectId: due?.id, timestamp: at }]);
    expect(world.log).toContainEqual(expect.objectContaining({ event: "profile_field_expired", itemId: due?.id }));
  });

  it("US2-2: a definition's retention sets the end of a value, and a caller can only shorten it", async () => {
    const customer = await newCustomer(world.a);
    const agentId = customer.id;
    const definition = { valueType: "string", retentionDays: 30 };
    for (const name of ["kept", "shortened", "stretched"]) {
      (await world.a.admin.put(`/v1/agents/${agentId}/field-definitions/${name}`, definition)).expect(201);
    }
    const after = (days: number) => new Date(Date.parse(world.clock.now()) + days * DAY_MS).toISOString();
    const fields = [
      { name: "kept", value: "x" },
      { name: "shortened", value: "x", expiresAt: after(1) },
      { name: "stretched", value: "x", expiresAt: after(90) },
    ];
    const written = await customer.write(fields, { agentId });
    expect(written.map(({ expiresAt }) => expiresAt)).toEqual([after(30), after(1), after(30)]);
  });

  it("edge: an expired version that gets a newer value is superseded and keeps both stamps", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "address", value: "old", expiresAt: world.clock.now() });
    await customer.expireStale();
    const expiredAt = world.clock.now();
    const at = world.clock.advance(SECOND_MS);
    const current = await customer.writeOne({ name: "address", value: "new" });
    const [, old] = await customer.history("address");
    expect(old).toMatchObject({ status: "superseded", supersededById: current.id, supersededAt: at, expiredAt });
    expect(old?.endedAt).toBe(expiredAt);
    world.clock.advance(DAY_MS);
    expect(await customer.expireStale()).toEqual({ count: 0, items: [] });
  });

  it("US2-3: a read without a status sees the active version only", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "city", value: "Vigo" });
    const current = await customer.writeOne({ name: "city", value: "Lugo" });
    await customer.writeOne({ name: "gone", value: 1, expiresAt: world.clock.now() });
    await customer.expireStale();
    const profile = await customer.profile();
    expect(profile.fields).toEqual({ city: current });
    expect(profile).not.toHaveProperty("fieldHistory");
    expect((await agent.get<FieldView>(`${customer.url}/fields/city`)).expect(200)).toEqual(current);
    expect(await customer.field("city", "superseded")).toMatchObject({ value: "Vigo" });
    expect(await customer.field("city", "any")).toEqual(current);
    expect(await customer.field("gone", "any")).toMatchObject({ status: "expired" });
    (await agent.get(`${customer.url}/fields/city?status=orphaned`)).expectProblem(404, "field_not_found");
    (await agent.get(`${customer.url}/fields/city?status=gone`)).expectProblem(400, "invalid_request");
  });

  it("US2-4: the history has every version with its moments, newest first, page by page", async () => {
    const customer = await newCustomer(world.a);
    const at: string[] = [];
    for (let number = 0; number < 7; number++) {
      at.unshift(world.clock.advance(SECOND_MS));
      await customer.writeOne({ name: "balance", value: number });
    }
    await customer.deleteField("balance");
    const history = await customer.history("balance");
    expect(history.map(({ value }) => value)).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(history.map(({ recordedAt }) => recordedAt)).toEqual(at);
    expect(history.map(({ endedAt }) => endedAt)).toEqual([at[0], ...at.slice(0, -1)]);
    expect(history[0]).toMatchObject({ status: "active", deletedAt: at[0] });
    const paged: FieldView[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "?limit=3" : `?limit=3&cursor=${cursor}`;
      const url = `${customer.url}/fields/balance/history${query}`;
      const page = (await agent.get<{ items: FieldView[]; nextCursor: string | null }>(url)).expect(200);
      paged.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    const unsealed = history.map((version) => ({ ...version, seal: { status: "pending" } }));
    expect(paged).toEqual(unsealed);
    const profile = await customer.profile("?history=true");
    expect(profile.fieldHistory).toEqual({ balance: unsealed });
    expect(profile.fields).toEqual({});
  });

  it("US2-4: versions of one moment come in the order they were written", async () => {
    const customer = await newCustomer(world.a);
    for (const value of [1, 2, 3]) await customer.writeOne({ name: "same", value });
    expect((await customer.history("same")).map(({ value }) => value)).toEqual([3, 2, 1]);
  });

  it("US2-4: a profile reads as the vault knew it at any moment", async () => {
    const customer = await newCustomer(world.a);
    const created = world.clock.now();
    const first = world.clock.advance(SECOND_MS);
    await customer.write([
      { name: "city", value: "Vigo" },
      { name: "otp", value: "1", expiresAt: world.clock.now() },
    ]);
    const expired = world.clock.advance(SECOND_MS);
    await customer.expireStale();
    const moved = world.clock.advance(SECOND_MS);
    await customer.writeOne({ name: "city", value: "Lugo" });
    const deleted = world.clock.advance(SECOND_MS);
    await customer.deleteField("city");
    const valuesAt = async (at: string) => {
      const { fields } = await customer.profile(`?knownAt=${at}`);
      return Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]));
    };
    expect(await valuesAt(created)).toEqual({});
    expect(await valuesAt(first)).toEqual({ city: "Vigo", otp: "1" });
    expect(await valuesAt(expired)).toEqual({ city: "Vigo" });
    expect(await valuesAt(moved)).toEqual({ city: "Lugo" });
    expect(await valuesAt(deleted)).toEqual({});
    const url = `${customer.url}?knownAt=2020-01-01T00:00:00Z`;
    (await agent.get(url)).expectProblem(404, "customer_not_found");
  });

  it("keeps the type of a value", async () => {
    const customer = await newCustomer(world.a);
    const values: Record<string, unknown> = {
      text: "30",
      empty: "",
      unicode: "Ångström 🇪🇸 \u200b",
      integer: 30,
      fraction: 0.1,
      large: 9_007_199_254_740_991,
      exponent: 1e21,
      tiny: 5e-324,
      zero: 0,
      negative: -1.5,
      yes: true,
      no: false,
      list: [1, "1", null, [], {}],
      object: { b: 1, a: { "": [null] }, constructor: "x", toString: 1 },
    };
    await customer.write(Object.entries(values).map(([name, value]) => ({ name, value })));
    const { fields } = await customer.profile();
    expect(Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]))).toEqual(values);
    expect(fields["integer"]?.valueType).toBe("number");
    expect(fields["text"]?.valueType).toBe("string");
    expect(fields["list"]?.valueType).toBe("json");
  });
});
