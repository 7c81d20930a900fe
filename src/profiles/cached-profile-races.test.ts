import { beforeEach, describe, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import { type CachedProfiles, lookupsOf, openCachedProfiles } from "../testing/cached-profiles.ts";
import { changeSet, newCustomer, newField, newId, newIdentity } from "../testing/profile-records.ts";
import { addField, createCustomer, deleteCustomer, requireCustomer } from "../testing/profile-writes.ts";
import type { CustomerLookup } from "./profile-store.ts";

const HOLD = { kind: "hold", when: "after" } as const;

/** Readers and writers of one profile whose steps are put in the order that would show what is old. */
describe("a read of a profile", () => {
  let world: CachedProfiles;
  let customerId: CustomerId;

  beforeEach(async () => {
    world = await openCachedProfiles();
    ({ customerId } = await createCustomer(world.tenant, { externalId: "crm-1" }, newIdentity("+1")));
  });

  const find = (lookup: CustomerLookup) => world.tenant.profiles.findProfile(lookup, "active");
  const fieldsBy = async (lookup: CustomerLookup) => (await find(lookup))?.fields.length;
  /** Until the database was called so many times more. */
  const calls = async (count: number) => {
    const goal = world.database.calls.length + count;
    while (world.database.calls.length < goal) await new Promise((resolve) => setImmediate(resolve));
    // The call itself is done by then; only its answer is held.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  describe.each(lookupsOf("").map(({ by }, index) => ({ by, index })))("by $by", ({ index }) => {
    const lookup = () => lookupsOf(customerId)[index] as CustomerLookup;

    it("that hangs while a write commits does not keep what it read", async () => {
      world.database.inject({ fault: HOLD, methods: ["findProfile"], times: 1 });
      const begun = calls(1);
      const slow = find(lookup());
      await begun;
      await addField(world.direct, customerId);
      const { profiles } = world.tenant;
      const changes = changeSet(await requireCustomer(world.direct.profiles, customerId), {
        insertFields: [newField(customerId, { name: "name" })],
      });
      expect(await profiles.apply(changes)).toBe("applied");
      // Who asks after the write gets what it wrote, and not what the one gets who asked before it.
      const later = fieldsBy(lookup());
      world.database.release();
      await slow;
      expect(await later).toBe(2);
      for (const each of lookupsOf(customerId)) expect(await fieldsBy(each)).toBe(2);
    });

    it("between the commit of a write and its end is not what is kept", async () => {
      const customer = await requireCustomer(world.direct.profiles, customerId);
      world.database.inject({ fault: HOLD, methods: ["apply"], times: 1 });
      const begun = calls(1);
      const write = world.tenant.profiles.apply(changeSet(customer, { insertFields: [newField(customerId)] }));
      await begun;
      await find(lookup());
      world.database.release();
      expect(await write).toBe("applied");
      for (const each of lookupsOf(customerId)) expect(await fieldsBy(each)).toBe(1);
    });

    it("before the deletion of a customer was committed does not outlive it", async () => {
      world.database.inject({ fault: HOLD, methods: ["apply"], times: 1 });
      await find(lookup());
      const begun = calls(1);
      const deletion = deleteCustomer(world.tenant, customerId);
      await begun;
      await find(lookup());
      world.database.release();
      await deletion;
      for (const each of lookupsOf(customerId)) expect(await find(each)).toBeUndefined();
    });

    it("that found nobody does not outlive the creation of the customer", async () => {
      await deleteCustomer(world.tenant, customerId);
      world.database.inject({ fault: HOLD, methods: ["findProfile"], times: 1 });
      const begun = calls(1);
      const slow = find(lookup());
      await begun;
      const next = newCustomer({ customerId: newId(), externalId: "crm-1" });
      await world.tenant.profiles.createCustomer({ customer: next, identity: newIdentity("+1"), audit: [] });
      const named = lookupsOf(next.customerId);
      expect((await find(named[index] as CustomerLookup))?.customer).toEqual(next);
      world.database.release();
      expect(await slow).toBeUndefined();
      for (const each of named) expect((await find(each))?.customer).toEqual(next);
    });
  });

  it("does not wait for one that began before the write", async () => {
    world.database.inject({ fault: HOLD, methods: ["findProfile"], times: 1 });
    const lookup = { by: "id", customerId } as const;
    const begun = calls(1);
    const slow = find(lookup);
    await begun;
    const customer = await requireCustomer(world.direct.profiles, customerId);
    await world.tenant.profiles.apply(changeSet(customer, { insertFields: [newField(customerId)] }));
    expect(await fieldsBy(lookup)).toBe(1);
    world.database.release();
    expect((await slow)?.fields).toEqual([]);
  });

  it("finds whom another caller created meanwhile, once it was told that the key is taken", async () => {
    const key = { externalId: "crm-2" };
    const lookup = { by: "externalId", ...key } as const;
    expect(await find(lookup)).toBeUndefined();
    const first = newCustomer(key);
    world.database.inject({ fault: HOLD, methods: ["createCustomer"], times: 1 });
    const begun = calls(1);
    const creation = world.tenant.profiles.createCustomer({ customer: first, identity: null, audit: [] });
    await begun;
    const second = { customer: newCustomer(key), identity: null, audit: [] };
    expect(await world.tenant.profiles.createCustomer(second)).toBe("taken");
    expect((await find(lookup))?.customer).toEqual(first);
    world.database.release();
    expect(await creation).toBe("created");
  });

  it("follows a key to its new owner, however the body and the pointer were kept", async () => {
    const lookup = { by: "externalId", externalId: "crm-1" } as const;
    await find(lookup);
    const other = await createCustomer(world.tenant);
    const setExternalId = async (id: CustomerId, externalId: string | null) => {
      const customer = await requireCustomer(world.tenant.profiles, id);
      const changed = { ...customer, externalId, version: customer.version + 1 };
      expect(await world.tenant.profiles.apply(changeSet(customer, { customer: changed }))).toBe("applied");
    };
    await setExternalId(customerId, null);
    expect(await find(lookup)).toBeUndefined();
    await setExternalId(other.customerId, "crm-1");
    expect((await find(lookup))?.customer.customerId).toBe(other.customerId);
    await setExternalId(other.customerId, "crm-3");
    await setExternalId(customerId, "crm-1");
    expect((await find(lookup))?.customer.customerId).toBe(customerId);
  });
});
