import { describe, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import { type ItemLifecycle, newLifecycle } from "../profiles/item.ts";
import type { ContractContext } from "./engine.ts";
import { at, changeSet, NOW, newAsset, newEvent, newField, newId, readField } from "./profile-records.ts";
import {
  addAsset,
  addField,
  change,
  createCustomer,
  deleteItem,
  ended,
  requireCustomer,
  requireProfile,
  supersede,
} from "./profile-writes.ts";

/** Writing versions of fields, and flagging them. */
export function profileFieldsContract(context: ContractContext): void {
  describe("apply", () => applyFieldsContract(context));
  describe("setPiiFlag", () => piiFlagContract(context));
}

const EXPIRED = { ...newLifecycle(NOW), status: "expired", expiredAt: at(50), endedAt: at(50) } as const;
const ORPHANED = { ...newLifecycle(NOW), status: "orphaned", orphanedAt: at(60), endedAt: at(60) } as const;

function applyFieldsContract(context: ContractContext): void {
  it("ends one version and inserts the next one of the same name in one change set", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const first = await addField(tenant, customerId);
    const second = await supersede(tenant, first, { value: "Paris" });
    const third = await supersede(tenant, second, { value: "Lille" });
    const { fields } = await requireProfile(tenant.profiles, customerId);
    expect(fields).toEqual([
      readField(third),
      { ...readField(second), ...ended(second, third.id) },
      { ...readField(first), ...ended(first, second.id) },
    ]);
  });

  it("writes many names at once, each superseding its own", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const old = Array.from({ length: 100 }, (_, index) => newField(customerId, { name: `f_${index}` }));
    await change(tenant, customerId, { insertFields: old });
    const fresh = old.map(({ name }) => newField(customerId, { name, value: "new" }));
    const endFields = old.map((field, index) => ended(field, fresh[index]?.id ?? field.id));
    await change(tenant, customerId, { endFields, insertFields: fresh });
    const { fields } = await requireProfile(tenant.profiles, customerId);
    expect(
      fields
        .filter(({ status }) => status === "active")
        .map(({ id }) => id)
        .sort(),
    ).toEqual(fresh.map(({ id }) => id).sort());
    expect(fields).toHaveLength(200);
  });

  it("supersedes expired and orphaned versions, which keep their stamps", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const expired = await addField(tenant, customerId, EXPIRED);
    const orphaned = await addField(tenant, customerId, ORPHANED);
    const next = newField(customerId);
    await change(tenant, customerId, {
      endFields: [ended(expired, next.id, at(99)), ended(orphaned, next.id, at(99))],
      insertFields: [next],
    });
    const { fields } = await requireProfile(tenant.profiles, customerId);
    const common = { status: "superseded", supersededById: next.id, supersededAt: at(99) };
    expect(fields[1]).toMatchObject({
      ...common,
      id: orphaned.id,
      orphanedAt: at(60),
      expiredAt: null,
      endedAt: at(60),
    });
    expect(fields[2]).toMatchObject({
      ...common,
      id: expired.id,
      expiredAt: at(50),
      orphanedAt: null,
      endedAt: at(50),
    });
  });

  it("never lets two versions of a name be active, and writes nothing then", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant);
    const { customerId } = customer;
    await addField(tenant, customerId, { name: "other" });
    const expired = await addField(tenant, customerId, EXPIRED);
    await addField(tenant, customerId);
    const before = await context.engine.probe.dump(tenant.tenantId);
    const now = await requireCustomer(tenant.profiles, customerId);
    const twins = { insertFields: [newField(customerId, { name: "x" }), newField(customerId, { name: "x" })] };
    const second = { insertFields: [newField(customerId)] };
    const revived = { endFields: [{ id: expired.id, ...newLifecycle(NOW) }] };
    for (const parts of [twins, second, revived]) {
      await expect(tenant.profiles.apply(changeSet(now, parts))).rejects.toMatchObject({ code: "internal_error" });
    }
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("keeps no lifecycle that contradicts itself, and writes nothing then", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const field = await addField(tenant, customerId);
    const asset = await addAsset(tenant, customerId);
    const customer = await requireCustomer(tenant.profiles, customerId);
    const before = await context.engine.probe.dump(tenant.tenantId);
    const contradictions: readonly Partial<ItemLifecycle>[] = [
      { status: "expired", endedAt: at(1) },
      { status: "orphaned", endedAt: at(1) },
      { status: "superseded", endedAt: at(1) },
      { status: "expired", expiredAt: at(1) },
      { deletedAt: at(1) },
      { endedAt: at(1) },
      { supersededAt: at(1), endedAt: at(1), deletedAt: at(1) },
      { status: "expired", expiredAt: at(1), endedAt: at(1), supersededById: field.id },
      { status: "superseded", supersededAt: at(1), endedAt: at(1), supersededById: newId() },
    ];
    for (const contradiction of contradictions) {
      const lifecycle = { ...newLifecycle(NOW), ...contradiction };
      const onField = { endFields: [{ id: field.id, ...lifecycle }] };
      const link = lifecycle.supersededById === field.id ? asset.id : lifecycle.supersededById;
      const onAsset = { endAssets: [{ id: asset.id, ...lifecycle, supersededById: link }] };
      for (const parts of [onField, onAsset, { insertFields: [newField(customerId, { name: "new", ...lifecycle })] }]) {
        await expect(tenant.profiles.apply(changeSet(customer, parts))).rejects.toMatchObject({
          code: "internal_error",
        });
      }
    }
    for (const value of [{ value: null }, { sealedValue: "AQID" }]) {
      const parts = { insertFields: [newField(customerId, { name: "new", ...value })] };
      await expect(tenant.profiles.apply(changeSet(customer, parts))).rejects.toMatchObject({ code: "internal_error" });
    }
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("leaves room for an active version beside a tombstone", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const tombstone = await addField(tenant, customerId);
    await deleteItem(tenant, tombstone, at(1));
    const next = await addField(tenant, customerId);
    const { fields } = await requireProfile(tenant.profiles, customerId);
    expect(fields.map(({ id, status, deletedAt }) => ({ id, status, deletedAt }))).toEqual([
      { id: next.id, status: "active", deletedAt: null },
      { id: tombstone.id, status: "active", deletedAt: at(1) },
    ]);
  });

  it("shows exactly one active version to every reader while writers take turns", async () => {
    const { tenant } = context;
    const { profiles } = tenant;
    const { customerId } = await createCustomer(tenant);
    await addField(tenant, customerId);
    let writing = true;
    const writers = Array.from({ length: 4 }, async () => {
      for (let turn = 0; turn < 5; turn++) {
        await profiles.transaction(async (store) => {
          const query = { customerId, agentId: null, names: ["city"], assetNames: [], itemIds: [], lock: true };
          const read = await store.loadWriteContext(query);
          const next = newField(customerId);
          const endFields = (read?.currentFields ?? []).map((field) => ended(field, next.id));
          const customer = read?.customer;
          expect(customer && (await store.apply(changeSet(customer, { endFields, insertFields: [next] })))).toBe(
            "applied",
          );
        });
      }
    });
    const readers = Array.from({ length: 2 }, async () => {
      while (writing) {
        expect((await requireProfile(profiles, customerId, "active")).fields).toHaveLength(1);
        expect((await profiles.getField(customerId, "city", "active"))?.status).toBe("active");
      }
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(readers);
    const { fields, customer } = await requireProfile(profiles, customerId);
    expect(fields.filter(({ status }) => status === "superseded")).toHaveLength(20);
    expect(customer.version).toBe(22);
  });

  it("refuses an id that any item has, whatever its kind and state, and writes nothing", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const field = await addField(tenant, rival.customerId, { sources: [{ type: "tool", id: "ocr", metadata: {} }] });
    const asset = await addAsset(tenant, rival.customerId);
    const tombstone = await addField(tenant, rival.customerId, { name: "gone" });
    await deleteItem(tenant, tombstone);
    const before = await context.engine.probe.dump(tenant.tenantId);
    for (const { id } of [field, asset, tombstone]) {
      const parts = [
        { insertFields: [newField(customer.customerId, { name: "first" }), newField(customer.customerId, { id })] },
        { insertAssets: [newAsset(customer.customerId), newAsset(customer.customerId, { id })] },
      ];
      for (const part of parts) {
        const changes = changeSet(customer, { ...part, audit: [newEvent()] });
        await expect(tenant.profiles.apply(changes)).rejects.toMatchObject({ code: "item_exists" });
      }
    }
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("ends the customer's own versions only", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const foreign = await addField(tenant, rival.customerId);
    const asset = await addAsset(tenant, rival.customerId);
    await change(tenant, customerId, {
      endFields: [{ id: foreign.id, ...EXPIRED }],
      endAssets: [{ id: asset.id, ...EXPIRED }],
    });
    const profile = await requireProfile(tenant.profiles, rival.customerId);
    expect([...profile.fields, ...profile.assets].map(({ status }) => status)).toEqual(["active", "active"]);
  });
}

function piiFlagContract(context: ContractContext): void {
  it("flags every version of the name, of all customers and in all states, and counts the changed ones", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const first = await addField(tenant, customerId);
    await supersede(tenant, first);
    await deleteItem(tenant, await addField(tenant, rival.customerId));
    await addField(tenant, rival.customerId, { isPii: true });
    await addField(tenant, customerId, { name: "other" });
    expect(await tenant.profiles.setPiiFlag("city", true)).toBe(3);
    expect(await tenant.profiles.setPiiFlag("city", true)).toBe(0);
    const flags = async (id: CustomerId) =>
      (await requireProfile(tenant.profiles, id)).fields.map(({ name, isPii }) => [name, isPii]);
    expect(await flags(customerId)).toEqual([
      ["city", true],
      ["city", true],
      ["other", false],
    ]);
    expect(await flags(rival.customerId)).toEqual([
      ["city", true],
      ["city", true],
    ]);
    expect(await tenant.profiles.setPiiFlag("city", false)).toBe(4);
    expect(await tenant.profiles.setPiiFlag("unknown", true)).toBe(0);
  });
}
