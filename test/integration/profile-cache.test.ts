import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/audit/audit-event.ts";
import type { Profile } from "../../src/profiles/profile-view.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

const URL = "/v1/admin/cache/invalidate";

describe.each(integrationEngines())("the cache of profiles on $name", (engine) => {
  let world: World;
  const enabled = engine.isCached === true;

  beforeAll(async () => {
    world = await openWorld(engine);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const count = async (metric: string) => {
    const lines = (await world.metrics()).split("\n").filter((line) => line.startsWith(`strongroom_${metric}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  };

  it("forgets one customer when an administrator says so", async () => {
    const customer = await newCustomer(world.a);
    const read = async () => (await world.a.agent.get<Profile>(customer.url)).expect(200);
    const profile = await read();
    const reply = await world.a.admin.post(URL, { customerId: customer.id });
    expect(reply.expect(200)).toEqual({ enabled, removed: enabled ? 1 : 0, degraded: false });
    expect(await read()).toEqual(profile);
    const url = `/v1/audit/events?eventType=cache_invalidated&limit=1`;
    const [event] = (await world.a.admin.get<{ items: AuditEvent[] }>(url)).expect(200).items;
    expect(event).toMatchObject({ customerId: customer.id, eventData: { scope: "customer" } });
    expect(event?.actor).toMatchObject({ type: "api_key", role: "admin" });
  });

  it("forgets nothing of another tenant", async () => {
    const customer = await newCustomer(world.a);
    (await world.a.agent.get(customer.url)).expect(200);
    const misses = await count("profile_cache_misses_total");
    for (const body of [{ customerId: customer.id }, { all: true }]) {
      expect((await world.b.admin.post(URL, body)).expect(200)).toMatchObject({ enabled });
    }
    (await world.a.agent.get(customer.url)).expect(200);
    expect(await count("profile_cache_misses_total")).toBe(misses);
    const all = await world.a.admin.post<{ removed: number }>(URL, { all: true });
    expect(all.expect(200).removed > 0).toBe(enabled);
  });

  it("takes exactly one thing to forget", async () => {
    for (const body of [{}, { all: false }, { customerId: "x" }, { customerId: uuid(), all: true }, { other: 1 }]) {
      (await world.a.admin.post(URL, body)).expectProblem(400, "invalid_request");
    }
  });

  it.runIf(enabled)("counts what it finds, and logs no key", async () => {
    const channelUserId = "+34600111222";
    const body = { channelIdentity: { channel: "sms", channelUserId } };
    const customer = (await world.a.agent.post<Profile>("/v1/customers", body)).expect(201);
    const url = `/v1/customers/${customer.customerId}`;
    (await world.a.agent.get(url)).expect(200);
    const hits = await count("profile_cache_hits_total");
    for (const _ of [1, 2, 3]) (await world.a.agent.get(url)).expect(200);
    expect(await count("profile_cache_hits_total")).toBe(hits + 3);
    expect(await count("profile_cache_invalidations_total")).toBeGreaterThan(0);
    expect(world.log.filter(({ event }) => event === "profile_cache_hit").at(-1)).toMatchObject({
      level: "debug",
      tenantId: world.a.tenantId,
      keyType: "profile",
    });
    const told = world.log.filter(({ event }) => event.startsWith("profile_cache_"));
    expect(new Set(told.map(({ event }) => event))).toEqual(
      new Set(["profile_cache_hit", "profile_cache_miss", "profile_cache_set", "profile_cache_invalidated"]),
    );
    expect(JSON.stringify(told)).not.toMatch(/600111222|ptr:/);
  });
});
