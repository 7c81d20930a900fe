import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  CHECKS,
  CORRUPTION_TYPES,
  type CorruptedHeights,
  type DocketProblem,
  firstProblem,
  typeOf,
  withHeight,
} from "./corruption.ts";

const DOCUMENT = readFileSync(new URL("../../../docs/register-format.md", import.meta.url), "utf8");
const TABLE = [...DOCUMENT.matchAll(/^\| (\d+) \| .* \| `([A-Za-z]+)` \|$/gm)];

const problems = Object.keys(CHECKS).map(
  (check): DocketProblem => ({ check: check as keyof typeof CHECKS, details: "" }),
);

describe("the checks of a docket", () => {
  it("are those of the document, in its order and with its types", () => {
    const documented = TABLE.map(([, order, type]) => ({ order: Number(order), type }));
    expect(Object.values(CHECKS)).toEqual(documented);
    expect(new Set(CORRUPTION_TYPES)).toEqual(new Set(documented.map(({ type }) => type)));
  });

  it("name the type by the first that fails", () => {
    expect(firstProblem([])).toBeUndefined();
    expect(firstProblem([undefined, undefined])).toBeUndefined();
    for (const [at, first] of problems.entries()) {
      for (const later of problems.slice(at)) {
        expect(firstProblem([undefined, later, first, undefined])).toMatchObject({ check: first.check });
        expect(firstProblem([first, later])).toBe(first);
      }
      expect(typeOf(first)).toBe(CHECKS[first.check].type);
    }
  });
});

describe("neighbouring heights", () => {
  const range = (height: bigint, type: CorruptedHeights["type"], ...ids: string[]): CorruptedHeights => {
    const failing = ids.map((txId) => ({ txId, problem: "malformed" as const }));
    return { start: height, end: height, type, details: `of ${height}`, failing };
  };

  it("are one range when they have one type", () => {
    const ranges: CorruptedHeights[] = [];
    for (const one of [range(1n, "MalformedData", "a"), range(2n, "MalformedData", "b"), range(3n, "MissingData")]) {
      withHeight(ranges, one);
    }
    withHeight(ranges, range(5n, "MissingData"));
    const joined = { ...range(1n, "MalformedData", "a", "b"), end: 2n };
    expect(ranges).toEqual([joined, range(3n, "MissingData"), range(5n, "MissingData")]);
  });

  it("name at most 1,000 transactions", () => {
    const ids = (from: number) => Array.from({ length: 600 }, (_, at) => String(from + at));
    const ranges = [range(1n, "MalformedData", ...ids(0))];
    withHeight(ranges, range(2n, "MalformedData", ...ids(600)));
    expect(ranges[0]?.failing.map(({ txId }) => txId)).toEqual(Array.from({ length: 1_000 }, (_, at) => String(at)));
  });
});
