import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lastWithPrefix, searchTextOf, searchTextOfField } from "./search-text.ts";

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

describe("searchTextOf", () => {
  it("of the beginning of a text is the beginning of that of the whole", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 120 });
    fc.assert(
      fc.property(text, text, (beginning, rest) => {
        // Composition may join the two at the seam; anywhere else they keep apart.
        fc.pre((beginning + rest).normalize("NFC") === beginning.normalize("NFC") + rest.normalize("NFC"));
        expect(searchTextOf(beginning + rest).startsWith(searchTextOf(beginning))).toBe(true);
      }),
      { seed: 7, numRuns: 1_000 },
    );
  });

  it("leaves a search text as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(searchTextOf(searchTextOf(text))).toBe(searchTextOf(text));
      }),
      { seed: 7, numRuns: 1_000 },
    );
  });

  it("considers a hundred characters", () => {
    expect(searchTextOf("A".repeat(200))).toBe("a".repeat(100));
    expect(searchTextOf("🗝".repeat(200))).toBe("🗝".repeat(100));
  });
});

describe("searchTextOfField", () => {
  it.each([
    ["string", "Anna", "anna"],
    ["string", "", ""],
    ["string", null, null],
    ["email", "Anna@example.org", null],
    ["json", ["Anna"], null],
  ] as const)("of a %s", (valueType, value, searchText) => {
    expect(searchTextOfField({ valueType, value })).toBe(searchText);
  });
});

describe("lastWithPrefix", () => {
  it("comes after every text with the prefix and before those that follow", () => {
    const last = bytes(lastWithPrefix("ab"));
    for (const text of ["ab", "abz", "ab\u{10ffff}", `ab${"\u{10ffff}".repeat(300)}`]) {
      expect(Buffer.compare(bytes(text), last)).toBeLessThanOrEqual(0);
    }
    expect(Buffer.compare(bytes("ac"), last)).toBe(1);
  });
});
