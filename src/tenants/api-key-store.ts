import type { Instant } from "../clock.ts";
import type { ApiKeyId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { ApiKey, ApiKeyInsert } from "./api-key.ts";

/** `last_admin`: the key is the only live administrator key of the tenant, and was left as it is. */
export type RevocationOutcome = "revoked" | "already_revoked" | "last_admin" | "not_found";

/**
 * The API keys of the one tenant that the store is bound to; keys of other tenants do not exist for it.
 * Every method may reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */
export interface ApiKeyStore {
  /**
   * False when a key with this hash exists in any tenant; then nothing was written, and a transaction comes to nothing.
   */
  insert(key: ApiKeyInsert): Promise<boolean>;
  get(apiKeyId: ApiKeyId): Promise<ApiKey | undefined>;
  /** Newest first (by id, descending), revoked and expired ones too. Rejects with `invalid_cursor`. */
  list(page: PageRequest): Promise<Page<ApiKey>>;
  /** However many callers revoke at once, one live administrator key stays. */
  revoke(apiKeyId: ApiKeyId, at: Instant): Promise<RevocationOutcome>;
}
