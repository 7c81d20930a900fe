import { createCipheriv, createDecipheriv } from "node:crypto";
import { VaultError } from "../errors.ts";
import type { IdGenerator } from "../identifiers.ts";

export const KEY_BYTES = 32;
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Wraps a key with another one: AES-256-GCM with a fresh random nonce. `purpose` is bound as additional data, so a
 * wrapped key cannot be passed off as another one. Base64url of format (1 byte), nonce (12), tag (16), ciphertext.
 */
export function wrapKey(key: Uint8Array, wrapping: { with: Uint8Array; purpose: string; ids: IdGenerator }): string {
  const nonce = wrapping.ids.bytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", wrapping.with, nonce);
  cipher.setAAD(Buffer.from(wrapping.purpose));
  const ciphertext = Buffer.concat([cipher.update(key), cipher.final()]);
  return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.getAuthTag(), ciphertext]).toString("base64url");
}

/** @throws `master_key_missing` when the wrapping key is not the one the key was wrapped with */
export function unwrapKey(wrapped: string, wrapping: { with: Uint8Array; purpose: string }): Uint8Array {
  const bytes = Buffer.from(wrapped, "base64url");
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const tag = bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv("aes-256-gcm", wrapping.with, nonce);
    decipher.setAAD(Buffer.from(wrapping.purpose));
    decipher.setAuthTag(tag);
    // All of it comes out at once, so that the key is in one place, which its user can overwrite.
    const key = decipher.update(bytes.subarray(1 + NONCE_BYTES + TAG_BYTES));
    decipher.final();
    return key;
  } catch (cause) {
    throw new VaultError("master_key_missing", "A stored key does not open with the configured master key.", { cause });
  }
}
