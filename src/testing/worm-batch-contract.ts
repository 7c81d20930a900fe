import { describe, expect, it } from "vitest";
import { addMs, type Instant } from "../clock.ts";
import { AT, ENTRY, entries, entry, fill, NOW, type WormSuite } from "./worm-storage.ts";

/** What `appendBatch` must do. */
export function wormBatchContract(suite: WormSuite): void {
  describe("appendBatch", () => {
    const hasBatches = () => suite.storage.database.capabilities.atomicBatches;

    it("adds one document on every engine, and more where it can add all or none", async () => {
      const { store } = await suite.newLog();
      expect(await store.appendBatch([entry(0)], AT)).toMatchObject([{ sequence: 0n, document: entry(0) }]);
      const batch = store.appendBatch(entries(2, 1), AT);
      if (hasBatches()) expect(await batch).toMatchObject([{ sequence: 1n }, { sequence: 2n }]);
      else await expect(batch).rejects.toMatchObject({ code: "unsupported" });
    });

    it("chains what it adds to what is there, as single records are", async (context) => {
      if (!hasBatches()) context.skip();
      const { store } = await suite.newLog();
      const { store: single } = await suite.newLog();
      const batches = [entries(1), entries(3, 1), entries(4, 4)];
      const records = [];
      for (const batch of batches) records.push(...(await store.appendBatch(batch, AT)));
      for (const document of batches.flat()) await single.append(document, AT);
      expect(records).toEqual(await single.getRange());
      expect(await store.getRange()).toEqual(records);
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 8n });
    });

    it("seals each document at an instant of its own", async (context) => {
      if (!hasBatches()) context.skip();
      const { store } = await suite.newLog();
      const { store: single } = await suite.newLog();
      await fill(single, entries(5));
      const expected = await single.getRange();
      const sealedAt = expected.map((record) => record.sealedAt);
      await store.appendBatch(entries(2), { sealedAt: sealedAt.slice(0, 2), expectedSequence: 0n });
      // The first two are there already.
      expect(await store.appendBatch(entries(5), { sealedAt, expectedSequence: 0n })).toEqual(expected);
      expect(await store.getRange()).toEqual(expected);
      await expect(store.appendBatch(entries(2), { sealedAt: sealedAt.slice(0, 1) })).rejects.toMatchObject({
        code: "invalid_request",
      });
      const wrong = ["yesterday" as Instant, NOW];
      await expect(store.appendBatch(entries(2), { sealedAt: wrong })).rejects.toMatchObject({ code: "invalid_value" });
    });

    it("skips the documents that the first places hold already", async (context) => {
      if (!hasBatches()) context.skip();
      const { store } = await suite.newLog();
      const records = await fill(store, entries(4));
      const later = { sealedAt: addMs(NOW, 99_000) };
      const added = await store.appendBatch(entries(4, 2), { ...later, expectedSequence: 2n });
      expect(added.slice(0, 2)).toEqual(records.slice(2));
      expect(added.slice(2)).toMatchObject([
        { sequence: 4n, document: entry(4), ...later },
        { sequence: 5n, document: entry(5), ...later },
      ]);
      expect(await store.appendBatch(entries(6), { ...AT, expectedSequence: 0n })).toEqual([
        ...records,
        ...added.slice(2),
      ]);
      expect(await store.appendBatch(entries(2, 1), { ...AT, expectedSequence: 1n })).toEqual(records.slice(1, 3));
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 6n });
    });

    it("adds nothing when one of the places holds another document", async (context) => {
      if (!hasBatches()) context.skip();
      const { store } = await suite.newLog();
      const records = await fill(store, entries(3));
      const batch = [entry(1), entry(7), entry(8), entry(9)];
      await expect(store.appendBatch(batch, { ...AT, expectedSequence: 1n })).rejects.toMatchObject({
        code: "immutable_record",
        details: { sequence: "2" },
      });
      await expect(store.appendBatch(batch, { ...AT, expectedSequence: 4n })).rejects.toMatchObject({
        code: "sequence_conflict",
      });
      expect(await store.getRange()).toEqual(records);
    });

    it("adds nothing when one of the documents cannot be kept", async () => {
      const { store } = await suite.newLog();
      const batch = hasBatches() ? [entry(0), { text: "", facts: { $: 1 } }] : [{ text: "", facts: { $: 1 } }];
      await expect(store.appendBatch(batch, AT)).rejects.toMatchObject({ code: "invalid_value" });
      expect(await store.head()).toMatchObject({ count: 0n });
    });

    it("takes 1 to 1,000 documents", async (context) => {
      const { store } = await suite.newLog();
      await expect(store.appendBatch([], AT)).rejects.toMatchObject({ code: "invalid_request" });
      await expect(store.appendBatch(entries(1_001), AT)).rejects.toMatchObject({ code: "limit_exceeded" });
      if (!hasBatches()) context.skip();
      expect(await store.appendBatch(entries(1_000), AT)).toHaveLength(1_000);
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 1_000n });
    });

    it("is one with other batches at once", async (context) => {
      if (!hasBatches()) context.skip();
      const { store, place } = await suite.newLog();
      const others = suite.storage.another();
      const batches = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          others.log(ENTRY, place.tenantId, place.log).appendBatch(entries(5, index * 5), AT),
        ),
      );
      for (const batch of batches) {
        const first = batch[0]?.sequence ?? -1n;
        expect(batch.map(({ sequence }) => sequence - first)).toEqual([0n, 1n, 2n, 3n, 4n]);
      }
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 100n });
    });
  });
}
