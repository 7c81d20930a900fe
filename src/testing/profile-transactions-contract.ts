import { expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { ProfileStore } from "../profiles/profile-store.ts";
import type { ContractContext } from "./engine.ts";
import { changeSet, newCustomer, newField, newIdentity } from "./profile-records.ts";
import { addField, change, createCustomer, journalOf, requireCustomer, requireProfile } from "./profile-writes.ts";

/** Several calls as one: all of it, or none. */
export function profileTransactionsContract(context: ContractContext): void {
  const write = (profiles: ProfileStore, customerId: CustomerId, name: string) =>
    change({ profiles }, customerId, { insertFields: [newField(customerId, { name })] });

  const namesOf = async (customerId: CustomerId) =>
    (await requireProfile(context.tenant.profiles, customerId)).fields.map(({ name }) => name);

  it("keeps everything when the work resolves, and answers what it answers", async () => {
    const { profiles } = context.tenant;
    const customer = newCustomer();
    const answer = await profiles.transaction(async (store) => {
      await store.createCustomer({ customer, identity: newIdentity("+1"), audit: [] });
      await write(store, customer.customerId, "a");
      await write(store, customer.customerId, "b");
      expect((await requireProfile(store, customer.customerId)).fields).toHaveLength(2);
      expect(await store.getField(customer.customerId, "a", "active")).toBeDefined();
      return 42;
    });
    expect(answer).toBe(42);
    expect(await namesOf(customer.customerId)).toEqual(["a", "b"]);
    expect(await journalOf(context.tenant)).toHaveLength(2);
  });

  it("keeps nothing when the work rejects, and rejects with the same error", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    await addField(tenant, customerId, { name: "before" });
    const before = await context.engine.probe.dump(tenant.tenantId);
    const reason = new Error("changed my mind");
    const work = tenant.profiles.transaction(async (store) => {
      await store.createCustomer({ customer: newCustomer(), identity: newIdentity("+1"), audit: [] });
      await write(store, customerId, "a");
      await store.expireDue({
        customerId,
        now: newField(customerId).recordedAt,
        limit: 5,
        auditOf: () => expect.unreachable(),
      });
      throw reason;
    });
    await expect(work).rejects.toBe(reason);
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
    await write(tenant.profiles, customerId, "after");
    await createCustomer(tenant, {}, newIdentity("+1"));
  });

  it("keeps nothing when a call in it is refused", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    await createCustomer(tenant, { externalId: "x" });
    const work = tenant.profiles.transaction(async (store) => {
      await write(store, customerId, "a");
      const customer = await requireCustomer(store, customerId);
      await store.apply(
        changeSet(customer, { customer: { ...customer, externalId: "x", version: customer.version + 1 } }),
      );
    });
    await expect(work).rejects.toMatchObject({ code: "external_id_taken" });
    expect(await namesOf(customerId)).toEqual([]);
  });

  it("takes a transaction within it for a part of itself", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const work = tenant.profiles.transaction(async (store) => {
      await store.transaction((inner) => write(inner, customerId, "inner"));
      await write(store, customerId, "outer");
      throw new Error("after the inner one");
    });
    await expect(work).rejects.toThrow("after the inner one");
    expect(await namesOf(customerId)).toEqual([]);
    await tenant.profiles.transaction(async (store) => {
      await store.transaction((inner) => write(inner, customerId, "inner"));
      await write(store, customerId, "outer");
    });
    expect(await namesOf(customerId)).toEqual(["inner", "outer"]);
  });

  it("shows others nothing before its end", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const reads: Promise<unknown>[] = [];
    const work = tenant.profiles.transaction(async (store) => {
      await write(store, customerId, "secret");
      // Not awaited: an engine with one connection answers when the transaction is over.
      reads.push(tenant.profiles.getField(customerId, "secret", "any"));
      reads.push(requireProfile(tenant.profiles, customerId).then(({ fields }) => fields[0]));
      await requireProfile(store, customerId);
      throw new Error("taken back");
    });
    await expect(work).rejects.toThrow("taken back");
    expect(await Promise.all(reads)).toEqual([undefined, undefined]);
  });

  it("is over for its store when its work is", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    let kept = tenant.profiles;
    await tenant.profiles.transaction(async (store) => {
      kept = store;
      await requireProfile(store, customerId);
    });
    await expect(kept.getField(customerId, "city", "any")).rejects.toMatchObject({ code: "internal_error" });
    await expect(kept.apply(changeSet(await requireCustomer(tenant.profiles, customerId)))).rejects.toMatchObject({
      code: "internal_error",
    });
  });

  it("lets a locked context change the customer without ever being stale", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () =>
        tenant.profiles.transaction(async (store) => {
          const query = { customerId, agentId: null, names: [], assetNames: [], itemIds: [], lock: true };
          const read = await store.loadWriteContext(query);
          return read && store.apply(changeSet(read.customer));
        }),
      ),
    );
    expect(outcomes).toEqual(outcomes.map(() => "applied"));
    expect((await requireCustomer(tenant.profiles, customerId)).version).toBe(13);
  });
}
