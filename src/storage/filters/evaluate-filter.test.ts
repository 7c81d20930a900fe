import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../json.ts";
import type { Filter, OrderedScalar } from "../filter.ts";
import { equalJson, matches, valueAt } from "./evaluate-filter.ts";

const path = ["a"];
const holds = (value: JsonValue | undefined, filter: Filter) =>
  matches(filter, value === undefined ? {} : { a: value });

describe("matches", () => {
  it.each<[JsonValue, JsonValue, boolean]>([
    [1, 1, true],
    [-0, 0, true],
    [1, "1", false],
    [1, true, false],
    [0, false, false],
    [0, null, false],
    [null, null, true],
    ["", null, false],
    [2 ** 53, 2 ** 53 + 2, false],
    [{ b: 1, c: [1, 2] }, { c: [1, 2], b: 1 }, true],
    [{ b: 1 }, { b: 1, c: null }, false],
    [{ b: 1, d: 2 }, { b: 1, c: 2 }, false],
    [[1, 2], [2, 1], false],
    [[1], { 0: 1 }, false],
    [[], {}, false],
    [{ toString: 1 }, {}, false],
    ["é", "e\u0301", false],
  ])("compares %j with %j: %j", (left, right, equal) => {
    expect(holds(left, { op: "eq", path, value: right })).toBe(equal);
    expect(holds(right, { op: "in", path, values: ["other", left] })).toBe(equal);
    expect(holds(left, { op: "ne", path, value: right })).toBe(!equal);
    expect(holds(left, { op: "nin", path, values: [right] })).toBe(!equal);
  });

  it("lets an absent member equal nothing", () => {
    expect(holds(undefined, { op: "eq", path, value: null })).toBe(false);
    expect(holds(undefined, { op: "in", path, values: [null] })).toBe(false);
    expect(holds(undefined, { op: "ne", path, value: null })).toBe(true);
    expect(holds(undefined, { op: "nin", path, values: [null] })).toBe(true);
    expect(holds(undefined, { op: "exists", path })).toBe(false);
    expect(holds(null, { op: "exists", path })).toBe(true);
    expect(equalJson(undefined, undefined)).toBe(false);
  });

  it.each<[JsonValue | undefined, OrderedScalar, number | undefined]>([
    [1, 2, -1],
    [2, 2, 0],
    [10, 9, 1],
    ["10", "9", -1],
    ["a", "B", 1],
    ["\u{1F600}", "\uFFFF", 1],
    [false, true, -1],
    [true, true, 0],
    ["2", 1, undefined],
    [null, 0, undefined],
    [undefined, 0, undefined],
    [true, 0, undefined],
    [[1], 0, undefined],
  ])("orders %j and %j: %j", (found, value, order) => {
    expect(holds(found, { op: "lt", path, value })).toBe(order === -1);
    expect(holds(found, { op: "lte", path, value })).toBe(order === -1 || order === 0);
    expect(holds(found, { op: "gt", path, value })).toBe(order === 1);
    expect(holds(found, { op: "gte", path, value })).toBe(order === 1 || order === 0);
  });

  it("looks for texts without wildcards and with case", () => {
    for (const op of ["prefix", "contains"] as const) {
      expect(holds("a%b_c.*\\", { op, path, value: "a%b_" })).toBe(true);
      expect(holds("axbyc", { op, path, value: "a%b_" })).toBe(false);
      expect(holds("Ab", { op, path, value: "ab" })).toBe(false);
      expect(holds("", { op, path, value: "" })).toBe(true);
      expect(holds(1, { op, path, value: "" })).toBe(false);
      expect(holds(["a"], { op, path, value: "a" })).toBe(false);
    }
    expect(holds("xa%b", { op: "contains", path, value: "a%" })).toBe(true);
    expect(holds("xa%b", { op: "prefix", path, value: "a%" })).toBe(false);
  });

  it("applies conditions of an element to one and the same element", () => {
    const both: Filter = {
      op: "elemMatch",
      path,
      filter: {
        op: "and",
        filters: [
          { op: "eq", path: ["x"], value: 1 },
          { op: "eq", path: ["y"], value: 2 },
        ],
      },
    };
    expect(holds([{ x: 1, y: 2 }], both)).toBe(true);
    expect(holds([{ x: 1 }, { y: 2 }], both)).toBe(false);
    expect(holds({ x: 1, y: 2 }, both)).toBe(false);
    const nested: Filter = {
      op: "elemMatch",
      path,
      filter: { op: "elemMatch", path: [], filter: { op: "gt", path: [], value: 1 } },
    };
    expect(holds([[1], [2]], nested)).toBe(true);
    expect(holds([1, 2], nested)).toBe(false);
    expect(holds([], { op: "elemMatch", path, filter: { op: "and", filters: [] } })).toBe(false);
  });

  it("has two truth values", () => {
    const none: Filter = { op: "or", filters: [] };
    const all: Filter = { op: "and", filters: [] };
    expect(holds(1, none)).toBe(false);
    expect(holds(1, all)).toBe(true);
    expect(holds(1, { op: "not", filter: none })).toBe(true);
    expect(holds(undefined, { op: "not", filter: { op: "gt", path, value: 1 } })).toBe(true);
    expect(holds(1, { op: "in", path, values: [] })).toBe(false);
    expect(holds(1, { op: "nin", path, values: [] })).toBe(true);
  });
});

describe("valueAt", () => {
  it("passes through objects only, by their own members", () => {
    expect(valueAt({ a: { b: 1 } }, ["a", "b"])).toBe(1);
    expect(valueAt({ a: [{ b: 1 }] }, ["a", "b"])).toBeUndefined();
    expect(valueAt({ a: [1] }, ["a", "0"])).toBeUndefined();
    expect(valueAt({ a: [1] }, ["a", "length"])).toBeUndefined();
    expect(valueAt({ a: null }, ["a", "b"])).toBeUndefined();
    expect(valueAt({ a: "text" }, ["a", "length"])).toBeUndefined();
    expect(valueAt({}, ["constructor"])).toBeUndefined();
    expect(valueAt([1], [])).toEqual([1]);
  });
});
