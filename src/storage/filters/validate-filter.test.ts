import { describe, expect, it } from "vitest";
import type { Filter, OrderKey } from "../filter.ts";
import { saysNothing, validateFilter, validateOrder } from "./validate-filter.ts";

const path = ["a"];
const leaf: Filter = { op: "exists", path };

function nested(levels: number): Filter {
  return levels === 0 ? leaf : { op: "not", filter: nested(levels - 1) };
}

describe("validateFilter", () => {
  it.each<Filter>([
    leaf,
    { op: "eq", path: ["ä", "\u{1F600}", "x".repeat(128)], value: { b: [null] } },
    { op: "elemMatch", path, filter: { op: "elemMatch", path: [], filter: { op: "eq", path: [], value: 1 } } },
    { op: "and", filters: [] },
    { op: "in", path, values: Array.from({ length: 1000 }, (_, index) => index) },
    { op: "gte", path: Array.from({ length: 16 }, () => "a"), value: "" },
    nested(16),
  ])("takes %j", (filter) => {
    expect(() => validateFilter(filter)).not.toThrow();
  });

  it.each<[string, unknown]>([
    ["", undefined],
    ["", null],
    ["", "eq"],
    ["/op", { op: "like", path, value: "a" }],
    ["/op", { op: "constructor", path, value: "a" }],
    ["/path", { op: "eq", value: 1 }],
    ["/path", { op: "eq", path: "a", value: 1 }],
    ["/path", { op: "eq", path: [], value: 1 }],
    ["/path", { op: "eq", path: [""], value: 1 }],
    ["/path", { op: "eq", path: [1], value: 1 }],
    ["/path", { op: "eq", path: ["a.b"], value: 1 }],
    ["/path", { op: "eq", path: ["$where"], value: 1 }],
    ["/path", { op: "eq", path: ["a\u0000"], value: 1 }],
    ["/path", { op: "eq", path: ["\uD800"], value: 1 }],
    ["/path", { op: "eq", path: ["x".repeat(129)], value: 1 }],
    ["/path", { op: "exists", path: Array.from({ length: 17 }, () => "a") }],
    ["/value", { op: "eq", path }],
    ["/value", { op: "eq", path, value: Number.NaN }],
    ["/value", { op: "eq", path, value: "\u0000" }],
    ["/value", { op: "lt", path, value: null }],
    ["/value", { op: "gt", path, value: [1] }],
    ["/value", { op: "prefix", path, value: 1 }],
    ["/value", { op: "contains", path, value: "\uDC00" }],
    ["/value", { op: "contains", path, value: "x".repeat(4097) }],
    ["/values", { op: "in", path, values: "a" }],
    ["/values/1", { op: "nin", path, values: [1, undefined] }],
    ["/filters", { op: "and" }],
    ["/filters/1/path", { op: "or", filters: [leaf, { op: "exists", path: [] }] }],
    ["/filter", { op: "not" }],
    ["/filter/filter/path", { op: "elemMatch", path, filter: { op: "not", filter: { op: "exists", path: ["a.b"] } } }],
    ["", { op: "in", path, values: Array.from({ length: 1001 }, (_, index) => index) }],
    ["/filters/1000", { op: "and", filters: Array.from({ length: 1001 }, () => ({ op: "or", filters: [] })) }],
    [`${"/filter".repeat(16)}`, nested(17)],
  ])("refuses at %j", (at, filter) => {
    expect(() => validateFilter(filter as Filter)).toThrowError(
      expect.objectContaining({ code: "invalid_filter", errors: [expect.objectContaining({ path: at })] }),
    );
  });
});

describe("validateOrder", () => {
  it("takes up to four keys", () => {
    expect(() => validateOrder([])).not.toThrow();
    expect(() =>
      validateOrder([{ path }, { path, direction: "ascending" }, { path, direction: "descending" }]),
    ).not.toThrow();
  });

  it.each<[string, unknown]>([
    ["", "a"],
    ["", Array.from({ length: 5 }, () => ({ path }))],
    ["/0/path", [null]],
    ["/0/path", [{ path: [] }]],
    ["/1/direction", [{ path }, { path, direction: "desc" }]],
  ])("refuses at %j", (at, orderBy) => {
    expect(() => validateOrder(orderBy as OrderKey[])).toThrowError(
      expect.objectContaining({ code: "invalid_filter", errors: [expect.objectContaining({ path: at })] }),
    );
  });
});

describe("saysNothing", () => {
  const all: Filter = { op: "and", filters: [] };
  const none: Filter = { op: "or", filters: [] };

  it.each<Filter>([
    all,
    { op: "and", filters: [all, all] },
    { op: "or", filters: [leaf, all] },
    { op: "not", filter: none },
    { op: "nin", path, values: [] },
    { op: "not", filter: { op: "elemMatch", path, filter: none } },
  ])("is true of %j", (filter) => {
    expect(saysNothing(filter)).toBe(true);
  });

  it.each<Filter>([
    leaf,
    none,
    { op: "in", path, values: [] },
    { op: "and", filters: [all, leaf] },
    { op: "elemMatch", path, filter: all },
  ])("is false of %j", (filter) => {
    expect(saysNothing(filter)).toBe(false);
  });
});
