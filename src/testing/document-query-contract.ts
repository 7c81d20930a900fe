import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json.ts";
import type { DocumentBody, DocumentQuery, DocumentStore } from "../storage/document-store.ts";
import type { OrderKey } from "../storage/filter.ts";
import { type DocumentSuite, failure, fill } from "./document-storage.ts";

const BY_X: OrderKey[] = [{ path: ["x"] }];

/** In ascending order; those in one list are equal. */
const ASCENDING: readonly (readonly (JsonValue | undefined)[])[] = [
  [undefined, null],
  [-1e300],
  [-1],
  [0],
  [0.5],
  [2],
  [10],
  [2 ** 53],
  [""],
  ["10"],
  ["2"],
  ["B"],
  ["a"],
  ["\uFFFF"],
  ["\u{1F5DD}"],
  [{}, { a: 1 }, [], [1], ["z"]],
  [false],
  [true],
];

export function documentQueryContract(suite: DocumentSuite): void {
  describe("a query", () => {
    it("finds everything in the order of the ids when nothing is asked", async () => {
      const store = await suite.newStore();
      expect(await store.query()).toEqual({ items: [], nextCursor: null });
      await fill(
        store,
        ["b", "a", "B", "\u{1F5DD}", "\uFFFF", "10", "9", "aa"].map((id) => ({ id })),
      );
      const { items } = await store.query();
      expect(items.map(({ document }) => document.id)).toEqual(["10", "9", "B", "a", "aa", "b", "\uFFFF", "\u{1F5DD}"]);
    });

    it("orders by type and value, and then by id", async () => {
      const store = await suite.newStore();
      const groups = ASCENDING.map((group, index) =>
        group.map((x, position) => ({ id: `${position}-${index}`, ...(x !== undefined && { x }) })),
      );
      await fill(
        store,
        groups.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      );
      expect(await idsOf(store, { orderBy: BY_X })).toEqual(groups.flat().map(({ id }) => id));
      const descending: OrderKey[] = [{ path: ["x"], direction: "descending" }];
      expect(await idsOf(store, { orderBy: descending })).toEqual(
        groups
          .toReversed()
          .flat()
          .map(({ id }) => id),
      );
      expect(await idsOf(store, { orderBy: [...BY_X, ...descending] })).toEqual(await idsOf(store, { orderBy: BY_X }));
      for (const orderBy of [BY_X, descending]) {
        for (const limit of [1, 3])
          expect(await idsOf(store, { orderBy, limit })).toEqual(await idsOf(store, { orderBy }));
      }
    });

    it("orders by up to four keys, each in its direction", async () => {
      const store = await suite.newStore();
      const digits = [0, 1];
      const documents: DocumentBody[] = digits.flatMap((a) =>
        digits.flatMap((b) =>
          digits.flatMap((c) => digits.map((d) => ({ id: `${d}${c}${b}${a}`, o: { a }, b, c, d }))),
        ),
      );
      await fill(store, documents);
      const orderBy: OrderKey[] = [
        { path: ["o", "a"], direction: "descending" },
        { path: ["b"] },
        { path: ["c"], direction: "descending" },
        { path: ["d"], direction: "ascending" },
      ];
      const expected = [1, 0].flatMap((a) =>
        digits.flatMap((b) => [1, 0].flatMap((c) => digits.map((d) => `${d}${c}${b}${a}`))),
      );
      expect(await idsOf(store, { orderBy })).toEqual(expected);
      expect(await idsOf(store, { orderBy, limit: 3 })).toEqual(expected);
      await expect(store.query({ orderBy: [...orderBy, { path: ["e"] }] })).rejects.toEqual(failure("invalid_filter"));
      await expect(store.query({ orderBy: [{ path: [] }] })).rejects.toEqual(failure("invalid_filter"));
    });

    it("pages without repeating or skipping while others come and go", async () => {
      const store = await suite.newStore();
      await fill(
        store,
        [1, 2, 3, 4, 5, 6].map((x) => ({ id: `${x}`, x: Math.ceil(x / 2) })),
      );
      const first = await store.query({ orderBy: BY_X, limit: 3 });
      expect(first.items.map(({ document }) => document.id)).toEqual(["1", "2", "3"]);
      await store.delete("3");
      await store.delete("5");
      await fill(store, [
        { id: "0", x: 1 },
        { id: "30", x: 2 },
        { id: "7", x: 9 },
      ]);
      const rest = await store.query({ orderBy: BY_X, limit: 10, cursor: first.nextCursor ?? "" });
      expect(rest.items.map(({ document }) => document.id)).toEqual(["30", "4", "6", "7"]);
      expect(rest.nextCursor).toBeNull();
    });

    it("has a next page only when there is one", async () => {
      const store = await suite.newStore();
      await fill(store, [{ id: "a" }, { id: "b" }]);
      expect((await store.query({ limit: 2 })).nextCursor).toBeNull();
      expect((await store.query({ limit: 1 })).nextCursor).not.toBeNull();
    });

    it("refuses a cursor of another list, and what is none", async () => {
      const store = await suite.newStore();
      await fill(store, [{ id: "a", x: 1 }, { id: "b", x: 2 }, { id: "c" }]);
      const filter = { op: "exists", path: ["id"] } as const;
      const { nextCursor } = await store.query({ orderBy: BY_X, limit: 1, filter });
      const cursor = nextCursor ?? "";
      const others: DocumentQuery[] = [
        {},
        { orderBy: BY_X },
        { filter },
        { filter, orderBy: [{ path: ["x"], direction: "descending" }] },
      ];
      for (const query of others) {
        await expect(store.query({ ...query, cursor })).rejects.toEqual(failure("invalid_cursor"));
      }
      const [list] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as [string];
      const forged = [[], ["n1"], ["n1", ""], ["nx", "a"], ["z", "a"], ["n1", "a", "b"], ["s\uD83D", "a"], [1, "a"]];
      const texts = forged.map((parts) => Buffer.from(JSON.stringify([list, ...parts])).toString("base64url"));
      for (const text of ["", "x", cursor.slice(0, -3), ...texts]) {
        await expect(store.query({ orderBy: BY_X, filter, cursor: text })).rejects.toEqual(failure("invalid_cursor"));
      }
      expect(
        (await store.query({ orderBy: [{ path: ["x"], direction: "ascending" }], filter: { ...filter }, cursor }))
          .items,
      ).toHaveLength(2);
    });

    it("gives a hundred, and at most a thousand", async () => {
      const store = await suite.newStore();
      await fill(
        store,
        Array.from({ length: 101 }, (_, index) => ({ id: `${1000 + index}` })),
      );
      const { items, nextCursor } = await store.query();
      expect(items).toHaveLength(100);
      expect((await store.query({ cursor: nextCursor ?? "" })).items.map(({ document }) => document.id)).toEqual([
        "1100",
      ]);
      expect((await store.query({ limit: 1_000 })).items).toHaveLength(101);
      for (const limit of [0, -1, 1_001, 1.5, Number.NaN, Infinity]) {
        await expect(store.query({ limit })).rejects.toEqual(failure("invalid_request"));
      }
    });

    it("says which version each document has", async () => {
      const store = await suite.newStore();
      await fill(store, [{ id: "a" }, { id: "b" }]);
      await store.patch("b", { n: 1 });
      expect((await store.query()).items).toEqual([
        { document: { id: "a" }, version: 1 },
        { document: { id: "b", n: 1 }, version: 2 },
      ]);
    });
  });
}

/** All pages. */
async function idsOf(store: DocumentStore, query: DocumentQuery): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.query({ ...query, cursor });
    ids.push(...page.items.map(({ document }) => document.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}
