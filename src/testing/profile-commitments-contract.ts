import { expect, it } from "vitest";
import { newLifecycle } from "../profiles/item.ts";
import type { ContractContext } from "./engine.ts";
import { purge } from "./lineage-writes.ts";
import { at, NOW, newId, readField } from "./profile-records.ts";
import { addAsset, addField, createCustomer, deleteCustomer, deleteItem } from "./profile-writes.ts";

/** What an item's commitment is opened with. */
export function profileCommitmentsContract(context: ContractContext): void {
  const secretOf = (letter: string) => letter.repeat(43);

  it("finds a field with its secret, and an asset's checksum with its own", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const sealed = { value: null, sealedValue: "AQID-_", commitmentSecret: secretOf("a") };
    const field = await addField(tenant, customerId, sealed);
    const asset = await addAsset(tenant, customerId, { commitmentSecret: secretOf("b") });
    expect(await tenant.profiles.getCommittedItem(field.id)).toStrictEqual({
      commitmentSecret: secretOf("a"),
      kind: "profile_field",
      field: readField(field),
    });
    expect(await tenant.profiles.getCommittedItem(asset.id)).toStrictEqual({
      commitmentSecret: secretOf("b"),
      kind: "profile_asset",
      checksum: asset.checksum,
    });
  });

  it("finds one in any status, and a tombstone", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const expired = { ...newLifecycle(NOW), status: "expired", expiredAt: at(50), endedAt: at(50) } as const;
    const old = await addField(tenant, customerId, expired);
    const deleted = await addField(tenant, customerId, { name: "gone" });
    await deleteItem(tenant, deleted);
    expect(await tenant.profiles.getCommittedItem(old.id)).toMatchObject({ field: { status: "expired" } });
    expect(await tenant.profiles.getCommittedItem(deleted.id)).toMatchObject({ field: { id: deleted.id } });
  });

  it("finds none that is unknown or purged, or of a customer who was deleted", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const [purged, kept] = [await addField(tenant, customerId), await addField(tenant, customerId, { name: "kept" })];
    await purge(context, customerId, [purged]);
    expect(await tenant.profiles.getCommittedItem(newId())).toBeUndefined();
    expect(await tenant.profiles.getCommittedItem(purged.id)).toBeUndefined();
    expect(await tenant.profiles.getCommittedItem(kept.id)).toBeDefined();
    await deleteCustomer(tenant, customerId);
    expect(await tenant.profiles.getCommittedItem(kept.id)).toBeUndefined();
  });
}
