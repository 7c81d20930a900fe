import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import { type ApiKeyId, isUuid } from "../identifiers.ts";
import { decodeCursor, type Page, type PageRequest } from "../storage/page.ts";
import type { ApiKey, ApiKeyInsert } from "./api-key.ts";

/** `last_admin`: the key is the only live administrator key of the tenant, and was left as it is. */
export type RevocationOutcome = "revoked" | "already_revoked" | "last_admin" | "not_found";

/**
 * The API keys of the one tenant that the store is bound to; keys of other tenants do not exist for it.
 * Every method may reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */
export interface ApiKeyStore {
  /** False when a key with this hash exists in any tenant, and then nothing was written. */
  insert(key: ApiKeyInsert): Promise<boolean>;
  get(apiKeyId: ApiKeyId): Promise<ApiKey | undefined>;
  /** Newest first (by id, descending), revoked and expired ones too. Rejects with `invalid_cursor`. */
  list(page: PageRequest): Promise<Page<ApiKey>>;
  /** However many callers revoke at once, one live administrator key stays. */
  revoke(apiKeyId: ApiKeyId, at: Instant): Promise<RevocationOutcome>;
}

export const API_KEY_LIST = "api-keys";

/** The id a page of keys ended with. Rejects texts that no id can be, which an engine would choke on. */
export function apiKeyCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const id = decodeCursor(API_KEY_LIST, cursor, 1)[0];
  if (id !== undefined && isUuid(id)) return id;
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}
