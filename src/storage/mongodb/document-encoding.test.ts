import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../json.ts";
import { contentAt, decodeObject, encodeList, encodeObject, fieldAt } from "./document-encoding.ts";

describe("encodeObject", () => {
  it("lays scalars under their names, and what is in objects and lists beside an empty object", () => {
    expect(encodeObject({ a: 1, o: { b: null }, l: [true, [], {}] })).toEqual({
      a: 1,
      o: {},
      "{o": { b: null },
      l: {},
      "[l": [{ v: true }, { v: {}, "[v": [] }, { v: {}, "{v": {} }],
    });
  });

  it("has one order of members", () => {
    expect(JSON.stringify(encodeObject({ b: 1, a: { d: 1, c: 2 } }))).toBe(
      JSON.stringify(encodeObject({ a: { c: 2, d: 1 }, b: 1 })),
    );
  });

  it.each<JsonObject>([
    {},
    { "": { "": [""] }, "%": 1, "%2E": 2, "a.b": 3, $set: { $x: [{ $y: 1 }] }, "{a": {}, "[a": [], a: 0 },
    { _id: { _id: [{ _id: null }] }, v: [{ v: [[{ v: 1 }]] }], '"': '"', "%%": "%", "{": 1, "[": 2, "a{[": 3 },
    { "10": 1, "9": 2, constructor: {}, length: [], ä: "\u{1F5DD}" },
  ])("loses nothing of %j", (object) => {
    const encoded = encodeObject(object);
    expect(decodeObject(encoded)).toEqual(object);
    expect(JSON.stringify(encoded)).not.toMatch(/"(?:[^"]*\.[^"]*|\$[^"]*|_id)":/);
  });

  it("gives different names different fields", () => {
    const names = ["", "%", "%25", "{a", "[a", "a", "%7Ba", ".", "%2E", "$", "_id", "%5Fid", '"', "%22"];
    expect(new Set(names.map((name) => fieldAt([name]))).size).toBe(names.length);
    expect(
      new Set(names.flatMap((name) => [fieldAt([name]), contentAt([name], "array"), contentAt([name], "object")])).size,
    ).toBe(3 * names.length);
  });
});

describe("the field of a path", () => {
  it("passes through what is in objects", () => {
    expect(fieldAt(["a"])).toBe("a");
    expect(fieldAt(["a", "b", "c"])).toBe("{a.{b.c");
    expect(contentAt(["a", "b"], "array")).toBe("{a.[b");
    expect(contentAt(["{a"], "object")).toBe("{%7Ba");
    expect(encodeList(["x"])).toEqual([{ v: "x" }]);
  });
});
