import { beforeEach, describe, expect, it } from "vitest";
import type { ContractContext } from "./engine.ts";
import { MergeScene } from "./merge-scene.ts";

/** Merges and their undoing whose reads lie around what another caller commits. */
export function overtakenMergeContract(context: ContractContext): void {
  let scene: MergeScene;
  beforeEach(async () => {
    scene = await MergeScene.open(context);
  });

  it("tells the slower of two who merge alike that it is done, not that the target changed", async () => {
    const [target, source] = [await scene.customer(), await scene.customer()];
    const slower = await scene.vaultSlowAfter("findProfile", () => scene.merge(target, source));
    const merge = slower.merges.merge(target, source, { expectedVersion: [1] });
    await expect(merge).rejects.toMatchObject({ code: "customer_merged", details: { mergedInto: target } });
  });

  it("tells who merges into a target that another writer changed so", async () => {
    const [target, source] = [await scene.customer(), await scene.customer()];
    const slower = await scene.vaultSlowAfter("findProfile", () => scene.write(target, "city"));
    const merge = slower.merges.merge(target, source, { expectedVersion: [1] });
    await expect(merge).rejects.toMatchObject({ code: "version_mismatch" });
  });

  it.each(["source", "target"] as const)(
    "tells the slower of two who undo a merge that it is gone, not that its %s is",
    async (gone) => {
      const [target, source] = [await scene.customer(), await scene.customer()];
      const merge = await scene.merge(target, source);
      const slower = await scene.vaultSlowAfter("getMerge", async () => {
        await scene.undo(merge);
        await scene.vault.customers.delete(gone === "source" ? source : target);
      });
      await expect(slower.merges.undo(merge.mergeId)).rejects.toMatchObject({ code: "merge_not_found" });
    },
  );

  describe("a past profile", () => {
    const city = (value: string) => ({ fields: { city: { value } } });

    /** Two customers with a city each, the merge of the second into the first, and a moment before it. */
    async function merged() {
      const [target, source] = [await scene.customer(), await scene.customer()];
      await scene.write(target, "city", { value: "Berne" });
      await scene.write(source, "city", { value: "Lima" });
      await scene.write(source, "secret");
      const before = scene.clock.now();
      return { target, source, before, merge: await scene.merge(target, source) };
    }

    it("shows nothing of the other customer when the merge is undone meanwhile", async () => {
      const { target, before, merge } = await merged();
      const slower = await scene.vaultSlowAfter("findProfile", () => scene.undo(merge));
      const past = await slower.customers.get(target, { knownAt: before });
      expect(past).toMatchObject(city("Berne"));
      expect(Object.keys(past.fields)).toEqual(["city"]);
    });

    it.each([
      ["findProfile", 1],
      ["listMergesInto", 2],
      ["findProfile", 2],
    ] as const)("of a merged customer is there when the merge is undone after %s %i", async (call, nth) => {
      const { source, before, merge } = await merged();
      const slower = await scene.vaultSlowAfter(call, () => scene.undo(merge), nth);
      const past = await slower.customers.get(source, { knownAt: before });
      expect(past).toMatchObject(city("Lima"));
      expect(Object.keys(past.fields)).toEqual(["city", "secret"]);
    });
  });
}
