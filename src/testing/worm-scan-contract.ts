import { describe, expect, it } from "vitest";
import type { StoredWormRecord, WormRange, WormRecord } from "../storage/worm-store.ts";
import { AT, all, ENTRY, type Entry, entries, entry, fill, type KeptRow, type WormSuite } from "./worm-storage.ts";

/** What must be found of a record that nobody altered. */
function storedOf({ document, ...record }: WormRecord<Entry>): StoredWormRecord {
  return { ...record, bytes: ENTRY.encode(document), indexed: document.facts };
}

/** As plain values: engines hand out bytes of several classes. */
function plain(records: readonly StoredWormRecord[]): readonly StoredWormRecord[] {
  return records.map((record) => ({ ...record, bytes: Uint8Array.from(record.bytes) }));
}

async function flat(steps: AsyncIterable<readonly StoredWormRecord[]>): Promise<readonly StoredWormRecord[]> {
  return plain((await all(steps)).flat());
}

/** How a scan reads what nobody altered, and what somebody did. */
export function wormScanContract(suite: WormSuite): void {
  describe("scan", () => {
    /** And the places that are read of seven. */
    const RANGES: readonly [WormRange, readonly [number, number]][] = [
      [{}, [0, 7]],
      [{ from: 0n, to: 0n }, [0, 1]],
      [{ from: 2n, to: 4n }, [2, 5]],
      [{ from: 6n, to: 6n }, [6, 7]],
      [{ from: 5n, to: 100n }, [5, 7]],
      [{ from: 7n }, [0, 0]],
      [{ from: 4n, to: 3n }, [0, 0]],
      [{ from: -5n, to: 2n ** 70n }, [0, 7]],
    ];

    it.each(RANGES)("reads %o in steps of a size, both bounds inclusive", async (range, places) => {
      const { store } = await suite.newLog();
      const stored = (await fill(store, entries(7))).map(storedOf).slice(...places);
      for (const batchSize of [1, 3, 1_000, undefined]) {
        const steps = await all(store.scan({ ...range, batchSize }));
        expect(plain(steps.flat())).toEqual(stored);
        const sizes = steps.map((step) => step.length);
        expect(sizes.every((size) => size >= 1 && size <= (batchSize ?? 100))).toBe(true);
      }
    });

    it("reads 100 at a time unless told otherwise", { timeout: 60_000 }, async () => {
      const { store } = await suite.newLog();
      if (suite.storage.database.capabilities.atomicBatches) await store.appendBatch(entries(101), AT);
      else await fill(store, entries(101));
      expect((await all(store.scan())).map((step) => step.length)).toEqual([100, 1]);
      expect((await all(store.scan({ batchSize: 60 }))).map((step) => step.length)).toEqual([60, 41]);
    });

    it("reads nothing from an empty log", async () => {
      const { store } = await suite.newLog();
      expect(await all(store.scan())).toEqual([]);
    });

    it("can be left at any step", async () => {
      const { store } = await suite.newLog();
      await fill(store, entries(4));
      for (let count = 1; count <= 4; count++) {
        const seen: bigint[] = [];
        for await (const step of store.scan({ batchSize: 1 })) {
          seen.push(...step.map(({ sequence }) => sequence));
          if (seen.length === count) break;
        }
        expect(seen).toHaveLength(count);
      }
    });

    it("reads what is there when it begins", async () => {
      const { store } = await suite.newLog();
      await fill(store, entries(3));
      const seen: bigint[] = [];
      for await (const step of store.scan({ batchSize: 1 })) {
        seen.push(...step.map(({ sequence }) => sequence));
        await store.append(entry(9), AT);
      }
      expect(seen).toEqual([0n, 1n, 2n]);
    });

    it("is given up between two steps", async () => {
      const { store } = await suite.newLog();
      await fill(store, entries(4));
      const controller = new AbortController();
      const seen: number[] = [];
      const read = async (): Promise<void> => {
        for await (const step of store.scan({ batchSize: 1, signal: controller.signal })) {
          seen.push(step.length);
          if (seen.length === 2) controller.abort();
        }
      };
      await expect(read()).rejects.toMatchObject({ code: "aborted" });
      expect(seen).toEqual([1, 1]);
    });

    it.each([0, 1_001, -1, 1.5, Number.NaN])("refuses steps of %s", async (batchSize) => {
      const { store } = await suite.newLog();
      await expect(all(store.scan({ batchSize }))).rejects.toMatchObject({ code: "invalid_request" });
    });

    it("hands out copies", async () => {
      const { store } = await suite.newLog();
      const stored = (await fill(store, entries(1))).map(storedOf);
      for (const { bytes } of (await all(store.scan())).flat()) bytes.fill(0);
      expect(await flat(store.scan())).toEqual(stored);
    });

    const ALTERED: readonly [string, Partial<KeptRow>][] = [
      ["bytes that cannot be read", { bytes: Uint8Array.of(0xff, 0, 0x7b) }],
      ["no bytes", { bytes: new Uint8Array() }],
      ["another hash", { hash: "00".repeat(32) }],
      ["another hash before it", { previousHash: "ff".repeat(32) }],
      ["an instant that is none", { sealedAt: null }],
      ["an index of something else", { indexed: { other: "x", list: [1, { deep: null }] } }],
    ];

    it.each(ALTERED)("reads a record with %s as it is stored", async (_, change) => {
      const { store, place } = await suite.newLog();
      const stored = (await fill(store, entries(5))).map(storedOf);
      await suite.storage.tamper(place, (rows) =>
        rows.map((row, index) => (index === 2 ? { ...row, ...change } : row)),
      );
      const expected = stored.map((record, index) => (index === 2 ? { ...record, ...change } : record));
      expect(await flat(store.scan({ batchSize: 2 }))).toEqual(expected);
      expect(await flat(store.scan({ from: 2n, to: 2n }))).toEqual([expected[2]]);
    });

    it("leaves out places that are empty", async () => {
      const { store, place } = await suite.newLog();
      const stored = (await fill(store, entries(6))).map(storedOf);
      await suite.storage.tamper(place, (rows) => rows.filter((_, index) => index !== 0 && index !== 2 && index !== 3));
      expect(await flat(store.scan({ batchSize: 2 }))).toEqual([stored[1], stored[4], stored[5]]);
      expect(await flat(store.scan({ from: 2n, to: 3n }))).toEqual([]);
    });

    it("reads records that changed places", async () => {
      const { store, place } = await suite.newLog();
      const stored = (await fill(store, entries(3))).map(storedOf);
      const swapped = [stored[0], { ...stored[2], sequence: 1n }, { ...stored[1], sequence: 2n }];
      await suite.storage.tamper(place, ([first, second, third]) => [
        first as KeptRow,
        { ...(third as KeptRow), sequence: 1n },
        { ...(second as KeptRow), sequence: 2n },
      ]);
      expect(await flat(store.scan())).toEqual(swapped);
    });
  });
}
