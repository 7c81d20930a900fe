import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PassReport } from "../../src/profiles/lifecycle-service.ts";
import type { MergeSummary } from "../../src/profiles/merge-service.ts";
import type { FieldView } from "../../src/profiles/profile-view.ts";
import type { Reply } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("callers at once on $name", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld(engine);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const times = <T>(count: number, work: (number: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, number) => work(number)));
  const statusesOf = (replies: readonly Reply<unknown>[]) =>
    replies.map(({ status }) => status).toSorted((a, b) => a - b);
  /** At most one active version of each name, and every other one ended by a later one or by a pass. */
  function expectConsistent(history: readonly FieldView[]): void {
    const active = history.filter(({ status, deletedAt }) => status === "active" && deletedAt === null);
    expect(active.length).toBeLessThanOrEqual(1);
    const ids = new Set(history.map(({ id }) => id));
    for (const { status, supersededById, endedAt } of history) {
      expect(status === "superseded").toBe(supersededById !== null);
      if (supersededById !== null) expect(ids).toContain(supersededById);
      expect(status === "active").toBe(endedAt === null);
    }
  }

  it("who want one external id for several customers: one gets it", async () => {
    const customers = await times(6, () => newCustomer(world.a));
    const replies = await Promise.all(
      customers.map(({ url }) => world.a.agent.patch(url, { externalId: "wanted-by-all" })),
    );
    expect(statusesOf(replies)).toEqual([200, 409, 409, 409, 409, 409]);
    for (const reply of replies.filter(({ status }) => status === 409)) reply.expectProblem(409, "external_id_taken");
  });

  it("who change everything about one customer: all of it counts, one version each", async () => {
    const customer = await newCustomer(world.a);
    const { agent, steward } = world.a;
    const replies = await Promise.all([
      ...Array.from({ length: 5 }, (_, number) => customer.tryWrite([{ name: `f_${number}`, value: number }])),
      ...Array.from({ length: 5 }, () => agent.post(`${customer.url}/consents`, { consentType: "x", granted: true })),
      ...Array.from({ length: 5 }, (_, number) =>
        agent.post(`${customer.url}/identities`, { channel: "slack", channelUserId: `${customer.id} ${number}` }),
      ),
      ...Array.from({ length: 5 }, () => agent.patch(customer.url, { verificationLevel: "email_verified" })),
    ]);
    for (const reply of replies) expect([200, 201]).toContain(reply.status);
    const profile = await customer.profile();
    expect(profile.version).toBe(1 + replies.length);
    expect(Object.keys(profile.fields)).toHaveLength(5);
    expect(profile.consents).toHaveLength(5);
    const slack = profile.identities.filter(({ channel }) => channel === "slack");
    expect(slack).toHaveLength(5);
    expect(slack.filter(({ primary }) => primary)).toHaveLength(1);
    expect((await customer.events()).length).toBe(1 + replies.length);
    (await steward.delete(customer.url)).expect(204);
  });

  it("who write to a customer while it is merged away: what was confirmed is at the survivor", async () => {
    const [target, source] = [await newCustomer(world.a), await newCustomer(world.a)];
    const write = (customer: TestCustomer, value: number) => customer.tryWrite([{ name: "city", value }]);
    const [merged, ...replies] = await Promise.all([
      world.a.steward.post<MergeSummary>(`${target.url}/merge`, { sourceCustomerId: source.id }),
      ...Array.from({ length: 10 }, (_, number) => write(source, number)),
      ...Array.from({ length: 10 }, (_, number) => write(target, 100 + number)),
    ]);
    const { mergeId } = (
      await retried(merged, () =>
        world.a.steward.post<MergeSummary>(`${target.url}/merge`, { sourceCustomerId: source.id }),
      )
    ).expect(200);
    const confirmed = replies.filter(({ status }) => status === 200).map(({ json }) => json.results[0]?.field?.id);
    for (const reply of replies.filter(({ status }) => status !== 200)) reply.expectProblem(404, "customer_merged");
    const history = await target.history("city");
    expect(history.map(({ id }) => id)).toEqual(expect.arrayContaining(confirmed));
    expect(history).toHaveLength(confirmed.length);
    expectConsistent(history);

    const undo = () => world.a.steward.post<MergeSummary>(`/v1/merges/${mergeId}/undo`);
    const [undone, ...later] = await Promise.all([
      undo(),
      ...Array.from({ length: 10 }, (_, number) => write(target, 200 + number)),
    ]);
    (await retried(undone, undo)).expect(200);
    const added = later.map((reply) => reply.expect(200).results[0]?.field?.id);
    const both = [...(await target.history("city")), ...(await source.history("city").catch(() => []))];
    expect(new Set(both.map(({ id }) => id))).toEqual(new Set([...confirmed, ...added]));
    expect(both).toHaveLength(confirmed.length + added.length);
  });

  it("who write while values expire and lose their sources: every version ends in one way", async () => {
    const customer = await newCustomer(world.a);
    const card = await customer.register();
    const sources = [{ type: "profile_asset", id: card.id }];
    const expiresAt = world.clock.now();
    const fields = Array.from({ length: 10 }, (_, number) => ({ name: `f_${number}`, value: 0 }));
    await customer.write(fields.map((field, number) => ({ ...field, ...(number % 2 ? { expiresAt } : { sources }) })));
    await customer.deleteAsset(card.id);
    const pass = (name: string) => world.a.steward.post<PassReport>(`/v1/admin/profiles/${name}`);
    const [writes, ...reports] = await Promise.all([
      times(20, (number) => customer.tryWrite([{ name: `f_${number % 10}`, value: number }])),
      ...["expire-stale", "detect-orphans", "expire-stale", "detect-orphans"].map(pass),
    ]);
    for (const reply of writes) reply.expect(200);
    const touched = reports.flatMap((reply) => reply.expect(200).items.map(({ itemId }) => itemId));
    expect(new Set(touched).size).toBe(touched.length);
    for (const { name } of fields) {
      const history = await customer.history(name);
      expect(history).toHaveLength(3);
      expectConsistent(history);
      expect(history.filter(({ status }) => status === "active")).toHaveLength(1);
    }
    const passed = [...(await customer.events("field_expired")), ...(await customer.events("field_orphaned"))];
    expect(new Set(passed.map(({ subjectId }) => subjectId))).toEqual(new Set(touched));
    expect(passed).toHaveLength(touched.length);
  });

  it("who delete one thing: one of them does", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "city", value: 1 });
    const asset = await customer.upload();
    const { steward } = world.a;
    const fields = await times(5, () => steward.delete(`${customer.url}/fields/city`));
    expect(statusesOf(fields)).toEqual([200, 404, 404, 404, 404]);
    const assets = await times(5, () => steward.delete(`${customer.url}/assets/${asset.id}`));
    expect(statusesOf(assets)).toEqual([204, 404, 404, 404, 404]);
    const customers = await times(5, () => steward.delete(customer.url));
    expect(statusesOf(customers)).toEqual([204, 404, 404, 404, 404]);
    expect((await customer.events("customer_deleted")).length).toBe(1);
    expect((await customer.events("field_deleted")).length).toBe(1);
  });

  it("who define one field: one creates it, and its versions count the changes", async () => {
    const agentId = "01a00000-eeee-7000-8000-000000000001";
    const url = `/v1/agents/${agentId}/field-definitions/city`;
    const replies = await times(8, (number) =>
      world.a.admin.put<{ version: number }>(url, { valueType: "string", description: `number ${number}` }),
    );
    expect(statusesOf(replies)).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    const versions = replies.map(({ json }) => json.version).toSorted((a, b) => a - b);
    expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("who change whether a field is personal: its values follow what was decided last", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "habit", value: "smokes" });
    const agents = [uuid(), uuid()];
    for (let round = 0; round < 10; round++) {
      const name = "habit";
      const replies = await times(8, (number) => {
        const url = `/v1/agents/${agents[number % 2]}/field-definitions/${name}`;
        if (number >= 6) return world.a.admin.delete(url);
        return world.a.admin.put(url, { valueType: "string", isPii: (number + round) % 3 === 0 });
      });
      for (const { status } of replies) expect([200, 201, 204, 404]).toContain(status);
      const definitions = await Promise.all(
        agents.map((agentId) =>
          world.a.admin.get<{ items: { isPii: boolean }[] }>(`/v1/agents/${agentId}/field-definitions`),
        ),
      );
      const isPii = definitions.some((reply) => reply.expect(200).items.some((definition) => definition.isPii));
      expect({ round, isPii: (await customer.field(name)).isPii }).toEqual({ round, isPii });
    }
  });

  it("who write a field while it becomes personal data: no version of it stays in the open", async () => {
    const agentId = uuid();
    const customers = await times(4, () => newCustomer(world.a));
    for (let round = 0; round < 10; round++) {
      const name = `f_${round}`;
      const url = `/v1/agents/${agentId}/field-definitions/${name}`;
      const writeAll = () => customers.map((customer, value) => customer.tryWrite([{ name, value }]));
      const [defined, ...written] = await Promise.all([
        world.a.admin.put(url, { valueType: "number", isPii: true }),
        ...writeAll(),
        ...writeAll(),
      ]);
      defined.expect(201);
      for (const reply of written) reply.expect(200);
      for (const customer of customers) {
        const history = await customer.history(name);
        expect(history.map(({ isPii }) => isPii)).toEqual([true, true]);
      }
    }
  });
});

/** Repeats a request that was refused because others came first, as its problem says that one may. */
async function retried<T>(reply: Reply<T>, repeat: () => Promise<Reply<T>>): Promise<Reply<T>> {
  if (reply.status !== 409) return reply;
  expect(reply.expectProblem(409, "write_conflict")["retryable"]).toBe(true);
  return repeat();
}
