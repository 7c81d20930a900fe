import type { Clock, Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { ApiKeyId, IdGenerator } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { AdministrationContext, AdministrationScope } from "./administration.ts";
import { type ApiKey, apiKeyPrefix, generateApiKey, hashApiKey } from "./api-key.ts";
import type { ApiKeyStore } from "./api-key-store.ts";
import type { Role } from "./role.ts";

export interface NewApiKey {
  readonly name: string;
  readonly role: Role;
  /** In the future; `null` for a key that lives until it is revoked. */
  readonly expiresAt?: Instant | null | undefined;
}

/** A key that was just made: the only time its text is known. */
export interface CreatedApiKey {
  readonly apiKey: ApiKey;
  readonly key: string;
}

export interface ApiKeyServiceOptions extends AdministrationContext {
  readonly store: ApiKeyStore;
  /** Called once a revocation is committed. */
  readonly onRevoked: (apiKeyId: ApiKeyId) => void;
}

/** The API keys of one tenant. */
export class ApiKeyService {
  readonly #options: ApiKeyServiceOptions;

  constructor(options: ApiKeyServiceOptions) {
    this.#options = options;
  }

  /** Rejects with `invalid_request` when `expiresAt` is not in the future. */
  async create(input: NewApiKey): Promise<CreatedApiKey> {
    if (input.expiresAt && input.expiresAt <= this.#options.clock.now()) {
      const error = { path: "/expiresAt", code: "invalid_value", message: "Expected an instant in the future." };
      throw new VaultError("invalid_request", "The key would have expired already.", { errors: [error] });
    }
    return this.#options.transaction((scope) => insertApiKey(scope, this.#options, input));
  }

  /** Newest first, revoked and expired ones too. Rejects with `invalid_cursor`. */
  list(page: PageRequest): Promise<Page<ApiKey>> {
    return this.#options.store.list(page);
  }

  /** Rejects with `api_key_not_found`. */
  async require(apiKeyId: ApiKeyId): Promise<ApiKey> {
    const apiKey = await this.#options.store.get(apiKeyId);
    if (!apiKey) throw notFound();
    return apiKey;
  }

  /**
   * From now on the key opens nothing in this process, and nothing anywhere within seconds. Revoking a revoked
   * key changes nothing. Rejects with `api_key_not_found`, and with `last_admin_key` for the only
   * administrator key that is left.
   */
  async revoke(apiKeyId: ApiKeyId): Promise<void> {
    const outcome = await this.#options.transaction(async ({ apiKeys, journal }) => {
      const result = await apiKeys.revoke(apiKeyId, this.#options.clock.now());
      if (result === "revoked") await journal.record({ eventType: "api_key_revoked", subjectId: apiKeyId, data: {} });
      return result;
    });
    if (outcome === "not_found") throw notFound();
    if (outcome === "last_admin") {
      throw new VaultError("last_admin_key", "The only administrator key of a tenant cannot be revoked.");
    }
    this.#options.onRevoked(apiKeyId);
  }
}

/** Makes a key within the caller's transaction; `key` is given by an operator, else random. */
export async function insertApiKey(
  { apiKeys, journal }: Pick<AdministrationScope, "apiKeys" | "journal">,
  { clock, ids }: { readonly clock: Clock; readonly ids: IdGenerator },
  input: NewApiKey & { readonly key?: string | undefined },
): Promise<CreatedApiKey> {
  const key = input.key ?? generateApiKey(ids);
  const apiKey: ApiKey = {
    id: ids.uuid(),
    name: input.name,
    role: input.role,
    prefix: apiKeyPrefix(key),
    createdAt: clock.now(),
    expiresAt: input.expiresAt ?? null,
    revokedAt: null,
  };
  if (!(await apiKeys.insert({ ...apiKey, keyHash: hashApiKey(key) }))) {
    throw new VaultError("api_key_exists", "This API key exists already.");
  }
  const data = { role: apiKey.role, expiresAt: apiKey.expiresAt };
  await journal.record({ eventType: "api_key_created", subjectId: apiKey.id, data });
  return { apiKey, key };
}

function notFound(): VaultError {
  return new VaultError("api_key_not_found", "There is no such API key in this tenant.");
}
