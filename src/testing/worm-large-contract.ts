import { describe, expect, it } from "vitest";
import { WORM_BATCH_BYTES_MAX, WORM_DOCUMENT_BYTES_MAX } from "../storage/worm-store.ts";
import { AT, all, ENTRY, entry, type WormSuite } from "./worm-storage.ts";

/** What must hold for documents of many megabytes. On an engine of its own, because some read them all again and again. */
export function wormLargeContract(suite: WormSuite): void {
  describe("large documents", { timeout: 60_000 }, () => {
    it("keeps the largest document and refuses a larger one", async () => {
      const { store } = await suite.newLog();
      const room = WORM_DOCUMENT_BYTES_MAX - ENTRY.encode({ text: "", facts: { n: 1 } }).length;
      const largest = { text: "x".repeat(room), facts: { n: 1 } };
      const record = await store.append(largest, AT);
      expect((await store.get(0n))?.hash).toBe(record.hash);
      expect((await store.get(0n))?.document.text.length).toBe(room);
      await expect(store.append({ ...largest, text: `${largest.text}x` }, AT)).rejects.toMatchObject({
        code: "limit_exceeded",
        details: { limit: WORM_DOCUMENT_BYTES_MAX },
      });
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 1n });
    });

    it("takes 32 MiB", async (context) => {
      if (!suite.storage.database.capabilities.atomicBatches) context.skip();
      const { store } = await suite.newLog();
      const third = { text: "x".repeat(WORM_BATCH_BYTES_MAX / 3), facts: {} };
      await expect(store.appendBatch([third, third, third], AT)).rejects.toMatchObject({ code: "limit_exceeded" });
      expect(await store.appendBatch([third, third, entry(2)], AT)).toHaveLength(3);
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 3n });
    });

    it("streams documents that are large", async () => {
      const { store } = await suite.newLog();
      const large = { text: "x".repeat(5 * 2 ** 20), facts: {} };
      for (let count = 0; count < 5; count++) await store.append(large, AT);
      const places: bigint[] = [];
      for await (const { sequence, document } of store.stream()) {
        expect(document.text.length).toBe(large.text.length);
        places.push(sequence);
      }
      expect(places).toEqual([0n, 1n, 2n, 3n, 4n]);
      const steps = await all(store.scan());
      expect(steps.flat().map(({ sequence }) => sequence)).toEqual(places);
      for (const step of steps) expect(step.length).toBeLessThan(places.length);
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 5n });
    });
  });
}
