import { beforeEach, expect, it } from "vitest";
import type { CustomerKeysInput } from "../profiles/customer-service.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import type { ContractContext } from "./engine.ts";
import { MergeScene } from "./merge-scene.ts";
import { journalOf } from "./profile-writes.ts";

/** Customers who arrive by a channel identity, an external id or both, alone and all at once. */
export function arrivalContract(context: ContractContext): void {
  let scene: MergeScene;
  let vault: TenantVault;
  beforeEach(async () => {
    scene = await MergeScene.open(context);
    ({ vault } = scene);
  });

  const user = (channelUserId: string) => ({ channel: "whatsapp", channelUserId }) as const;

  it("makes a customer for keys that nobody has, and finds it by each of them later", async () => {
    const keys = { channelIdentity: user("+1"), externalId: "crm" };
    const { profile, created } = await vault.customers.getOrCreate(keys);
    expect(created).toBe(true);
    expect(profile).toMatchObject({
      externalId: "crm",
      version: 1,
      verificationLevel: "unverified",
      identities: [{ channelUserId: "+1", primary: true, verified: false }],
    });
    for (const each of [keys, { channelIdentity: user("+1") }, { externalId: "crm" }]) {
      expect(await vault.customers.getOrCreate(each)).toEqual({ profile, created: false });
    }
    expect((await journalOf(context.tenant)).map(({ eventType }) => eventType)).toEqual(["customer_created"]);
  });

  it("adds the key that the customer found by the other one does not have", async () => {
    const { customerId } = (await vault.customers.getOrCreate({ channelIdentity: user("+1") })).profile;
    const named = await vault.customers.getOrCreate({ channelIdentity: user("+1"), externalId: "crm" });
    expect(named).toMatchObject({ created: false, profile: { customerId, externalId: "crm" } });
    const linked = await vault.customers.getOrCreate({ channelIdentity: user("+2"), externalId: "crm" });
    expect(linked.profile.customerId).toBe(customerId);
    expect(linked.profile.identities.map(({ channelUserId, primary }) => [channelUserId, primary])).toEqual([
      ["+1", true],
      ["+2", false],
    ]);
  });

  it("refuses keys of two customers, a second external id, and no key at all", async () => {
    await vault.customers.getOrCreate({ channelIdentity: user("+1"), externalId: "one" });
    await vault.customers.getOrCreate({ externalId: "two" });
    const refused: readonly [CustomerKeysInput, string][] = [
      [{ channelIdentity: user("+1"), externalId: "two" }, "identity_taken"],
      [{ channelIdentity: user("+1"), externalId: "three" }, "external_id_taken"],
      [{}, "invalid_request"],
    ];
    const before = await context.engine.probe.dump(context.tenant.tenantId);
    for (const [keys, code] of refused) await expect(vault.customers.getOrCreate(keys)).rejects.toMatchObject({ code });
    expect(await context.engine.probe.dump(context.tenant.tenantId)).toBe(before);
  });

  it.each([
    ["one identity", () => ({ channelIdentity: user("+1") })],
    ["one external id", () => ({ externalId: "crm" })],
    ["both keys", () => ({ channelIdentity: user("+1"), externalId: "crm" })],
    [
      "one external id on many channels",
      (index: number) => ({ channelIdentity: user(`+${index}`), externalId: "crm" }),
    ],
  ])("gives concurrent callers with %s one customer, in transactions too", async (_title, keys) => {
    const arrive = (services: TenantVault, index: number) => services.customers.getOrCreate(keys(index));
    const arrivals = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index % 2 ? arrive(vault, index % 6) : vault.transaction((transaction) => arrive(transaction, index % 6)),
      ),
    );
    expect(arrivals.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(arrivals.map(({ profile }) => profile.customerId)).size).toBe(1);
    expect((await vault.customers.list({}, { limit: 9 })).items).toHaveLength(1);
  });

  const both = { channelIdentity: user("+1"), externalId: "crm" };

  it("finds the one customer of both keys also when a merge, or its undoing, comes between", async () => {
    const [one, two] = [await scene.customer("crm"), await scene.customer()];
    let merge: Awaited<ReturnType<MergeScene["merge"]>> | undefined;
    const merging = await scene.vaultSlowAfter("findProfile", async () => {
      merge = await scene.merge(two, one);
    });
    expect(await merging.customers.getOrCreate(both)).toMatchObject({ created: false, profile: { customerId: two } });
    const undoing = await scene.vaultSlowAfter("findProfile", async () => merge && (await scene.undo(merge)));
    expect(await undoing.customers.getOrCreate(both)).toMatchObject({ created: false, profile: { customerId: one } });
  });

  it("keeps the external id that another caller gave the customer a moment ago", async () => {
    const customerId = await scene.customer();
    const rival = { ...both, externalId: "other" };
    const slower = await scene.vaultSlowAfter("findProfile", () => vault.customers.getOrCreate(rival), 2);
    await expect(slower.customers.getOrCreate(both)).rejects.toMatchObject({ code: "external_id_taken" });
    expect(await scene.profile(customerId)).toMatchObject({ externalId: "other" });
  });

  it("goes on with whoever has the key when the customer found is merged or deleted meanwhile", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    const merging = await scene.vaultSlowAfter("findProfile", () => scene.merge(two, one), 2);
    const named = await merging.customers.getOrCreate(both);
    expect(named).toMatchObject({ created: false, profile: { customerId: two, externalId: "crm" } });
    const third = { channelIdentity: user("+3"), externalId: "crm" };
    const deleting = await scene.vaultSlowAfter("findProfile", () => vault.customers.delete(two), 2);
    expect(await deleting.customers.getOrCreate(third)).toMatchObject({
      created: true,
      profile: { externalId: "crm" },
    });
  });

  it("answers with the customer it made, whatever others make of it at once", async () => {
    const target = await scene.customer();
    const keys = { channelIdentity: user("+9") };
    const overtaken = await scene.vaultSlowAfter("createCustomer", async () => {
      await scene.merge(target, (await vault.customers.getOrCreate(keys)).profile.customerId);
    });
    const { profile, created } = await overtaken.customers.getOrCreate(keys);
    expect({ created, version: profile.version }).toEqual({ created: true, version: 1 });
    expect(profile.customerId).not.toBe(target);
  });
}
