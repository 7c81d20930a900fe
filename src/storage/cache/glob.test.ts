import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob } from "./glob.ts";

describe("a pattern of keys", () => {
  it("matches what the equal regular expression does", () => {
    const character = fc.constantFrom("a", "b", "🗝", ".", "*", "?", "\\*", "\\?", "\\\\", "\\a", "[", "]");
    const text = fc.string({ unit: fc.constantFrom("a", "b", "🗝", ".", "*", "?", "\\", "[", "]"), maxLength: 8 });
    const run = fc.property(fc.array(character, { minLength: 1, maxLength: 8 }), text, (parts, key) => {
      const source = parts.map((part) =>
        part === "*" ? "[^]*" : part === "?" ? "[^]" : `\\u{${part.replace(/^\\/, "").codePointAt(0)?.toString(16)}}`,
      );
      expect(compileGlob(parts.join("")).matches(key)).toBe(new RegExp(`^${source.join("")}$`, "u").test(key));
    });
    fc.assert(run, { numRuns: 3_000, seed: 20_260_303 });
  });

  it("takes no more than the product of the lengths, however many runs it has", () => {
    const glob = compileGlob("*a".repeat(500) + "b");
    const startedMs = performance.now();
    expect(glob.matches("a".repeat(512))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});
