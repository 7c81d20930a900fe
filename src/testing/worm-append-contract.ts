import { describe, expect, it } from "vitest";
import { addMs, type Instant } from "../clock.ts";
import { WORM_INDEXED_BYTES_MAX, WORM_SEQUENCE_MAX } from "../storage/worm-store.ts";
import { AT, ENTRY, type Entry, entries, entry, fill, NOW, type WormSuite } from "./worm-storage.ts";

const WRITERS = 100;

/** Computed once, by another program. */
const KNOWN_HASHES = [
  "4a3b9c9ed6e6549eaf72c75dc4e5a8eb0bddcd827ff8c844c986ffbda42ee878",
  "b2438992653b4b3667786104cea89b7c5014992a3640a76242fc8eb8c7a6affe",
];

/** What `append` must do. */
export function wormAppendContract(suite: WormSuite): void {
  describe("append", () => {
    it("chains records by the hash that is defined", async () => {
      const { place } = await suite.newLog();
      const store = suite.storage.database.log(ENTRY, place.tenantId, "main-log");
      const first = { text: "first", facts: { n: 1 } };
      const second = { text: "zweiter Schlüssel 🗝", facts: {} };
      const records = [
        await store.append(first, { sealedAt: NOW }),
        await store.append(second, { sealedAt: addMs(NOW, 7) }),
      ];
      expect(records).toEqual([
        { sequence: 0n, document: first, sealedAt: NOW, previousHash: null, hash: KNOWN_HASHES[0] },
        {
          sequence: 1n,
          document: second,
          sealedAt: addMs(NOW, 7),
          previousHash: KNOWN_HASHES[0],
          hash: KNOWN_HASHES[1],
        },
      ]);
      expect(await store.getRange()).toEqual(records);
    });

    it("adds at the end, and where it is expected", async () => {
      const { store } = await suite.newLog();
      expect(await store.append(entry(0), { ...AT, expectedSequence: 0n })).toMatchObject({ sequence: 0n });
      expect(await store.append(entry(1), AT)).toMatchObject({ sequence: 1n });
      expect(await store.append(entry(2), { ...AT, expectedSequence: 2n })).toMatchObject({ sequence: 2n });
      expect(await store.verifyIntegrity()).toEqual({ isValid: true, checked: 3n, corrupted: 0n, violations: [] });
    });

    it("answers a repetition with the record that is stored", async () => {
      const { store, place } = await suite.newLog();
      const records = await fill(store, entries(3));
      const again = suite.storage.another().log(ENTRY, place.tenantId, place.log);
      for (const from of [store, again]) {
        const sealedAt = addMs(NOW, 99_000);
        expect(await from.append(entry(1), { sealedAt, expectedSequence: 1n })).toEqual(records[1]);
        expect(await from.append(entry(2), { sealedAt, expectedSequence: 2n })).toEqual(records[2]);
      }
      expect(await store.getRange()).toEqual(records);
      // Without an expected place it is another record.
      expect(await store.append(entry(2), AT)).toMatchObject({ sequence: 3n });
    });

    it("refuses another document at a place that is taken", async () => {
      const { store } = await suite.newLog();
      const records = await fill(store, entries(2));
      const other = { ...entry(1), facts: { n: 1.5 } };
      await expect(store.append(other, { ...AT, expectedSequence: 1n })).rejects.toMatchObject({
        code: "immutable_record",
        details: { sequence: "1" },
      });
      expect(await store.getRange()).toEqual(records);
    });

    it("refuses a place beyond the next free one", async () => {
      const { store } = await suite.newLog();
      for (const expectedSequence of [1n, WORM_SEQUENCE_MAX]) {
        await expect(store.append(entry(0), { ...AT, expectedSequence })).rejects.toMatchObject({
          code: "sequence_conflict",
          details: { next: "0" },
        });
      }
      await fill(store, entries(1));
      await expect(store.append(entry(2), { ...AT, expectedSequence: 2n })).rejects.toMatchObject({
        code: "sequence_conflict",
        details: { expected: "2", next: "1" },
      });
      expect(await store.count()).toBe(1n);
    });

    it.each([-1n, WORM_SEQUENCE_MAX + 1n, 2n ** 64n])(
      "refuses the place %s, which is none",
      async (expectedSequence) => {
        const { store } = await suite.newLog();
        await expect(store.append(entry(0), { ...AT, expectedSequence })).rejects.toMatchObject({
          code: "invalid_value",
        });
      },
    );

    it.each(["2026-03-03T09:30:00Z", "2026-03-03T09:30:00.0000Z", "2026-02-30T09:30:00.000Z", ""])(
      "refuses the instant `%s`, whose text would not come back",
      async (text) => {
        const { store } = await suite.newLog();
        await expect(store.append(entry(0), { sealedAt: text as Instant })).rejects.toMatchObject({
          code: "invalid_value",
        });
      },
    );

    it.each(["0001-01-01T00:00:00.001Z", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"])(
      "keeps the instant %s to the millisecond",
      async (text) => {
        const { store } = await suite.newLog();
        const record = await store.append(entry(0), { sealedAt: text as Instant });
        expect(await store.get(0n)).toEqual(record);
        expect(await store.verifyIntegrity()).toMatchObject({ isValid: true });
      },
    );

    it("has a place for everybody when many append at once", async () => {
      const { store, place } = await suite.newLog();
      const others = suite.storage.another();
      const writers = Array.from({ length: WRITERS }, (_, index) =>
        index % 2 === 0 ? store : others.log(ENTRY, place.tenantId, place.log),
      );
      const appended = await Promise.all(writers.map((writer, index) => writer.append(entry(index), AT)));
      const stored = await store.getRange();
      expect(appended.toSorted((a, b) => Number(a.sequence - b.sequence))).toEqual(stored);
      expect(stored.map(({ sequence }) => sequence)).toEqual(entries(WRITERS).map((_, index) => BigInt(index)));
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: BigInt(WRITERS) });
    });

    it("lets one of those win who expect the same place", async () => {
      const { store, place } = await suite.newLog();
      await fill(store, entries(1));
      const others = suite.storage.another();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, (_, index) =>
          others.log(ENTRY, place.tenantId, place.log).append(entry(index), { ...AT, expectedSequence: 1n }),
        ),
      );
      const won = outcomes.filter(({ status }) => status === "fulfilled");
      expect(won).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "immutable_record" });
      }
      expect(await store.count()).toBe(2n);
    });

    it("delivers a record once that many deliver at once", async () => {
      const { store, place } = await suite.newLog();
      const others = suite.storage.another();
      const records = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          others
            .log(ENTRY, place.tenantId, place.log)
            .append(entry(0), { sealedAt: addMs(NOW, index), expectedSequence: 0n }),
        ),
      );
      expect(records).toEqual(records.map(() => records[0]));
      expect(await store.getRange()).toEqual([records[0]]);
    });

    it("finds the end again after another writer moved it", async () => {
      const { store, place } = await suite.newLog();
      const other = suite.storage.another().log(ENTRY, place.tenantId, place.log);
      for (let index = 0; index < 6; index += 2) {
        expect(await store.append(entry(index), AT)).toMatchObject({ sequence: BigInt(index) });
        const options = { ...AT, expectedSequence: BigInt(index + 1) };
        expect(await other.append(entry(index + 1), options)).toMatchObject({ sequence: BigInt(index + 1) });
      }
      expect(await store.append(entry(6), { ...AT, expectedSequence: 6n })).toMatchObject({ sequence: 6n });
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 7n });
    });

    it.each<[string, Entry["facts"], string]>([
      ["an array", { list: [1] }, "invalid_value"],
      ["an object", { inner: {} }, "invalid_value"],
      ["a name with a point", { "a.b": 1 }, "invalid_value"],
      ["a name with a dollar", { $a: 1 }, "invalid_value"],
      ["an empty name", { "": 1 }, "invalid_value"],
      ["a NUL", { n: "\0" }, "invalid_value"],
      ["a lone surrogate", { n: "\ud800" }, "invalid_value"],
      ["too much", { n: "x".repeat(WORM_INDEXED_BYTES_MAX) }, "limit_exceeded"],
    ])("refuses to index %s", async (_, facts, code) => {
      const { store } = await suite.newLog();
      await expect(store.append({ text: "", facts }, AT)).rejects.toMatchObject({ code });
      expect(await store.head()).toMatchObject({ count: 0n });
    });

    it("refuses what cannot be encoded or indexed", async () => {
      const { place } = await suite.newLog();
      const fail = (): never => {
        throw new TypeError("No");
      };
      for (const broken of [
        { ...ENTRY, encode: fail },
        { ...ENTRY, indexed: fail },
      ]) {
        const store = suite.storage.database.log(broken, place.tenantId, "broken");
        await expect(store.append(entry(0), AT)).rejects.toMatchObject({ code: "invalid_value" });
        expect(await store.head()).toMatchObject({ count: 0n });
      }
    });

    it("keeps every byte", async () => {
      const { place } = await suite.newLog();
      const blob = { name: "entry", encode: (b: Uint8Array) => b, decode: (b: Uint8Array) => b, indexed: () => ({}) };
      const store = suite.storage.database.log(blob, place.tenantId, "blobs");
      const blobs = [Uint8Array.from({ length: 256 }, (_, byte) => byte), new Uint8Array(), new Uint8Array(3)];
      for (const bytes of blobs) await store.append(bytes, AT);
      expect((await store.getRange()).map(({ document }) => [...document])).toEqual(blobs.map((bytes) => [...bytes]));
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: 3n });
      // What comes back is a copy.
      (await store.get(0n))?.document.fill(9);
      for (const bytes of blobs) bytes.fill(7);
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true });
    });
  });
}
