import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json.ts";
import { DOCUMENT_BYTES_MAX, type DocumentBody } from "../storage/document-store.ts";
import { type DocumentSuite, failure } from "./document-storage.ts";

function nested(levels: number): JsonValue {
  return levels === 0 ? 1 : levels % 2 === 0 ? [nested(levels - 1)] : { a: nested(levels - 1) };
}

const VALUES: readonly [string, JsonValue][] = [
  ["null, which is not absent", { a: null, b: [null], c: { d: null } }],
  ["falsy values", [0, false, "", null]],
  ["texts that look like other types", ["1", "null", "true", "2026-03-03T09:30:00.000Z", "[]"]],
  ["Unicode", ["é", "e\u0301", "\u{1F5DD}\uFE0F", "\uFFFF", "\u{10FFFF}", "\u0001\u001F\u007F\u2028", "سلام"]],
  [
    "large and small numbers",
    [2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 1e21, 1.7976931348623157e308, 5e-324],
  ],
  ["fractions", [0.1, 0.30000000000000004, -1.5, 1234567.125]],
  ["lists in lists and objects in lists", [[], [[]], [[1, [2, { a: [3] }]]], {}, [{}]]],
  [
    "member names that mean something elsewhere",
    {
      _id: 1,
      $set: 2,
      "a.b": 3,
      "": 4,
      "{a": 5,
      "[a": { $x: 6 },
      "%2E": 7,
      v: 8,
      length: 9,
      constructor: 10,
      "0": 11,
      "a b": { _id: [12] },
      toJSON: "13",
    },
  ],
  ["text with quotes and backslashes", `'"\\ \\u0041 $1 \${a} -- ;`],
  ["a long text", "ä".repeat(100_000)],
];

export function documentValueContract(suite: DocumentSuite): void {
  describe("what is stored", () => {
    it.each(VALUES)("keeps %s", async (_, value) => {
      const store = await suite.newStore();
      const document = { id: "a", value };
      expect(await store.insert(document)).toEqual({ document, version: 1 });
      expect(await store.get("a")).toEqual({ document, version: 1 });
      expect(await store.upsert({ id: "b", value })).toEqual({ document: { id: "b", value }, version: 1 });
      expect(await store.patch("b", { other: { value } })).toEqual({ document: otherOf(value), version: 2 });
      expect((await store.get("b"))?.document).toEqual(otherOf(value));
    });

    it("keeps an array with more than nine elements in order, and members whatever their order", async () => {
      const store = await suite.newStore();
      const list = Array.from({ length: 120 }, (_, index) => index);
      await store.insert({ z: 1, list, id: "a", b: 2 });
      expect(Object.keys((await store.get("a"))?.document ?? {}).sort()).toEqual(["b", "id", "list", "z"]);
      expect((await store.get("a"))?.document["list"]).toEqual(list);
    });

    it("makes -0 zero", async () => {
      const store = await suite.newStore();
      const { document } = await store.insert({ id: "a", zero: -0 });
      expect(document["zero"]).toBe(0);
      expect((await store.get("a"))?.document["zero"]).toBe(0);
    });

    it("takes documents nested 32 levels deep, and no deeper", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a", value: nested(31) });
      expect((await store.get("a"))?.document["value"]).toEqual(nested(31));
      await expect(store.insert({ id: "b", value: nested(32) })).rejects.toEqual(failure("invalid_value"));
      expect(await store.exists("b")).toBe(false);
    });

    it("takes documents of up to 4 MiB of JSON", async () => {
      const store = await suite.newStore();
      const overhead = JSON.stringify({ id: "a", text: "" }).length;
      const text = "x".repeat(DOCUMENT_BYTES_MAX - overhead);
      await store.insert({ id: "a", text });
      expect((await store.get("a"))?.document["text"]).toBe(text);
      await expect(store.insert({ id: "b", text: `${text}x` })).rejects.toEqual(failure("limit_exceeded"));
      await expect(store.upsert({ id: "b", text: "ä".repeat(text.length / 2 + 1) })).rejects.toEqual(
        failure("limit_exceeded"),
      );
      await expect(store.patch("a", { more: "x" })).rejects.toEqual(failure("limit_exceeded"));
      expect(await store.patch("a", { text: "short" })).toEqual({ document: { id: "a", text: "short" }, version: 2 });
      expect(await store.count()).toBe(1);
    });

    it("does not depend on what the caller does with it", async () => {
      const store = await suite.newStore();
      const document = { id: "a", list: [1] };
      const inserted = await store.insert(document);
      document.list.push(2);
      for (const read of [inserted, await store.get("a")]) {
        try {
          (read?.document["list"] as number[] | undefined)?.push(3);
        } catch {
          // A frozen one cannot be changed at all.
        }
      }
      expect((await store.get("a"))?.document).toEqual({ id: "a", list: [1] });
    });
  });

  describe("what cannot be stored", () => {
    it.each<[string, unknown]>([
      ["no object", null],
      ["a list", [{ id: "a" }]],
      ["no id", {}],
      ["an id that is no text", { id: 1 }],
      ["an empty id", { id: "" }],
      ["a long id", { id: "x".repeat(257) }],
      ["an id with NUL", { id: "a\u0000" }],
      ["half a character", { id: "a", b: "\uD83D" }],
      ["NUL in a name", { id: "a", "b\u0000": 1 }],
      ["NaN", { id: "a", b: Number.NaN }],
      ["infinity", { id: "a", b: [Infinity] }],
      ["undefined", { id: "a", b: undefined }],
      ["a function", { id: "a", b: () => 1 }],
      ["a bigint", { id: "a", b: 1n }],
      ["__proto__", JSON.parse('{"id":"a","b":{"__proto__":1}}')],
      ["a long text at the path of an index", { id: "a", address: { city: "\u{1F5DD}".repeat(513) } }],
    ])("is %s", async (_, document) => {
      const store = await suite.newStore();
      const given = document as DocumentBody;
      await expect(store.insert(given)).rejects.toEqual(failure("invalid_value"));
      await expect(store.insertMany([given])).rejects.toEqual(failure("invalid_value"));
      await expect(store.upsert(given)).rejects.toEqual(failure("invalid_value"));
      await expect(store.replace(given)).rejects.toEqual(failure("invalid_value"));
      expect(await store.count()).toBe(0);
    });

    it("takes ids of any other text", async () => {
      const store = await suite.newStore();
      const ids = [
        "x".repeat(256),
        "/",
        "a/b",
        "$where",
        "a.b",
        " ",
        "'",
        "\u{1F5DD}",
        "\uFFFF",
        "%",
        "__proto__",
        "constructor",
      ];
      for (const id of ids) {
        await store.insert({ id });
        expect(await store.get(id)).toEqual({ document: { id }, version: 1 });
        expect(await store.patch(id, { n: 1 })).toEqual({ document: { id, n: 1 }, version: 2 });
      }
      expect((await store.getMany(ids)).map(({ document }) => document.id)).toEqual(ids);
      for (const id of ids) expect(await store.delete(id)).toBe(true);
    });

    it("has no id that is no id", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a" });
      for (const id of ["", "a\u0000", "x".repeat(257), "\uD83D", 1 as unknown as string, null as unknown as string]) {
        expect(await store.get(id)).toBeUndefined();
        expect(await store.getMany([id, "a"])).toHaveLength(1);
        expect(await store.exists(id)).toBe(false);
        expect(await store.delete(id)).toBe(false);
        await expect(store.patch(id, { a: 1 })).rejects.toEqual(failure("record_not_found"));
      }
    });

    it("keeps a text of 512 characters at the path of an index", async () => {
      const store = await suite.newStore();
      const city = "\u{1F5DD}".repeat(512);
      await store.insert({ id: "a", address: { city } });
      expect(await store.count({ op: "eq", path: ["address", "city"], value: city })).toBe(1);
      await expect(store.patch("a", { address: { city: `${city}x` } })).rejects.toEqual(failure("invalid_value"));
    });
  });
}

function otherOf(value: JsonValue): DocumentBody {
  return { id: "b", value, other: { value: withoutNulls(value) } };
}

/** A merge patch removes members with `null`, and leaves lists as they are. */
function withoutNulls(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}
