import { beforeEach, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { ContractContext } from "./engine.ts";
import { MergeScene, sourceOf } from "./merge-scene.ts";
import { newId } from "./profile-records.ts";

/** Taking merges back, whatever happened since. */
export function mergeUndoContract(context: ContractContext): void {
  let scene: MergeScene;
  beforeEach(async () => {
    scene = await MergeScene.open(context);
  });

  /** Two customers with items in every state, some of the same names on both sides. */
  async function twoLives(): Promise<[CustomerId, CustomerId]> {
    const { vault } = scene;
    const customers = [await scene.customer("one"), await scene.customer()];
    for (const customerId of customers) {
      const card = await scene.register(customerId, "card");
      const doomed = await scene.register(customerId, "doomed", [card]);
      await scene.write(customerId, "city", { confidence: customers.indexOf(customerId) / 2 });
      const city = await scene.write(customerId, "city", { sources: [sourceOf(card)], metadata: { turn: 1 } });
      await scene.write(customerId, `own_${customers.indexOf(customerId)}`, {
        sources: [sourceOf(city)],
        value: { a: [1] },
      });
      await scene.write(customerId, "lapsed", { expiresAt: scene.clock.now() });
      await scene.write(customerId, "orphan", { sources: [sourceOf(doomed)] });
      await scene.write(customerId, "gone");
      await vault.fields.delete(customerId, "gone", { status: "active" });
      await vault.assets.delete(customerId, doomed.id);
      await vault.customers.recordConsent(customerId, { consentType: "marketing", granted: true });
      await vault.customers.linkIdentity(customerId, {
        channel: "email",
        channelUserId: `${customerId}@example.org`,
        verified: true,
      });
      await vault.lifecycle.expireStale();
      await vault.lifecycle.detectOrphans();
    }
    return customers as [CustomerId, CustomerId];
  }

  async function profiles(...customerIds: CustomerId[]): Promise<string> {
    return JSON.stringify(await Promise.all(customerIds.map((customerId) => scene.profile(customerId))));
  }

  it("restores both profiles byte by byte when the survivor did not change", async () => {
    const [one, two] = await twoLives();
    for (const [target, source] of [
      [one, two],
      [two, one],
    ] as const) {
      const before = await profiles(one, two);
      const merge = await scene.merge(target, source);
      expect(await profiles(target)).not.toBe(before);
      await scene.undo(merge);
      expect(await profiles(one, two)).toBe(before);
    }
  });

  it("restores a chain of merges, the last one first", async () => {
    const [one, two] = await twoLives();
    const three = await scene.customer("three");
    await scene.write(three, "city", { verified: true });
    const before = await profiles(one, two, three);
    const first = await scene.merge(two, one);
    const second = await scene.merge(three, two);
    await expect(scene.undo(first)).rejects.toMatchObject({ code: "merge_not_possible" });
    await scene.undo(second);
    await scene.undo(first);
    expect(await profiles(one, two, three)).toBe(before);
  });

  it("works once, also for concurrent callers", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    await scene.write(two, "city");
    const { mergeId } = await scene.merge(one, two);
    const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => scene.vault.merges.undo(mergeId)));
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const attempt of attempts) {
      if (attempt.status === "rejected") expect(attempt.reason).toMatchObject({ code: "merge_not_found" });
    }
    await expect(scene.vault.merges.undo(newId())).rejects.toMatchObject({ code: "merge_not_found" });
    await scene.merge(one, two);
    await expect(scene.vault.merges.undo(mergeId)).rejects.toMatchObject({ code: "merge_not_found" });
  });

  it("tells the slower of two callers that the merge is not there, also when it was until a moment ago", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    const { mergeId } = await scene.merge(one, two);
    const slower = await scene.vaultSlowAfter("getMerge", () => scene.vault.merges.undo(mergeId));
    await expect(slower.merges.undo(mergeId)).rejects.toMatchObject({ code: "merge_not_found" });
  });

  it("leaves what was written since with the survivor", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    await scene.write(one, "city", { value: "one" });
    await scene.write(one, "pet", { value: "one" });
    await scene.write(two, "city", { value: "two", verified: true });
    await scene.write(two, "pet", { value: "two", verified: true });
    const merge = await scene.merge(one, two);
    await scene.write(one, "city", { value: "later" });
    await scene.write(one, "new", { value: "later" });
    const { version } = await scene.profile(one);
    await scene.undo(merge);
    expect(await scene.values(one)).toEqual({ city: "later", pet: "one", new: "later" });
    expect(await scene.values(two)).toEqual({ city: "two", pet: "two" });
    expect((await scene.profile(one)).version).toBe(version + 1);
  });

  it("leaves a moved value that was verified since with both", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    await scene.write(two, "city", { value: "two" });
    const merge = await scene.merge(one, two);
    await scene.vault.fields.verify(one, "city", { method: "otp", by: "agent" });
    await scene.undo(merge);
    const [ofOne, ofTwo] = [(await scene.profile(one)).fields["city"], (await scene.profile(two)).fields["city"]];
    expect([ofOne?.value, ofOne?.verified, ofTwo?.value, ofTwo?.verified]).toEqual(["two", true, "two", false]);
  });

  it("leaves deleted what was deleted since", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    await scene.write(one, "city", { value: "one" });
    const lost = await scene.write(one, "pet", { value: "one" });
    await scene.write(two, "city", { value: "two", verified: true });
    await scene.write(two, "pet", { value: "two", verified: true });
    const card = await scene.register(two, "card");
    const merge = await scene.merge(one, two);
    await scene.vault.fields.delete(one, "city", { status: "active" });
    await scene.vault.fields.delete(one, "pet", { status: "superseded" });
    await scene.vault.assets.delete(one, card.id);
    await scene.undo(merge);
    expect(await scene.values(one)).toEqual({ city: "one" });
    expect(await scene.values(two)).toEqual({ pet: "two" });
    expect((await scene.profile(two)).assets).toEqual([]);
    expect((await scene.profile(one)).fieldHistory?.["pet"]).toMatchObject([{ id: lost.id, status: "superseded" }]);
  });

  it("leaves out what was purged since, and the links to it", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    await scene.write(one, "pet", { value: "one" });
    const first = await scene.write(two, "city", { value: "first" });
    const second = await scene.write(two, "city", { value: "second" });
    await scene.write(two, "pet", { value: "two", verified: true });
    const merge = await scene.merge(one, two);
    await scene.vault.fields.delete(one, "city", { status: "active", purge: { reason: "test" } });
    await scene.vault.fields.delete(one, "pet", { status: "active", purge: { reason: "test" } });
    await scene.undo(merge);
    expect(await scene.values(one)).toEqual({ pet: "one" });
    const history = (await scene.profile(two)).fieldHistory;
    expect(history?.["city"]).toMatchObject([{ id: first.id, status: "superseded", supersededById: null }]);
    expect(Object.keys(history ?? {})).toEqual(["city"]);
    await expect(scene.vault.lineage.chain(second.id)).rejects.toMatchObject({ code: "item_not_found" });
  });

  it.each([
    ["the first merge first", [0, 1]],
    ["the second merge first", [1, 0]],
  ])("gives everyone back their own after two merges into one customer: %s", async (_title, order) => {
    const [one, two, three] = [await scene.customer(), await scene.customer(), await scene.customer()];
    const customers = [one, two, three];
    for (const [index, customerId] of customers.entries()) {
      await scene.write(customerId, "rising", { value: index, confidence: (index + 1) / 10 });
      await scene.write(customerId, "falling", { value: index, confidence: 1 - index / 10 });
      await scene.write(customerId, "middle", { value: index, confidence: index === 1 ? 1 : index / 10 });
    }
    const before = await Promise.all(customers.map((customerId) => scene.values(customerId)));
    const merges = [await scene.merge(one, two), await scene.merge(one, three)];
    expect(await scene.values(one)).toEqual({ rising: 2, falling: 0, middle: 1 });
    for (const index of order) await scene.undo(merges[index] as (typeof merges)[number]);
    expect(await Promise.all(customers.map((customerId) => scene.values(customerId)))).toEqual(before);
  });

  it("is refused when the survivor is gone", async () => {
    const [one, two] = [await scene.customer(), await scene.customer()];
    const merge = await scene.merge(one, two);
    await scene.vault.customers.delete(one);
    await expect(scene.undo(merge)).rejects.toMatchObject({ code: "customer_not_found" });
  });

  it("is refused when another customer got the external id since, and changes nothing", async () => {
    const [one, two] = [await scene.customer(), await scene.customer("crm")];
    const merge = await scene.merge(one, two);
    await scene.vault.customers.update(one, { externalId: null });
    const heir = await scene.customer("crm");
    const before = await context.engine.probe.dump(context.tenant.tenantId);
    await expect(scene.undo(merge)).rejects.toMatchObject({ code: "external_id_taken" });
    expect(await context.engine.probe.dump(context.tenant.tenantId)).toBe(before);
    await scene.vault.customers.update(heir, { externalId: null });
    await scene.undo(merge);
    expect(await scene.profile(two)).toMatchObject({ externalId: "crm" });
  });

  it("gives back the external id that the survivor still has, and leaves one it got later", async () => {
    const [one, two, three, four] = [
      await scene.customer(),
      await scene.customer("two"),
      await scene.customer(),
      await scene.customer("four"),
    ];
    const kept = await scene.merge(one, two);
    const replaced = await scene.merge(three, four);
    await scene.write(one, "city");
    await scene.vault.customers.update(three, { externalId: "three" });
    await scene.undo(kept);
    await scene.undo(replaced);
    const externalIds = [];
    for (const customerId of [one, two, three, four]) externalIds.push((await scene.profile(customerId)).externalId);
    expect(externalIds).toEqual([null, "two", "three", "four"]);
  });

  it("moves identities back with their flags, and leaves those that were linked since", async () => {
    const { customers } = scene.vault;
    const [one, two] = [await scene.customer(), await scene.customer()];
    const merge = await scene.merge(one, two);
    await customers.linkIdentity(one, { channel: "whatsapp", channelUserId: "+9", primary: true });
    await scene.undo(merge);
    const flags = async (customerId: CustomerId) =>
      (await customers.listIdentities(customerId)).map(({ channelUserId, primary }) => [channelUserId, primary]);
    expect(await flags(one)).toEqual([
      ["+1", false],
      ["+9", true],
    ]);
    expect(await flags(two)).toEqual([["+2", true]]);
  });

  it("frees the external ids of merged customers when the survivor is deleted", async () => {
    const { customers } = scene.vault;
    const [one, two, three] = [await scene.customer("one"), await scene.customer("two"), await scene.customer("three")];
    await scene.merge(two, one);
    await scene.merge(three, two);
    await customers.delete(three);
    for (const externalId of ["one", "two", "three"]) {
      expect(await customers.getOrCreate({ externalId })).toMatchObject({ created: true });
    }
  });

  it("keeps the past readable: who was known by what, before and after", async () => {
    const { customers } = scene.vault;
    const [one, two] = [await scene.customer(), await scene.customer()];
    await scene.write(one, "city", { value: "one" });
    await scene.write(two, "city", { value: "two", verified: true });
    const beforeMerge = scene.clock.now();
    const merge = await scene.merge(one, two);
    const whileMerged = scene.clock.now();
    const city = async (customerId: CustomerId, knownAt = scene.clock.now()) =>
      (await customers.get(customerId, { knownAt })).fields["city"]?.value;
    expect([await city(one, beforeMerge), await city(two, beforeMerge)]).toEqual(["one", "two"]);
    expect(await city(one, whileMerged)).toBe("two");
    await expect(customers.get(two, { knownAt: whileMerged })).rejects.toMatchObject({ code: "customer_merged" });
    await scene.undo(merge);
    expect([await city(one), await city(two)]).toEqual(["one", "two"]);
    expect([await city(one, beforeMerge), await city(two, beforeMerge)]).toEqual(["one", "two"]);
  });
}
