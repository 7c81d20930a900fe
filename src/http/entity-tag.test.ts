import { describe, expect, it } from "vitest";
import { entityTag, expectedVersion, parseIfMatch } from "./entity-tag.ts";

describe("parseIfMatch", () => {
  it("reads what entityTag writes", () => {
    expect(parseIfMatch(entityTag(42))).toEqual([42]);
  });

  it.each([
    [undefined, undefined],
    ["*", "*"],
    [' "7" ', [7]],
    ['"7", "8" ,"9"', [7, 8, 9]],
    ['"0"', [0]],
  ])("reads %j", (header, condition) => {
    expect(parseIfMatch(header)).toEqual(condition);
  });

  it.each(["", "7", 'W/"7"', '"7', '"x"', '"-1"', '"1.5"', '""', '"7" "8"', '"7",', '*, "7"', `"${"9".repeat(16)}"`])(
    "refuses %j",
    (header) => {
      expect(() => parseIfMatch(header)).toThrow(
        expect.objectContaining({ code: "invalid_request", errors: [expect.objectContaining({ in: "header" })] }),
      );
    },
  );

  it("refuses a list without end quickly", () => {
    expect(() => parseIfMatch(`${'"1",'.repeat(100_000)}x`)).toThrow(
      expect.objectContaining({ code: "invalid_request" }),
    );
  });
});

describe("expectedVersion", () => {
  it("is any version for * and without a header", () => {
    expect(expectedVersion("*")).toBeUndefined();
    expect(expectedVersion(undefined)).toBeUndefined();
    expect(expectedVersion([3])).toEqual([3]);
  });
});
