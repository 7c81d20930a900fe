import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hexOf, utf8 } from "./byte-text.ts";
import { hmacSha256 } from "./hmac-sha256.ts";

describe("hmacSha256", () => {
  it("gives what RFC 4231 says (test cases 1, 2 and 6)", () => {
    expect(hexOf(hmacSha256(new Uint8Array(20).fill(0x0b), utf8("Hi There")))).toBe(
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    );
    expect(hexOf(hmacSha256(utf8("Jefe"), utf8("what do ya want for nothing?")))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    const long = utf8("Test Using Larger Than Block-Size Key - Hash Key First");
    expect(hexOf(hmacSha256(new Uint8Array(131).fill(0xaa), long))).toBe(
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    );
  });

  it.each([0, 1, 31, 32, 63, 64, 65, 200])("agrees with Node for a key of %i bytes and parts of any length", (size) => {
    const key = Uint8Array.from({ length: size }, (_, at) => at);
    for (const lengths of [[], [0], [5, 7], [4_000, 90], [4_096], [10_000, 1]]) {
      const parts = lengths.map((length) => new Uint8Array(length).fill(length));
      const expected = createHmac("sha256", key).update(Buffer.concat(parts)).digest("hex");
      expect(hexOf(hmacSha256(key, ...parts))).toBe(expected);
    }
  });
});
