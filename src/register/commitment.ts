import { createHmac } from "node:crypto";
import type { JsonValue } from "../json.ts";
import { canonicalJson } from "../signatures/canonical-json.ts";

const DOMAIN = "strongroom/value-commitment/v1\n";
export const COMMITMENT_SECRET_BYTES = 32;

/**
 * Binds the audit register to a value without holding it: HMAC-SHA-256 over a domain prefix and the canonical
 * JSON of `[itemId, value]`, base64url. Whoever has the secret and the value can check it; once the secret is
 * destroyed nothing about the value can be learned or guessed from it.
 *
 * @param secret base64url of `COMMITMENT_SECRET_BYTES` random bytes, one per item
 */
export function commitmentOf(secret: string, itemId: string, value: JsonValue): string {
  return createHmac("sha256", Buffer.from(secret, "base64url"))
    .update(DOMAIN)
    .update(canonicalJson([itemId, value]))
    .digest("base64url");
}
