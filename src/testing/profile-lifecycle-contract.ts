import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import type { CustomerId } from "../identifiers.ts";
import { newLifecycle } from "../profiles/item.ts";
import type { ContractContext } from "./engine.ts";
import { namesOf, pass, statuses } from "./lifecycle-passes.ts";
import { at, itemSource, NOW, newEvent, newField } from "./profile-records.ts";
import {
  addAsset,
  addField,
  change,
  createCustomer,
  deleteCustomer,
  deleteItem,
  journalOf,
  requireCustomer,
  requireProfile,
  supersede,
} from "./profile-writes.ts";

/** Expiring what is past its time, and what the two passes that end items have in common. */
export function profileLifecycleContract(context: ContractContext): void {
  describe("expireDue", () => expireDueContract(context));
  describe("either pass", () => eitherPassContract(context));
}

function expireDueContract(context: ContractContext): void {
  it("expires fields and assets whose time has come, to the millisecond", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    for (const [suffix, expiresAt] of [
      ["past", at(-1e9)],
      ["now", at(100)],
      ["later", at(101)],
      ["never", null],
    ] as const) {
      await addField(tenant, customerId, { name: `field_${suffix}`, expiresAt });
      await addAsset(tenant, customerId, { name: `asset_${suffix}`, expiresAt });
    }
    const touched = await tenant.profiles.expireDue(pass());
    expect(namesOf(touched)).toEqual(["asset_now", "asset_past", "field_now", "field_past"]);
    const { fields, assets } = await requireProfile(tenant.profiles, customerId);
    for (const item of [...fields, ...assets]) {
      const isDue = /past|now/.test(item.name);
      expect(item).toMatchObject({
        status: isDue ? "expired" : "active",
        expiredAt: isDue ? at(100) : null,
        endedAt: isDue ? at(100) : null,
        orphanedAt: null,
        supersededAt: null,
      });
    }
  });

  it("leaves what is superseded, orphaned, expired or deleted as it is", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const expiresAt = at(1);
    const lapsed = { ...newLifecycle(NOW), endedAt: at(2), expiresAt } as const;
    await supersede(tenant, await addField(tenant, customerId, { name: "f", expiresAt }));
    await addField(tenant, customerId, { ...lapsed, name: "o", status: "orphaned", orphanedAt: at(2) });
    await addField(tenant, customerId, { ...lapsed, name: "e", status: "expired", expiredAt: at(2) });
    await deleteItem(tenant, await addField(tenant, customerId, { name: "d", expiresAt }));
    await deleteItem(tenant, await addAsset(tenant, customerId, { expiresAt }));
    const before = await context.engine.probe.dump(tenant.tenantId);
    expect(await tenant.profiles.expireDue(pass())).toEqual([]);
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("works in batches of fields and assets together, and ends when nothing is due", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    for (let index = 0; index < 3; index++) {
      await addField(tenant, customerId, { name: `f${index}`, expiresAt: at(index) });
      await addAsset(tenant, customerId, { name: `a${index}`, expiresAt: at(index) });
    }
    const sizes = [];
    const names = [];
    for (let batch = 0; batch < 4; batch++) {
      const touched = await tenant.profiles.expireDue(pass({ limit: 4 }));
      sizes.push(touched.length);
      names.push(...touched.map(({ name }) => name));
    }
    expect(sizes).toEqual([4, 2, 0, 0]);
    expect(names.sort()).toEqual(["a0", "a1", "a2", "f0", "f1", "f2"]);
  });

  it("touches each item once under concurrent passes and writes", async () => {
    const { tenant } = context;
    const owners: CustomerId[] = [];
    for (let index = 0; index < 10; index++) {
      const { customerId } = await createCustomer(tenant);
      owners.push(customerId);
      await addField(tenant, customerId, { name: `f${index}`, expiresAt: at(1) });
      await addAsset(tenant, customerId, { name: `a${index}`, expiresAt: at(1) });
    }
    const write = async (customerId: CustomerId) => {
      const insertFields = [newField(customerId, { name: "written", expiresAt: null })];
      for (let done = false; !done; ) {
        const { customer } = await requireProfile(tenant.profiles, customerId, "active");
        const header = { ...customer, version: customer.version + 1 };
        const changes = { customerId, expectedVersion: customer.version, customer: header, insertFields, audit: [] };
        done = (await tenant.profiles.apply(changes)) === "applied";
      }
    };
    const passes = Array.from({ length: 4 }, () => tenant.profiles.expireDue(pass()));
    const [touched] = await Promise.all([Promise.all(passes), Promise.all(owners.map(write))]);
    expect(touched.flat()).toHaveLength(20);
    expect(new Set(touched.flat().map(({ itemId }) => itemId)).size).toBe(20);
    expect(await journalOf(tenant)).toHaveLength(20 + 20);
    for (const customerId of owners) {
      const states = await statuses(tenant.profiles, customerId);
      expect(Object.values(states).sort()).toEqual(["active", "expired", "expired"]);
    }
  });
}

function eitherPassContract(context: ContractContext): void {
  const passes = ["expireDue", "markOrphans"] as const;

  /** A customer with a field and an asset that either pass ends. */
  async function dueCustomer(updatedAt: Instant = NOW): Promise<CustomerId> {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant, { updatedAt });
    const due = { expiresAt: at(1), sources: [itemSource(newField(customerId))] };
    await addField(tenant, customerId, due);
    await addAsset(tenant, customerId, due);
    return customerId;
  }

  it.each(passes)("%s tells what it touched, by customer and item", async (name) => {
    const { profiles } = context.tenant;
    const [one, two] = [await dueCustomer(), await dueCustomer()];
    const touched = await profiles[name](pass());
    const expected = [];
    for (const customerId of [one, two]) {
      const { fields, assets } = await requireProfile(profiles, customerId);
      expected.push(...fields.map(({ id }) => ({ itemId: id, kind: "profile_field", customerId, name: "city" })));
      expected.push(...assets.map(({ id }) => ({ itemId: id, kind: "profile_asset", customerId, name: "id_card" })));
    }
    expect(touched).toStrictEqual(expected);
  });

  it.each(passes)("%s raises the version once for each customer, and never sets its clock back", async (name) => {
    const { profiles } = context.tenant;
    const [early, late] = [await dueCustomer(at(50)), await dueCustomer(at(500))];
    await profiles[name](pass());
    expect(await requireCustomer(profiles, early)).toMatchObject({ version: 4, updatedAt: at(100) });
    expect(await requireCustomer(profiles, late)).toMatchObject({ version: 4, updatedAt: at(500) });
  });

  it.each(passes)("%s appends an audit event for each item, in the order of its answer", async (name) => {
    const { tenant } = context;
    for (let index = 0; index < 3; index++) await dueCustomer();
    const before = (await journalOf(tenant)).length;
    const touched = await tenant.profiles[name](pass());
    const events = (await journalOf(tenant)).slice(before);
    expect(events.map(({ subjectId, eventData }) => [subjectId, eventData])).toEqual(
      touched.map((item) => [item.itemId, { name: item.name, kind: item.kind }]),
    );
  });

  it.each(passes)("%s is idempotent", async (name) => {
    const { tenant } = context;
    await dueCustomer();
    expect(await tenant.profiles[name](pass())).toHaveLength(2);
    const before = await context.engine.probe.dump(tenant.tenantId);
    expect(await tenant.profiles[name](pass({ now: at(200) }))).toEqual([]);
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it.each(passes)("%s keeps to the customer it is given", async (name) => {
    const { profiles } = context.tenant;
    const [one, two] = [await dueCustomer(), await dueCustomer()];
    const touched = await profiles[name](pass({ customerId: one }));
    expect(touched.map(({ customerId }) => customerId)).toEqual([one, one]);
    expect(Object.values(await statuses(profiles, two))).toEqual(["active", "active"]);
  });

  it.each(passes)("%s passes over deleted customers", async (name) => {
    const { tenant } = context;
    const customerId = await dueCustomer();
    await deleteCustomer(tenant, customerId);
    expect(await tenant.profiles[name](pass())).toEqual([]);
    expect(await tenant.profiles[name](pass({ customerId }))).toEqual([]);
  });

  it.each(passes)("%s writes nothing when an audit event is refused", async (name) => {
    const { tenant } = context;
    await dueCustomer();
    const event = newEvent();
    await tenant.audit.append([event]);
    const before = await context.engine.probe.dump(tenant.tenantId);
    const refused = tenant.profiles[name](pass({ auditOf: () => event }));
    await expect(refused).rejects.toMatchObject({ code: "audit_event_exists" });
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("an expired item is not orphaned, an orphaned one not expired", async () => {
    const { tenant } = context;
    const [one, two] = [await dueCustomer(), await dueCustomer()];
    await tenant.profiles.expireDue(pass({ customerId: one }));
    await tenant.profiles.markOrphans(pass({ customerId: two }));
    expect(await tenant.profiles.markOrphans(pass())).toEqual([]);
    expect(await tenant.profiles.expireDue(pass())).toEqual([]);
    await change(tenant, one, {});
  });
}
