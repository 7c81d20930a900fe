import { hash } from "node:crypto";
import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { ApiKeyId, IdGenerator } from "../identifiers.ts";
import type { Role } from "./role.ts";

export const API_KEY_NAME_LENGTH_MAX = 100;
/** The longest text that is looked at as a key. */
export const API_KEY_LENGTH_MAX = 256;
/** The shortest key an operator may choose. */
const BOOTSTRAP_KEY_LENGTH_MIN = 16;

const KEY_PREFIX = "sr_";
const KEY_BYTES = 32;
const RECOGNITION_LENGTH = 7;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** A credential of one tenant. The key itself is shown once and never stored. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly role: Role;
  /** The first characters of the key, to recognise it by. */
  readonly prefix: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
}

/** SHA-256 of a whole key, 64 hex digits in lower case. */
export type ApiKeyHash = string & { readonly __brand: "ApiKeyHash" };

export interface ApiKeyInsert extends ApiKey {
  readonly keyHash: ApiKeyHash;
}

/** A key as its owner holds it: `sr_` and 32 random bytes as 43 characters of base64url. */
export function generateApiKey(ids: IdGenerator): string {
  return KEY_PREFIX + Buffer.from(ids.bytes(KEY_BYTES)).toString("base64url");
}

/** Keys have 256 bits of chance, or are the operator's choice: a fast hash is enough to look one up by. */
export function hashApiKey(key: string): ApiKeyHash {
  return hash("sha256", key, "hex") as ApiKeyHash;
}

/** What of a key may be stored and shown. A key an operator chose is short, so less of it is given away. */
export function apiKeyPrefix(key: string): string {
  return key.startsWith(KEY_PREFIX) ? key.slice(0, RECOGNITION_LENGTH) : key.slice(0, 4);
}

/** @throws `invalid_configuration` when an operator's key is too short, too long or not visible ASCII */
export function requireBootstrapKey(key: string): string {
  const fits = key.length >= BOOTSTRAP_KEY_LENGTH_MIN && key.length <= API_KEY_LENGTH_MAX;
  if (fits && VISIBLE_ASCII.test(key)) return key;
  throw new VaultError("invalid_configuration", "The bootstrap API key cannot be used.", {
    errors: [
      {
        path: "/apiKey",
        code: "invalid_value",
        message: `Expected ${BOOTSTRAP_KEY_LENGTH_MIN} to ${API_KEY_LENGTH_MAX} visible ASCII characters without spaces.`,
      },
    ],
  });
}

/** True for a key that opens the vault at the moment. */
export function isLive(key: Pick<ApiKey, "expiresAt" | "revokedAt">, now: Instant): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}
