import { describe, expect, it } from "vitest";
import type { DocumentBody, DocumentStore } from "../storage/document-store.ts";
import type { Filter } from "../storage/filter.ts";
import { type DocumentSuite, failure, fill } from "./document-storage.ts";

/** One value at `x` for each id, and at `address.city` and `age`, where the collection has indexes. */
const VALUES = {
  absent: undefined,
  empty: "",
  false: false,
  list: [1, "b", null],
  nested: [[1], { y: 1, z: 2 }, { y: 2, z: 1 }],
  null: null,
  number: 1,
  object: { y: 1 },
  ten: 10,
  text: "b",
  texts: "ab%",
  true: true,
  unicode: "\u{1F5DD}",
  upper: "B",
  wide: "\uFFFF",
  word: "1",
} as const;
type Name = keyof typeof VALUES;
const NAMES = Object.keys(VALUES) as Name[];

const path = ["x"];
const CASES: readonly [Filter, readonly Name[]][] = [
  [{ op: "eq", path, value: 1 }, ["number"]],
  [{ op: "eq", path, value: "1" }, ["word"]],
  [{ op: "eq", path, value: null }, ["null"]],
  [{ op: "eq", path, value: false }, ["false"]],
  [{ op: "eq", path, value: [1, "b", null] }, ["list"]],
  [{ op: "eq", path, value: ["b", 1, null] }, []],
  [{ op: "eq", path, value: { y: 1 } }, ["object"]],
  [{ op: "eq", path, value: {} }, []],
  [{ op: "eq", path: ["x", "y"], value: 1 }, ["object"]],
  [{ op: "eq", path: ["x", "0"], value: 1 }, []],
  [{ op: "ne", path, value: 1 }, NAMES.filter((name) => name !== "number")],
  [{ op: "ne", path, value: null }, NAMES.filter((name) => name !== "null")],
  [{ op: "in", path, values: [1, "b", null, [1, "b", null], { y: 1 }] }, ["list", "null", "number", "object", "text"]],
  [{ op: "in", path, values: [] }, []],
  [{ op: "nin", path, values: [1, "b", null] }, NAMES.filter((name) => !["number", "text", "null"].includes(name))],
  [{ op: "nin", path, values: [] }, NAMES],
  [{ op: "exists", path }, NAMES.filter((name) => name !== "absent")],
  [{ op: "exists", path: ["x", "y"] }, ["object"]],
  [{ op: "lt", path, value: 10 }, ["number"]],
  [{ op: "lte", path, value: 10 }, ["number", "ten"]],
  [{ op: "gt", path, value: 1 }, ["ten"]],
  [{ op: "gte", path, value: 1 }, ["number", "ten"]],
  [{ op: "gt", path, value: "\uFFFF" }, ["unicode"]],
  [{ op: "lt", path, value: "ab" }, ["empty", "upper", "word"]],
  [{ op: "gte", path, value: "" }, ["empty", "text", "texts", "unicode", "upper", "wide", "word"]],
  [{ op: "lt", path, value: true }, ["false"]],
  [{ op: "gte", path, value: false }, ["false", "true"]],
  [{ op: "prefix", path, value: "" }, ["empty", "text", "texts", "unicode", "upper", "wide", "word"]],
  [{ op: "prefix", path, value: "ab" }, ["texts"]],
  [{ op: "prefix", path, value: "a_" }, []],
  [{ op: "prefix", path, value: "\uFFFF" }, ["wide"]],
  [{ op: "contains", path, value: "b" }, ["text", "texts"]],
  [{ op: "contains", path, value: "%" }, ["texts"]],
  [{ op: "contains", path, value: "." }, []],
  [{ op: "contains", path, value: "" }, ["empty", "text", "texts", "unicode", "upper", "wide", "word"]],
  [{ op: "and", filters: [] }, NAMES],
  [{ op: "or", filters: [] }, []],
  [
    {
      op: "and",
      filters: [
        { op: "gt", path, value: "" },
        { op: "not", filter: { op: "lt", path, value: "b" } },
      ],
    },
    ["text", "unicode", "wide"],
  ],
  [
    {
      op: "or",
      filters: [
        { op: "lt", path, value: 5 },
        { op: "eq", path, value: true },
      ],
    },
    ["number", "true"],
  ],
  [{ op: "not", filter: { op: "gt", path, value: 0 } }, NAMES.filter((name) => name !== "number" && name !== "ten")],
  [{ op: "not", filter: { op: "not", filter: { op: "prefix", path, value: "a" } } }, ["texts"]],
  [{ op: "elemMatch", path, filter: { op: "eq", path: [], value: "b" } }, ["list"]],
  [{ op: "elemMatch", path, filter: { op: "eq", path: [], value: null } }, ["list"]],
  [{ op: "elemMatch", path, filter: { op: "and", filters: [] } }, ["list", "nested"]],
  [
    { op: "elemMatch", path, filter: { op: "elemMatch", path: [], filter: { op: "eq", path: [], value: 1 } } },
    ["nested"],
  ],
  [
    {
      op: "elemMatch",
      path,
      filter: {
        op: "and",
        filters: [
          { op: "eq", path: ["y"], value: 1 },
          { op: "eq", path: ["z"], value: 2 },
        ],
      },
    },
    ["nested"],
  ],
  [
    {
      op: "elemMatch",
      path,
      filter: {
        op: "and",
        filters: [
          { op: "eq", path: ["y"], value: 1 },
          { op: "eq", path: ["z"], value: 1 },
        ],
      },
    },
    [],
  ],
  [{ op: "elemMatch", path, filter: { op: "not", filter: { op: "exists", path: ["y"] } } }, ["list", "nested"]],
  [
    { op: "not", filter: { op: "elemMatch", path, filter: { op: "eq", path: [], value: 1 } } },
    NAMES.filter((name) => name !== "list"),
  ],
];

export function documentFilterContract(suite: DocumentSuite): void {
  describe("a filter", () => {
    it.each(["x", "age", "city"])("holds for the same documents, with an index or without: %s", async (member) => {
      const store = await suite.newStore();
      await fill(
        store,
        NAMES.map((name) => documentOf(name, member)),
      );
      for (const [filter, names] of CASES) {
        const moved = atPath(filter, member === "city" ? ["address", "city"] : [member]);
        expect({ moved, names: await namesOf(store, moved) }).toEqual({ moved, names: names.toSorted() });
        expect({ moved, count: await store.count(moved) }).toEqual({ moved, count: names.length });
      }
    });

    it("knows the id as a member", async () => {
      const store = await suite.newStore();
      await fill(store, [{ id: "a" }, { id: "ab" }, { id: "b" }]);
      expect(await namesOf(store, { op: "prefix", path: ["id"], value: "a" })).toEqual(["a", "ab"]);
      expect(await namesOf(store, { op: "in", path: ["id"], values: ["b", 1, null] })).toEqual(["b"]);
      expect(await namesOf(store, { op: "gt", path: ["id"], value: "a" })).toEqual(["ab", "b"]);
      expect(await namesOf(store, { op: "ne", path: ["id"], value: "a" })).toEqual(["ab", "b"]);
    });

    it("finds members whatever their names", async () => {
      const store = await suite.newStore();
      const names = [
        "'",
        '"',
        "\\",
        "\\'",
        "a b",
        "{a",
        "[a",
        "%",
        "_id",
        "0",
        "ü",
        "\u{1F5DD}",
        "constructor",
        "--",
        "?",
      ];
      await store.insert({ id: "a", ...Object.fromEntries(names.map((name) => [name, { [name]: name }])) });
      for (const name of names) {
        expect(await namesOf(store, { op: "eq", path: [name, name], value: name })).toEqual(["a"]);
        expect(await namesOf(store, { op: "contains", path: [name, name], value: name })).toEqual(["a"]);
        expect(await namesOf(store, { op: "exists", path: [name, `${name}x`] })).toEqual([]);
      }
    });

    it("takes as much as is allowed, and is refused beyond", async () => {
      const store = await suite.newStore();
      await fill(store, [
        { id: "a", x: 999 },
        { id: "b", x: "999" },
      ]);
      const values = Array.from({ length: 1_000 }, (_, index) => index);
      expect(await namesOf(store, { op: "in", path, values })).toEqual(["a"]);
      const conditions = values.map((value): Filter => ({ op: "eq", path, value }));
      expect(await namesOf(store, { op: "or", filters: conditions })).toEqual(["a"]);
      let deep: Filter = { op: "eq", path: [], value: 1 };
      for (let level = 0; level < 16; level++) deep = { op: "elemMatch", path: level === 15 ? path : [], filter: deep };
      expect(await namesOf(store, deep)).toEqual([]);
      const bad: unknown[] = [
        { op: "not", filter: deep },
        { op: "in", path, values: [...values, 1] },
        { op: "regex", path, value: "a" },
        { op: "eq", path: [], value: 1 },
        { op: "eq", path: ["$where"], value: 1 },
        { op: "lt", path, value: null },
        "x",
      ];
      for (const filter of bad as Filter[]) {
        await expect(store.query({ filter })).rejects.toEqual(failure("invalid_filter"));
        await expect(store.count(filter)).rejects.toEqual(failure("invalid_filter"));
        await expect(store.deleteMany(filter)).rejects.toEqual(failure("invalid_filter"));
      }
    });
  });
}

function documentOf(name: Name, member: string): DocumentBody {
  const value = VALUES[name];
  if (value === undefined) return { id: name };
  return member === "city" ? { id: name, address: { city: value } } : { id: name, [member]: value };
}

/** The same filter on another path at the top. */
function atPath(filter: Filter, top: readonly string[]): Filter {
  switch (filter.op) {
    case "and":
    case "or":
      return { ...filter, filters: filter.filters.map((part) => atPath(part, top)) };
    case "not":
      return { ...filter, filter: atPath(filter.filter, top) };
    default:
      return { ...filter, path: [...top, ...filter.path.slice(1)] };
  }
}

async function namesOf(store: DocumentStore, filter: Filter): Promise<string[]> {
  const { items } = await store.query({ filter });
  return items.map(({ document }) => document.id);
}
