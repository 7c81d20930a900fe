import { invariant } from "../errors.ts";

const MASTER_KEY_BYTES = 32;

const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

export function isMasterKey(text: string): boolean {
  return HEX.test(text) || BASE64.test(text);
}

/** The 32 bytes of a master key that passed the configuration: 64 hex digits, base64 or base64url. */
export function decodeMasterKey(text: string): Uint8Array {
  const bytes = Buffer.from(text, HEX.test(text) ? "hex" : "base64");
  invariant(bytes.length === MASTER_KEY_BYTES, "the configuration checks the master key");
  return bytes;
}
