import { describe, expect, it } from "vitest";
import { WORM_SEQUENCE_MAX, type WormRange } from "../storage/worm-store.ts";
import { AT, all, ENTRY, entries, entry, fill, type WormSuite } from "./worm-storage.ts";

/** What the reads by place must do. */
export function wormReadContract(suite: WormSuite): void {
  describe("get, exists, head and count", () => {
    it("know of nothing in an empty log", async () => {
      const { store } = await suite.newLog();
      expect(await store.get(0n)).toBeUndefined();
      expect(await store.exists(0n)).toBe(false);
      expect(await store.head()).toEqual({ count: 0n, lastSequence: null, lastHash: null });
      expect(await store.count()).toBe(0n);
    });

    it("tell a log with one record from an empty one", async () => {
      const { store } = await suite.newLog();
      const { hash } = await store.append(entry(0), AT);
      expect(await store.head()).toEqual({ count: 1n, lastSequence: 0n, lastHash: hash });
      expect(await store.count()).toBe(1n);
      expect(await store.exists(0n)).toBe(true);
      expect(await store.exists(1n)).toBe(false);
    });

    it("see what other stores added", async () => {
      const { store, place } = await suite.newLog();
      const records = await fill(store, entries(3));
      const other = suite.storage.another().log(ENTRY, place.tenantId, place.log);
      expect(await other.get(1n)).toEqual(records[1]);
      expect(await other.head()).toEqual({ count: 3n, lastSequence: 2n, lastHash: records[2]?.hash });
      expect(await other.count()).toBe(3n);
    });

    it.each([-1n, WORM_SEQUENCE_MAX, WORM_SEQUENCE_MAX + 1n, 2n ** 64n])("find nothing at %s", async (sequence) => {
      const { store } = await suite.newLog();
      await fill(store, entries(1));
      expect(await store.get(sequence)).toBeUndefined();
      expect(await store.exists(sequence)).toBe(false);
    });
  });

  describe("getRange and stream", () => {
    /** And the places that are read of seven. */
    const RANGES: readonly [WormRange, readonly [number, number]][] = [
      [{}, [0, 7]],
      [{ from: 0n, to: 0n }, [0, 1]],
      [{ from: 2n, to: 4n }, [2, 5]],
      [{ from: 5n }, [5, 7]],
      [{ to: 2n }, [0, 3]],
      [{ from: 6n, to: 6n }, [6, 7]],
      [{ from: 5n, to: 100n }, [5, 7]],
      [{ from: 7n, to: 100n }, [0, 0]],
      [{ from: 4n, to: 3n }, [0, 0]],
      [{ from: -5n, to: 1n }, [0, 2]],
      [{ from: -5n, to: -1n }, [0, 0]],
      [{ from: 3n, to: 2n ** 70n }, [3, 7]],
      [{ from: 2n ** 70n }, [0, 0]],
    ];

    it.each(RANGES)("read %o, both bounds inclusive", async (range, places) => {
      const { store } = await suite.newLog();
      const records = (await fill(store, entries(7))).slice(...places);
      expect(await store.getRange(range)).toEqual(records);
      for (const batchSize of [1, 2, 3, 1_000, undefined]) {
        expect(await all(store.stream({ ...range, batchSize }))).toEqual(records);
      }
    });

    it("read nothing from an empty log", async () => {
      const { store } = await suite.newLog();
      expect(await store.getRange()).toEqual([]);
      expect(await all(store.stream())).toEqual([]);
    });

    it("refuse a range of more than 1,000 records, and stream it", { timeout: 60_000 }, async () => {
      const { store } = await suite.newLog();
      for (const batch of [entries(1_000), entries(1, 1_000)]) {
        if (suite.storage.database.capabilities.atomicBatches) await store.appendBatch(batch, AT);
        else await fill(store, batch);
      }
      for (const range of [{}, { from: 0n, to: 1_000n }, { to: 5_000n }]) {
        await expect(store.getRange(range)).rejects.toMatchObject({
          code: "limit_exceeded",
          details: { limit: 1_000 },
        });
      }
      expect(await store.getRange({ from: 1n, to: 5_000n })).toHaveLength(1_000);
      const places = (await all(store.stream({ batchSize: 300 }))).map(({ sequence }) => sequence);
      expect(places).toEqual(entries(1_001).map((_, index) => BigInt(index)));
    });

    it("can be left at any record", async () => {
      const { store } = await suite.newLog();
      await fill(store, entries(5));
      for (let count = 1; count <= 5; count++) {
        const seen: bigint[] = [];
        for await (const { sequence } of store.stream({ batchSize: 2 })) {
          seen.push(sequence);
          if (seen.length === count) break;
        }
        expect(seen).toHaveLength(count);
      }
    });

    it("streams what is there when it begins", async () => {
      const { store } = await suite.newLog();
      await fill(store, entries(3));
      const stream = store.stream({ batchSize: 1 });
      const seen: bigint[] = [];
      for await (const { sequence } of stream) {
        seen.push(sequence);
        await store.append(entry(9), AT);
      }
      expect(seen).toEqual([0n, 1n, 2n]);
    });

    it("can be read several times at once", async () => {
      const { store } = await suite.newLog();
      const records = await fill(store, entries(5));
      const streams = await Promise.all([all(store.stream({ batchSize: 2 })), all(store.stream({ batchSize: 3 }))]);
      expect(streams).toEqual([records, records]);
    });

    it.each([0, 1_001, -1, 1.5, Number.NaN])("refuses to stream %s at a time", async (batchSize) => {
      const { store } = await suite.newLog();
      await expect(all(store.stream({ batchSize }))).rejects.toMatchObject({ code: "invalid_request" });
    });
  });
}
