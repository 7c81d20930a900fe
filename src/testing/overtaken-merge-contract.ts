import { beforeEach, expect, it } from "vitest";
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
}
