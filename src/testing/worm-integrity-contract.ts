import { beforeEach, describe, expect, it } from "vitest";
import { addMs } from "../clock.ts";
import type { WormViolationType } from "../storage/worm-store.ts";
import {
  AT,
  all,
  ENTRY,
  entries,
  entry,
  fill,
  type KeptRow,
  type LogUnderTest,
  NOW,
  type WormSuite,
} from "./worm-storage.ts";

type Change = (rows: readonly KeptRow[]) => readonly KeptRow[];
type Found = readonly [number, WormViolationType];

const RECORDS = 6;

/** What `verifyIntegrity` must find, and what reads and appends do with a log that was altered. */
export function wormIntegrityContract(suite: WormSuite): void {
  describe("verifyIntegrity", () => {
    let log: LogUnderTest;

    beforeEach(async () => {
      log = await suite.newLog();
      await fill(log.store, entries(RECORDS));
    });

    async function expectFound(found: readonly Found[], range: { from?: bigint; to?: bigint } = {}): Promise<void> {
      const { violations, ...summary } = await log.store.verifyIntegrity(range);
      expect(violations.map(({ sequence, type }) => [Number(sequence), type])).toEqual(found);
      const places = new Set(found.map(([place]) => place));
      expect(summary).toMatchObject({ isValid: found.length === 0, corrupted: BigInt(places.size) });
      for (const { details } of violations) expect(details).not.toContain("entry");
    }

    const CHANGES: readonly [string, Change, readonly Found[]][] = [
      ["nothing", (rows) => rows, []],
      ["a bit of the bytes", at(2, (row) => ({ bytes: otherText(row.bytes) })), [[2, "hash_mismatch"]]],
      [
        "a bit that makes the bytes unreadable",
        at(2, (row) => ({ bytes: flipped(row.bytes, 0) })),
        [
          [2, "hash_mismatch"],
          [2, "undecodable"],
        ],
      ],
      [
        "all bytes",
        at(2, () => ({ bytes: new Uint8Array() })),
        [
          [2, "hash_mismatch"],
          [2, "undecodable"],
        ],
      ],
      [
        "a bit of the hash",
        at(2, ({ hash }) => ({ hash: otherHex(hash) })),
        [
          [2, "hash_mismatch"],
          [3, "chain_broken"],
        ],
      ],
      ["a bit of the last hash", at(5, ({ hash }) => ({ hash: otherHex(hash) })), [[5, "hash_mismatch"]]],
      [
        "a bit of the previous hash",
        at(2, ({ previousHash }) => ({ previousHash: otherHex(previousHash ?? "") })),
        [
          [2, "hash_mismatch"],
          [2, "chain_broken"],
        ],
      ],
      ["the instant", at(2, () => ({ sealedAt: addMs(NOW, 1) })), [[2, "hash_mismatch"]]],
      ["the instant into none", at(2, () => ({ sealedAt: null })), [[2, "hash_mismatch"]]],
      ["what is indexed", at(2, () => ({ indexed: { n: 3 } })), [[2, "index_mismatch"]]],
      ["the type of what is indexed", at(2, () => ({ indexed: { n: "2" } })), [[2, "index_mismatch"]]],
      ["by indexing more", at(2, () => ({ indexed: { n: 2, m: null } })), [[2, "index_mismatch"]]],
      ["by indexing less", at(2, () => ({ indexed: {} })), [[2, "index_mismatch"]]],
      ["by removing the first record", (rows) => rows.slice(1), [[0, "missing_record"]]],
      ["by removing a record", (rows) => rows.filter((_, index) => index !== 3), [[3, "missing_record"]]],
      [
        "by removing two records",
        (rows) => rows.filter((_, index) => index !== 1 && index !== 2),
        [
          [1, "missing_record"],
          [2, "missing_record"],
        ],
      ],
      [
        "by swapping two records",
        (rows) => rows.map((row, index) => ({ ...(rows[swapped(index)] as KeptRow), sequence: row.sequence })),
        [
          [2, "hash_mismatch"],
          [2, "chain_broken"],
          [3, "hash_mismatch"],
          [3, "chain_broken"],
          [4, "chain_broken"],
        ],
      ],
      [
        "by adding a copy of the last record behind it",
        (rows) => [...rows, { ...(rows[5] as KeptRow), sequence: 6n }],
        [
          [6, "hash_mismatch"],
          [6, "chain_broken"],
        ],
      ],
      [
        "by adding a record far behind the end",
        (rows) => [...rows, { ...(rows[5] as KeptRow), sequence: 8n }],
        [
          [6, "missing_record"],
          [7, "missing_record"],
          [8, "hash_mismatch"],
        ],
      ],
    ];

    it.each(CHANGES)("finds a log altered: %s", async (_, change, found) => {
      await suite.storage.tamper(log.place, change);
      await expectFound(found);
    });

    it("finds a record replaced by one with a proper hash", async () => {
      // What somebody can do who knows how hashes are made, and does not make all the later ones anew.
      const forged = await suite.newLog();
      const rows = await rowsOf(forged, 2, entry(99));
      await suite.storage.tamper(log.place, (own) => own.map((row, index) => (index === 2 ? { ...rows } : row)));
      await expectFound([[3, "chain_broken"]]);
    });

    it("looks at the range and the link into it", async () => {
      await expectFound([], { from: 2n, to: 4n });
      expect(await log.store.verifyIntegrity({ from: 2n, to: 4n })).toMatchObject({ checked: 3n });
      await suite.storage.tamper(
        log.place,
        at(2, ({ hash }) => ({ hash: otherHex(hash) })),
      );
      await expectFound([], { to: 1n });
      await expectFound([[2, "hash_mismatch"]], { from: 2n, to: 2n });
      await expectFound([[3, "chain_broken"]], { from: 3n });
      await expectFound([], { from: 4n });
      await expectFound([], { from: 6n });
      await expectFound([], { from: 4n, to: 3n });
    });

    it("takes 0 as a bound", async () => {
      await suite.storage.tamper(
        log.place,
        at(1, ({ bytes }) => ({ bytes: otherText(bytes) })),
      );
      await expectFound([], { from: 0n, to: 0n });
      expect(await log.store.verifyIntegrity({ to: 0n })).toMatchObject({ isValid: true, checked: 1n });
      await expectFound([[1, "hash_mismatch"]], { from: 0n });
    });

    it("misses the record before a range, and those at the ends of it", async () => {
      await suite.storage.tamper(log.place, (rows) => rows.filter((_, index) => index !== 1 && index !== 2));
      await expectFound([[2, "missing_record"]], { from: 3n });
      await expectFound(
        [
          [1, "missing_record"],
          [2, "missing_record"],
        ],
        { from: 1n, to: 2n },
      );
      await expectFound([[1, "missing_record"]], { to: 1n });
    });

    it("cannot see that the end is missing", async () => {
      await suite.storage.tamper(log.place, (rows) => rows.slice(0, 4));
      await expectFound([]);
      expect(await log.store.head()).toMatchObject({ count: 4n, lastSequence: 3n });
    });

    it("lists the first 1,000 violations of an endless gap and counts them all", async () => {
      const last = 2n ** 62n;
      await suite.storage.tamper(log.place, (rows) => [...rows, { ...(rows[5] as KeptRow), sequence: last }]);
      const { violations, corrupted, checked } = await log.store.verifyIntegrity();
      expect({ corrupted, checked }).toEqual({ corrupted: last - 5n, checked: 7n });
      expect(violations).toHaveLength(1_000);
      expect(violations.at(-1)).toMatchObject({ sequence: 1_005n, type: "missing_record" });
      expect((await all(log.store.stream())).map(({ sequence }) => sequence)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, last]);
    });

    it("is valid for an empty log, and beyond the end", async () => {
      const { store } = await suite.newLog();
      const nothing = { isValid: true, checked: 0n, corrupted: 0n, violations: [] };
      expect(await store.verifyIntegrity()).toEqual(nothing);
      expect(await store.verifyIntegrity({ from: 5n })).toEqual(nothing);
      expect(await log.store.verifyIntegrity({ from: 5_000n })).toEqual(nothing);
    });

    async function rowsOf(other: LogUnderTest, place: number, forged: ReturnType<typeof entry>): Promise<KeptRow> {
      // The same place after the same records of a log of the same name, which has the same hashes.
      await fill(other.store, [...entries(place), forged]);
      let found: KeptRow | undefined;
      await suite.storage.tamper(other.place, (rows) => {
        found = rows[place];
        return rows;
      });
      return found as KeptRow;
    }
  });

  describe("an altered log", () => {
    it("is read as it is, unless it cannot be", async () => {
      const { store, place } = await suite.newLog();
      const records = await fill(store, entries(4));
      await suite.storage.tamper(
        place,
        at(1, ({ bytes }) => ({ bytes: flipped(bytes, 0) })),
      );
      const unreadable = { code: "integrity_violation", details: { sequence: "1" } };
      await expect(store.get(1n)).rejects.toMatchObject(unreadable);
      await expect(store.getRange()).rejects.toMatchObject(unreadable);
      await expect(store.query()).rejects.toMatchObject(unreadable);
      await expect(store.query({ filter: { op: "eq", path: ["n"], value: 1 } })).rejects.toMatchObject(unreadable);
      await expect(all(store.stream())).rejects.toMatchObject(unreadable);
      expect(await store.getRange({ from: 2n })).toEqual(records.slice(2));
      expect(await store.exists(1n)).toBe(true);
      expect(await store.count()).toBe(4n);
    });

    it("is not filled where a record is missing", async () => {
      const { store, place } = await suite.newLog();
      await fill(store, entries(4));
      await suite.storage.tamper(place, (rows) => rows.filter((_, index) => index !== 2));
      await expect(store.append(entry(2), { ...AT, expectedSequence: 2n })).rejects.toMatchObject({
        code: "integrity_violation",
        details: { sequence: "2" },
      });
      expect(await store.head()).toMatchObject({ count: 4n });
      expect(await store.count()).toBe(3n);
    });

    it("is added to at its end, wherever a store remembers it to be", async () => {
      const { store, place } = await suite.newLog();
      await fill(store, entries(4));
      await suite.storage.tamper(
        place,
        at(3, ({ hash }) => ({ hash: otherHex(hash) })),
      );
      const { lastHash } = await store.head();
      expect(await store.append(entry(4), AT)).toMatchObject({ sequence: 4n, previousHash: lastHash });
      await suite.storage.tamper(place, (rows) => rows.slice(0, 2));
      expect(await store.append(entry(2), AT)).toMatchObject({ sequence: 2n });
      await suite.storage.tamper(place, () => []);
      expect(await store.append(entry(0), AT)).toMatchObject({ sequence: 0n, previousHash: null });
      expect(await suite.storage.another().log(ENTRY, place.tenantId, place.log).head()).toMatchObject({ count: 1n });
    });

    it("has no place after the last there can be", async () => {
      const { store, place } = await suite.newLog();
      await fill(store, entries(2));
      const last = 2n ** 63n - 1n;
      await suite.storage.tamper(place, (rows) => [{ ...(rows[1] as KeptRow), sequence: last }]);
      await expect(store.append(entry(0), AT)).rejects.toMatchObject({ code: "limit_exceeded" });
      expect(await store.head()).toMatchObject({ lastSequence: last, count: last + 1n });
      expect((await store.get(last))?.sequence).toBe(last);
      expect(await store.getRange({ from: 5n })).toMatchObject([{ sequence: last }]);
    });
  });
}

function at(place: number, change: (row: KeptRow) => Partial<KeptRow>): Change {
  return (rows) => rows.map((row, index) => (index === place ? { ...row, ...change(row) } : row));
}

function swapped(index: number): number {
  return index === 2 ? 3 : index === 3 ? 2 : index;
}

function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

/** A bit of the text, so that it stays an entry with the same facts. */
function otherText(bytes: Uint8Array): Uint8Array {
  return flipped(bytes, new TextDecoder().decode(bytes).indexOf("entry"));
}

function otherHex(hash: string): string {
  return `${(Number.parseInt(hash[0] ?? "0", 16) ^ 1).toString(16)}${hash.slice(1)}`;
}
