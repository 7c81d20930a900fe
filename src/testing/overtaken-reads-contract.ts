import { beforeEach, describe, expect, it } from "vitest";
import type { AgentId, CustomerId, ItemId } from "../identifiers.ts";
import type { Session } from "../sessions/session.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import type { ContractContext } from "./engine.ts";
import { MergeScene } from "./merge-scene.ts";
import { newId } from "./profile-records.ts";

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

  describe("opening a session whose customer was merged", () => {
    const place = { agentId: newId<AgentId>(), channel: "sms", channelUserId: "+7" } as const;

    /** What comes of it when something happens to the session, or the survivor, after the survivor was found. */
    async function reopened(meanwhile: (session: Session, survivor: CustomerId) => Promise<unknown>) {
      const { session } = await scene.vault.sessions.open({ ...place, customerId });
      const survivor = await scene.customer();
      await scene.merge(survivor, customerId);
      const slower = await scene.vaultSlowAfter("findProfile", () => meanwhile(session, survivor), 2);
      return { before: session, ...(await slower.sessions.open(place)) };
    }

    it("opens another when it is deleted meanwhile", async () => {
      const { before, session, isNew } = await reopened(({ sessionId }) => scene.vault.sessions.delete(sessionId));
      expect(isNew).toBe(true);
      expect(session.sessionId).not.toBe(before.sessionId);
    });

    it("keeps the customer whom another caller linked meanwhile", async () => {
      const linked = await scene.customer();
      const { before, session } = await reopened(({ sessionId }) =>
        scene.vault.sessions.update(sessionId, { customerId: linked }),
      );
      expect(session).toMatchObject({ sessionId: before.sessionId, customerId: linked, version: 2 });
    });

    it("links the owner of the identity when the survivor is deleted meanwhile", async () => {
      const { before, session } = await reopened((_, survivor) => scene.vault.customers.delete(survivor));
      const { profile } = await scene.vault.customers.getOrCreate({ channelIdentity: place });
      expect(session).toMatchObject({ sessionId: before.sessionId, customerId: profile.customerId });
    });
  });
}
