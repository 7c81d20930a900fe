import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../json.ts";
import { compareText } from "../../text-order.ts";
import { compareBy } from "./sort-position.ts";

describe("compareBy", () => {
  const ascending: (JsonValue | undefined)[] = [
    undefined,
    -1e300,
    -1,
    0,
    1.5,
    2,
    10,
    "",
    "10",
    "9",
    "a",
    "\uFFFF",
    "\u{1F600}",
    {},
    false,
    true,
  ];

  it("orders types first, and values within their type", () => {
    const rows = ascending.map((a, index) => ({ id: String(index), ...(a !== undefined && { a }) }));
    const shuffled = rows.toSorted((x, y) => compareText(`${Number(x.id) % 7}`, `${Number(y.id) % 7}`));
    expect(shuffled.toSorted(compareBy([{ path: ["a"] }]))).toEqual(rows);
    expect(shuffled.toSorted(compareBy([{ path: ["a"], direction: "descending" }]))).toEqual(rows.toReversed());
  });

  it("breaks ties by the next key and then by id, ascending by code point", () => {
    const rows = [
      { id: "\u{1F600}", a: { x: 1 } },
      { id: "\uFFFF", a: [2] },
      { id: "b", a: null },
      { id: "a" },
      { id: "B", c: 1 },
    ];
    const order = (direction: "ascending" | "descending") =>
      rows
        .toSorted(
          compareBy([
            { path: ["a"], direction },
            { path: ["c"], direction },
          ]),
        )
        .map(({ id }) => id);
    expect(order("ascending")).toEqual(["a", "b", "B", "\uFFFF", "\u{1F600}"]);
    expect(order("descending")).toEqual(["\uFFFF", "\u{1F600}", "B", "a", "b"]);
    expect(rows.toSorted(compareBy([])).map(({ id }) => id)).toEqual(["B", "a", "b", "\uFFFF", "\u{1F600}"]);
  });
});

describe("compareText", () => {
  it("is the order of UTF-8", () => {
    const texts = [
      "",
      "a",
      "ab",
      "b",
      "\u00FF",
      "\uD7FF",
      "\uE000",
      "\uFFFD\u{10000}",
      "\uFFFF",
      "\u{10000}",
      "\u{10000}a",
      "\u{10FFFF}",
    ];
    for (const left of texts) {
      for (const right of texts) {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareText(left, right))).toBe(bytes);
      }
    }
  });
});
