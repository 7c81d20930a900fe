import { beforeEach, describe, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { FieldInput } from "../profiles/field-input.ts";
import type { ContractContext } from "./engine.ts";
import { MergeScene, sourceOf } from "./merge-scene.ts";
import { newId } from "./profile-records.ts";

interface Contest {
  readonly title: string;
  readonly ofTarget: Partial<FieldInput>;
  readonly ofSource: Partial<FieldInput>;
  readonly winner: "target" | "source";
}

/** Joining two customers that turn out to be one person. */
export function mergeContract(context: ContractContext): void {
  let scene: MergeScene;
  beforeEach(async () => {
    scene = await MergeScene.open(context);
  });

  it("moves everything to the target, under the ids it had", async () => {
    const { vault } = scene;
    const [target, source] = [await scene.customer(), await scene.customer()];
    const card = await scene.register(source, "card");
    const first = await scene.write(source, "city", { sources: [sourceOf(card)] });
    const second = await scene.write(source, "city", { sources: [sourceOf(first)] });
    await scene.write(source, "gone");
    await vault.fields.delete(source, "gone", { status: "active" });
    await vault.customers.recordConsent(source, { consentType: "marketing", granted: true });
    await vault.customers.recordConsent(target, { consentType: "marketing", granted: false });
    const before = await scene.profile(source);
    const chain = await vault.lineage.chain(second.id);
    await scene.merge(target, source);
    const after = await scene.profile(target);
    const moved = (views: readonly { readonly id: string }[] | undefined) =>
      views?.map((each) => ({ ...each, customerId: target }));
    expect(after.fieldHistory?.["city"]).toEqual(moved(before.fieldHistory?.["city"]));
    expect(after.fieldHistory?.["gone"]).toEqual(moved(before.fieldHistory?.["gone"]));
    expect(after.assetHistory).toEqual(moved(before.assetHistory));
    expect(after.identities.map(({ channelUserId }) => channelUserId)).toEqual(["+1", "+2"]);
    expect(after.consents.map(({ granted }) => granted)).toEqual([true, false]);
    expect((await vault.lineage.chain(second.id)).items.map(({ id }) => id)).toEqual(chain.items.map(({ id }) => id));
  });

  describe("of two active versions of a name", () => {
    const early = "2026-01-01T00:00:00.000Z" as never;
    const late = "2026-02-01T00:00:00.000Z" as never;
    const cases: readonly Contest[] = [
      {
        title: "the verified one wins against more confidence",
        ofTarget: { verified: true, confidence: 0.1 },
        ofSource: { collectedAt: late },
        winner: "target",
      },
      {
        title: "the verified one wins, also when it comes from the source",
        ofTarget: { confidence: 1 },
        ofSource: { verified: true, confidence: 0.1 },
        winner: "source",
      },
      {
        title: "the more confident wins against the newer",
        ofTarget: { confidence: 0.9, collectedAt: early },
        ofSource: { confidence: 0.8, collectedAt: late },
        winner: "target",
      },
      {
        title: "the more confident wins among verified ones",
        ofTarget: { verified: true, confidence: 0.1 },
        ofSource: { verified: true, confidence: 0.2 },
        winner: "source",
      },
      {
        title: "the newer wins when all else is equal",
        ofTarget: { collectedAt: early },
        ofSource: { collectedAt: late },
        winner: "source",
      },
      {
        title: "the target's wins in a draw",
        ofTarget: { collectedAt: early },
        ofSource: { collectedAt: early },
        winner: "target",
      },
    ];

    it.each(cases)("$title", async ({ ofTarget, ofSource, winner }) => {
      const [target, source] = [await scene.customer(), await scene.customer()];
      const [mine, theirs] = [await scene.write(target, "city", ofTarget), await scene.write(source, "city", ofSource)];
      await scene.merge(target, source);
      const [won, lost] = winner === "target" ? [mine, theirs] : [theirs, mine];
      const mergedAt = scene.clock.now();
      const history = (await scene.profile(target)).fieldHistory?.["city"] ?? [];
      expect(history.find(({ id }) => id === won.id)).toMatchObject({
        status: "active",
        supersededById: null,
        endedAt: null,
      });
      expect(history.find(({ id }) => id === lost.id)).toMatchObject({
        status: "superseded",
        supersededById: won.id,
        supersededAt: mergedAt,
        endedAt: mergedAt,
        customerId: target,
      });
    });
  });

  it("lets versions that are not active take no part in the contest", async () => {
    const [target, source] = [await scene.customer(), await scene.customer()];
    const expired = await scene.write(target, "city", { verified: true, expiresAt: scene.clock.now() });
    await scene.vault.lifecycle.expireStale();
    const active = await scene.write(source, "city", { confidence: 0.1 });
    await scene.merge(target, source);
    const history = (await scene.profile(target)).fieldHistory?.["city"] ?? [];
    expect(history.map(({ id, status }) => [id, status])).toEqual([
      [active.id, "active"],
      [expired.id, "expired"],
    ]);
  });

  it("keeps the stronger level, the later interaction and the target's own external id", async () => {
    const { vault } = scene;
    const [target, source] = [await scene.customer("target"), await scene.customer("source")];
    await vault.customers.update(target, { verificationLevel: "email_verified" });
    await vault.customers.update(source, { verificationLevel: "document_verified" });
    await scene.write(target, "a");
    await scene.write(source, "b");
    const lastInteractionAt = scene.clock.now();
    await scene.merge(target, source);
    expect(await scene.profile(target)).toMatchObject({
      externalId: "target",
      verificationLevel: "document_verified",
      lastInteractionAt,
    });
    for (const externalId of ["source", "target"]) {
      const { profile, created } = await vault.customers.getOrCreate({ externalId });
      expect([profile.customerId, created]).toEqual([target, false]);
    }
  });

  it("gives the target the source's external id when it has none", async () => {
    const [target, source] = [await scene.customer(), await scene.customer("crm")];
    await scene.merge(target, source);
    expect(await scene.profile(target)).toMatchObject({ externalId: "crm" });
    expect((await scene.vault.customers.getOrCreate({ externalId: "crm" })).profile.customerId).toBe(target);
  });

  it("leaves one primary identity for each channel", async () => {
    const { vault } = scene;
    const [target, source] = [await scene.customer(), await scene.customer()];
    await vault.customers.linkIdentity(source, { channel: "email", channelUserId: "a@example.org" });
    await scene.merge(target, source);
    const { identities } = await scene.profile(target);
    expect(identities.map(({ channelUserId, primary }) => [channelUserId, primary])).toEqual([
      ["a@example.org", true],
      ["+1", true],
      ["+2", false],
    ]);
  });

  it("leads lookups along a chain of merges to the last survivor, and refuses the merged customers by id", async () => {
    const { vault } = scene;
    const customers = [];
    for (const name of ["a", "b", "c", "d"]) customers.push(await scene.customer(name));
    const [a, b, c, d] = customers as [CustomerId, CustomerId, CustomerId, CustomerId];
    await scene.merge(b, a);
    await scene.merge(c, b);
    await scene.merge(d, c);
    for (const [index, externalId] of ["a", "b", "c", "d"].entries()) {
      const channelIdentity = { channel: "whatsapp", channelUserId: `+${index + 1}` } as const;
      expect((await vault.customers.getOrCreate({ externalId })).profile.customerId).toBe(d);
      expect((await vault.customers.getOrCreate({ channelIdentity })).profile.customerId).toBe(d);
    }
    for (const [merged, into] of [
      [a, b],
      [b, c],
      [c, d],
    ] as const) {
      const refused = { code: "customer_merged", details: { mergedInto: into } };
      await expect(vault.customers.get(merged)).rejects.toMatchObject(refused);
      await expect(scene.write(merged, "city")).rejects.toMatchObject(refused);
      await expect(vault.fields.get(merged, "city")).rejects.toMatchObject(refused);
      await expect(vault.customers.delete(merged)).rejects.toMatchObject(refused);
      await expect(scene.merge(d, merged)).rejects.toMatchObject(refused);
      await expect(scene.merge(merged, d)).rejects.toMatchObject(refused);
    }
    expect((await vault.customers.list({}, { limit: 9 })).items.map(({ customerId }) => customerId)).toEqual([d]);
  });

  it("is refused for a customer and itself, for unknown and deleted ones, and at another version", async () => {
    const { vault } = scene;
    const [target, source, deleted] = [await scene.customer(), await scene.customer(), await scene.customer()];
    await vault.customers.delete(deleted);
    const before = await context.engine.probe.dump(context.tenant.tenantId);
    await expect(scene.merge(target, target)).rejects.toMatchObject({ code: "merge_not_possible" });
    for (const gone of [deleted, newId<CustomerId>()]) {
      await expect(scene.merge(target, gone)).rejects.toMatchObject({ code: "customer_not_found" });
      await expect(scene.merge(gone, source)).rejects.toMatchObject({ code: "customer_not_found" });
    }
    const stale = vault.merges.merge(target, source, { expectedVersion: [7] });
    await expect(stale).rejects.toMatchObject({ code: "version_mismatch" });
    expect(await context.engine.probe.dump(context.tenant.tenantId)).toBe(before);
  });

  it("happens once under concurrent callers, whichever way round", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    await scene.write(one, "city");
    await scene.write(two, "city");
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        index % 2 ? scene.vault.merges.merge(one, two) : scene.vault.merges.merge(two, one),
      ),
    );
    const done = attempts.filter((attempt) => attempt.status === "fulfilled");
    expect(done).toHaveLength(1);
    for (const attempt of attempts) {
      if (attempt.status === "rejected") expect(attempt.reason).toMatchObject({ code: "customer_merged" });
    }
    const survivor = done[0]?.value.targetCustomerId as CustomerId;
    expect((await scene.profile(survivor)).fieldHistory?.["city"]?.map(({ status }) => status).sort()).toEqual([
      "active",
      "superseded",
    ]);
  });

  it("loses nothing that is written to either customer meanwhile", async () => {
    const { vault } = scene;
    const [target, source] = [await scene.customer(), await scene.customer()];
    const write = (customerId: CustomerId, name: string) =>
      vault.fields.write(customerId, { fields: [{ name, value: 1, source: "user_provided" }] });
    const writes = Array.from({ length: 6 }, (_, index) => write(index % 2 ? target : source, `f_${index}`));
    const merge = vault.merges.merge(target, source).catch(() => vault.merges.merge(target, source));
    const settled = await Promise.allSettled(writes);
    await merge;
    const written = settled.flatMap((each, index) => (each.status === "fulfilled" ? [`f_${index}`] : []));
    for (const each of settled)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "customer_merged" });
    expect(Object.keys(await scene.values(target)).sort()).toEqual(written);
  });
}
