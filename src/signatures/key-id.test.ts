import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { keyIdOf } from "./key-id.ts";

const publicKey = Uint8Array.from({ length: 32 }, (_, index) => index);

describe("keyIdOf", () => {
  it("is the start of the hash of the domain, the algorithm and the key", () => {
    const input = Buffer.concat([Buffer.from("strongroom/key/v1\ned25519\n"), publicKey]);
    expect(keyIdOf("ed25519", publicKey)).toBe(createHash("sha256").update(input).digest("hex").slice(0, 32));
  });

  it("stays what it is", () => {
    expect(keyIdOf("ed25519", publicKey)).toBe("26025b9073a53cf3622c982cf1612153");
  });

  it("tells keys and algorithms apart", () => {
    expect(keyIdOf("p256", publicKey)).not.toBe(keyIdOf("ed25519", publicKey));
    expect(keyIdOf("ed25519", publicKey.toReversed())).not.toBe(keyIdOf("ed25519", publicKey));
  });
});
