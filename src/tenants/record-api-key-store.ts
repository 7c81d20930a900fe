import type { ApiKeyId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { RecordScope, Repository } from "../storage/repository.ts";
import type { ApiKey, ApiKeyInsert } from "./api-key.ts";
import type { ApiKeyStore } from "./api-key-store.ts";
import { API_KEYS, type ApiKeyRecord, wasAdded } from "./tenant-record.ts";

export class RecordApiKeyStore implements ApiKeyStore {
  readonly revoke: ApiKeyStore["revoke"];
  readonly #keys: Repository<ApiKeyRecord>;

  /** @param revoke the engine's own way to keep one live administrator key among callers that revoke at once */
  constructor(scope: RecordScope, revoke: ApiKeyStore["revoke"]) {
    this.revoke = revoke;
    this.#keys = scope.repository(API_KEYS);
  }

  insert(key: ApiKeyInsert): Promise<boolean> {
    return wasAdded(this.#keys.add(key));
  }

  async get(apiKeyId: ApiKeyId): Promise<ApiKey | undefined> {
    const record = await this.#keys.get(apiKeyId);
    return record && apiKeyOf(record);
  }

  async list({ limit, cursor }: PageRequest): Promise<Page<ApiKey>> {
    const page = await this.#keys.query({ orderBy: [{ path: ["id"], direction: "descending" }], limit, cursor });
    return { ...page, items: page.items.map(apiKeyOf) };
  }
}

function apiKeyOf({ version: _, keyHash: __, ...key }: ApiKeyRecord): ApiKey {
  return key;
}
