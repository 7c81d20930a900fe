import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Of, base64UrlOf, bytesOfBase64, bytesOfBase64Url, bytesOfHex, hexOf } from "./byte-text.ts";

const bytes = fc.uint8Array({ maxLength: 200 });
const SETTINGS = { seed: 20_260_303, numRuns: 2_000 };
const FORMS = [
  { name: "base64", write: base64Of, read: bytesOfBase64 },
  { name: "base64url", write: base64UrlOf, read: bytesOfBase64Url },
] as const;

describe.each(FORMS)("bytes as $name", ({ name, write, read }) => {
  it("are what everybody writes, and come back", () => {
    const property = fc.property(bytes, (given) => {
      const text = write(given);
      expect(text).toBe(Buffer.from(given).toString(name));
      expect(read(text)).toEqual(given);
    });
    fc.assert(property, SETTINGS);
  });

  it("have no other text", () => {
    const characters = fc.constantFrom(..."A B 9 a z - _ + / = \n \u00e9 \u0141".split(" "), " ");
    const property = fc.property(fc.array(characters, { maxLength: 9 }), (list) => {
      const text = list.join("");
      const given = read(text);
      expect(given && write(given)).toBe(given && text);
      const known = Buffer.from(text, name);
      if (known.toString(name) === text) expect(given).toEqual(new Uint8Array(known));
      else expect(given).toBeUndefined();
    });
    fc.assert(property, SETTINGS);
  });
});

it("reads and writes hexadecimal digits as everybody does", () => {
  const property = fc.property(bytes, (given) => {
    expect(hexOf(given)).toBe(Buffer.from(given).toString("hex"));
    expect(bytesOfHex(hexOf(given))).toEqual(given);
  });
  fc.assert(property, SETTINGS);
});
