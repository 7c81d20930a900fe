import { beforeEach, expect, it } from "vitest";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import type { ContractContext } from "./engine.ts";
import { MergeScene } from "./merge-scene.ts";

/** Use cases on items whose reads lie around what another caller commits. */
export function overtakenReadsContract(context: ContractContext): void {
  let scene: MergeScene;
  let customerId: CustomerId;
  let assetId: ItemId;
  beforeEach(async () => {
    scene = await MergeScene.open(context);
    customerId = await scene.customer();
    await scene.write(customerId, "city", { value: "Berne" });
    assetId = (await scene.register(customerId, "card")).id;
  });

  const page = { limit: 9 };
  const deletions = [
    [
      "field",
      (vault: TenantVault) => vault.fields.delete(customerId, "city", { status: "active", expectedVersion: 3 }),
    ],
    ["asset", (vault: TenantVault) => vault.assets.delete(customerId, assetId, { expectedVersion: 3 })],
  ] as const;

  it.each(deletions)(
    "tell who deletes a %s of a customer merged meanwhile where the customer is",
    async (_, remove) => {
      const survivor = await scene.customer();
      const slower = await scene.vaultSlowAfter("loadWriteContext", () => scene.merge(survivor, customerId));
      await expect(remove(slower)).rejects.toMatchObject({
        code: "customer_merged",
        details: { mergedInto: survivor },
      });
    },
  );

  it.each(deletions)("tell who deletes a %s of a customer deleted meanwhile so", async (_, remove) => {
    const slower = await scene.vaultSlowAfter("loadWriteContext", () => scene.vault.customers.delete(customerId));
    await expect(remove(slower)).rejects.toMatchObject({ code: "customer_not_found" });
  });

  it.each(deletions)("tell the slower of two who delete a %s that it expected another version", async (_, remove) => {
    const slower = await scene.vaultSlowAfter("loadWriteContext", () => remove(scene.vault));
    await expect(remove(slower)).rejects.toMatchObject({ code: "version_mismatch" });
  });

  it.each([
    ["getField", (vault: TenantVault) => vault.fields.get(customerId, "city")],
    ["listFieldHistory", (vault: TenantVault) => vault.fields.history(customerId, "city", page)],
    ["getAsset", (vault: TenantVault) => vault.assets.get(customerId, assetId)],
    ["listAssets", (vault: TenantVault) => vault.assets.list(customerId, "active", page)],
  ] as const)("find with %s what a customer got back meanwhile", async (read, find) => {
    const expected = await find(scene.vault);
    const merge = await scene.merge(await scene.customer(), customerId);
    const slower = await scene.vaultSlowAfter(read, () => scene.undo(merge));
    expect(await find(slower)).toEqual(expected);
  });
}
