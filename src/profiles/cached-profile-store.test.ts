import { beforeEach, describe, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import { type CachedProfiles, lookupsOf, openCachedProfiles } from "../testing/cached-profiles.ts";
import { changeSet, newCustomer, newField, newId, newIdentity, readField } from "../testing/profile-records.ts";
import { addField, change, createCustomer, deleteCustomer, requireCustomer } from "../testing/profile-writes.ts";
import type { CustomerRecord } from "./customer.ts";
import type { CustomerLookup } from "./profile-store.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HALF_HOUR_MS = 30 * MINUTE_MS;

describe("a cached profile", () => {
  let world: CachedProfiles;
  let customer: CustomerRecord;

  beforeEach(async () => {
    world = await openCachedProfiles();
    customer = await createCustomer(world.tenant, { externalId: "crm-1" }, newIdentity("+1"));
  });

  const find = (lookup: CustomerLookup, scope: "active" | "history" = "active") =>
    world.tenant.profiles.findProfile(lookup, scope);
  const byId = (customerId: CustomerId = customer.customerId) => find({ by: "id", customerId });
  /** Changes the database so that nobody tells the cache. */
  const changeBehindItsBack = () =>
    change(world.direct, customer.customerId, { insertFields: [newField(customer.customerId)] });

  describe.each(lookupsOf("").map(({ by }, index) => ({ by, index })))("by $by", ({ index }) => {
    const lookup = () => lookupsOf(customer.customerId)[index] as CustomerLookup;

    it("US4-1: is read from the database once", async () => {
      const first = await find(lookup());
      const { answer, calls } = await world.readsOf(() => find(lookup()));
      expect(answer).toEqual(first);
      expect(answer).toEqual(await world.direct.profiles.findProfile(lookup(), "active"));
      expect(calls).toEqual([]);
    });

    it("US4-4: is read again when its life is over", async () => {
      await find(lookup());
      await changeBehindItsBack();
      world.advance(HALF_HOUR_MS - 1);
      expect((await find(lookup()))?.fields).toEqual([]);
      world.advance(1);
      expect((await find(lookup()))?.fields).toHaveLength(1);
    });

    it("costs two reads of the database at most when nothing is known", async () => {
      const { calls } = await world.readsOf(() => find(lookup()));
      expect(calls.length).toBeLessThanOrEqual(2);
    });

    it("is loaded once for a thousand callers", async () => {
      const { answer, calls } = await world.readsOf(() =>
        Promise.all(Array.from({ length: 1_000 }, () => find(lookup()))),
      );
      expect(new Set(answer.map((each) => each?.customer.customerId))).toEqual(new Set([customer.customerId]));
      expect(calls.length).toBeLessThanOrEqual(2);
    });

    it("fails for a thousand callers with one load, and is asked for again afterwards", async () => {
      const fault = { kind: "fail", when: "before", code: "storage_unavailable" } as const;
      world.database.inject({ fault, methods: ["findProfile"] });
      const { answer, calls } = await world.readsOf(() =>
        Promise.allSettled(Array.from({ length: 1_000 }, () => find(lookup()))),
      );
      expect(answer.every(({ status }) => status === "rejected")).toBe(true);
      expect(calls).toHaveLength(1);
      world.database.heal();
      expect(await find(lookup())).toBeDefined();
    });

    it("that does not exist is remembered for a moment", async () => {
      await deleteCustomer(world.tenant, customer.customerId);
      expect(await find(lookup())).toBeUndefined();
      const { answer, calls } = await world.readsOf(() => find(lookup()));
      expect({ answer, calls }).toEqual({ answer: undefined, calls: [] });
      world.advance(5 * SECOND_MS);
      expect((await world.readsOf(() => find(lookup()))).calls).toEqual(["findProfile"]);
    });
  });

  it("US4-2: has one body, which every lookup leads to and every write renews", async () => {
    for (const lookup of lookupsOf(customer.customerId)) await find(lookup);
    const nothing = { agentId: null, names: [], assetNames: [], itemIds: [], lock: false };
    await world.tenant.profiles.loadWriteContext({ customerId: customer.customerId, ...nothing });
    const parts = { insertFields: [newField(customer.customerId)] };
    expect(await world.tenant.profiles.apply(changeSet(customer, parts))).toBe("applied");
    const { calls } = await world.readsOf(async () => {
      for (const lookup of lookupsOf(customer.customerId)) expect((await find(lookup))?.fields).toHaveLength(1);
    });
    expect(calls.filter((method) => method === "findProfile")).toHaveLength(1);
  });

  it("is not what history is read from", async () => {
    await byId();
    await changeBehindItsBack();
    expect((await find({ by: "id", customerId: customer.customerId }, "history"))?.fields).toHaveLength(1);
    expect((await byId())?.fields).toEqual([]);
  });

  it("is read anew after an entry that says nothing of today", async () => {
    const broken = [null, 7, "text", [], {}, { format: 0, profile: null }, { format: 1 }, { format: 1, profile: {} }];
    const other = await createCustomer(world.tenant);
    const foreign = { format: 1, profile: await byId(other.customerId) };
    for (const entry of [...broken, { format: 1, profileText: "{" }, foreign]) {
      const key = `${world.tenant.tenantId}:profile:${customer.customerId}:v1`;
      await world.cache.cache.set(key, entry as never);
      expect((await byId())?.customer).toEqual(customer);
      expect((await world.readsOf(() => byId())).calls).toEqual([]);
    }
    for (const entry of [
      { format: 1, customerId: 7 },
      { format: 2, customerId: newId() },
    ]) {
      const lookup = lookupsOf("")[1] as CustomerLookup;
      await world.cache.cache.removeByTag(`${world.tenant.tenantId}:profiles`);
      await find(lookup);
      const pointer = [...world.cache.keys()].find((key) => key.includes(":ptr:ext:")) ?? "";
      await world.cache.cache.set(pointer, entry);
      expect((await find(lookup))?.customer).toEqual(customer);
    }
  });

  it("comes back equal with values as deep as a field can hold", async () => {
    let value: unknown = "deep";
    for (let depth = 0; depth < 30; depth++) value = [value];
    const field = newField(customer.customerId, { value: value as never, valueType: "json", metadata: { a: [{}] } });
    await change(world.tenant, customer.customerId, { insertFields: [field] });
    await byId();
    const { answer, calls } = await world.readsOf(() => byId());
    expect(answer?.fields).toEqual([readField(field)]);
    expect(calls).toEqual([]);
  });

  it("cannot be changed by who reads it", async () => {
    const loaded = await byId();
    const kept = await byId();
    for (const profile of [loaded, kept]) {
      expect(() => {
        (profile as { customer: { version: number } }).customer.version = 9;
      }).toThrow(TypeError);
    }
  });

  it("of a customer that was merged away is not kept", async () => {
    const survivor = await createCustomer(world.tenant);
    const merged = { ...customer, mergedIntoId: survivor.customerId, version: 2 };
    await change(world.tenant, customer.customerId, { customer: merged });
    expect((await byId())?.customer).toEqual(merged);
    expect((await world.readsOf(() => byId())).calls).toEqual(["findProfile"]);
    // The survivor's deletion takes the external id from it.
    await deleteCustomer(world.tenant, survivor.customerId);
    expect((await byId())?.customer).toMatchObject({ externalId: null, version: 3 });
  });

  it("is apart from another tenant's with the same ids and keys", async () => {
    const { tenant, other } = world;
    for (const { profiles } of [tenant, other]) {
      for (const lookup of lookupsOf(customer.customerId)) await profiles.findProfile(lookup, "active");
    }
    for (const lookup of lookupsOf(customer.customerId)) {
      expect(await other.profiles.findProfile(lookup, "active")).toBeUndefined();
    }
    const twin = newCustomer({ ...customer, verificationLevel: "kyc_complete" });
    await other.profiles.createCustomer({ customer: twin, identity: newIdentity("+1"), audit: [] });
    for (const lookup of lookupsOf(customer.customerId)) {
      expect((await other.profiles.findProfile(lookup, "active"))?.customer).toEqual(twin);
      expect((await tenant.profiles.findProfile(lookup, "active"))?.customer).toEqual(customer);
    }
    await addField(other, customer.customerId);
    expect((await world.readsOf(() => byId())).calls).toEqual([]);
  });

  it("is named in no key by what a person is known by", async () => {
    for (const lookup of lookupsOf(customer.customerId)) await find(lookup);
    const keys = [...world.cache.keys()];
    expect(keys.filter((key) => key.includes(":ptr:"))).toHaveLength(2);
    for (const key of keys) {
      expect(key.startsWith(`${world.tenant.tenantId}:`)).toBe(true);
      expect(key).not.toMatch(/\+1|crm-1/);
    }
  });

  it("is forgotten, and not kept, within a transaction", async () => {
    const { profiles } = world.tenant;
    await byId();
    await profiles.transaction(async (store) => {
      const applied = await store.apply(
        changeSet(await requireCustomer(store, customer.customerId), {
          insertFields: [newField(customer.customerId)],
        }),
      );
      expect(applied).toBe("applied");
      expect((await store.findProfile({ by: "id", customerId: customer.customerId }, "active"))?.fields).toHaveLength(
        1,
      );
      // Others still see what is committed.
      expect((await world.readsOf(() => byId())).answer?.fields).toEqual([]);
    });
    expect((await byId())?.fields).toHaveLength(1);
    await expect(
      profiles.transaction(async (store) => {
        await change({ profiles: store }, customer.customerId, {
          insertFields: [newField(customer.customerId, { name: "undone" })],
        });
        await store.findProfile({ by: "id", customerId: customer.customerId }, "active");
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect((await byId())?.fields).toHaveLength(1);
  });
});
