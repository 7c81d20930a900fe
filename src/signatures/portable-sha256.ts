import { sha256 } from "@noble/hashes/sha2.js";

/** SHA-256 of the parts put one after the other, in any runtime. */
export function portableSha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
