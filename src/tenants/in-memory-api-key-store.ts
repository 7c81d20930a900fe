import type { Instant } from "../clock.ts";
import type { ApiKeyId, TenantId } from "../identifiers.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { encodeCursor, type Page, type PageRequest, pageOf } from "../storage/page.ts";
import { type ApiKey, type ApiKeyInsert, isLive } from "./api-key.ts";
import { API_KEY_LIST, type ApiKeyStore, apiKeyCursor, type RevocationOutcome } from "./api-key-store.ts";
import { apiKeyRows, type InMemoryTenantDirectory } from "./in-memory-tenant-directory.ts";

export class InMemoryApiKeyStore implements ApiKeyStore {
  readonly #session: InMemorySession;
  readonly #tenantId: TenantId;
  readonly #directory: InMemoryTenantDirectory;

  constructor(session: InMemorySession, tenantId: TenantId, directory: InMemoryTenantDirectory) {
    this.#session = session;
    this.#tenantId = tenantId;
    this.#directory = directory;
  }

  insert(key: ApiKeyInsert): Promise<boolean> {
    return this.#session.run((tables) => {
      if (!this.#directory.claimKeyHash(tables, this.#tenantId, key)) return false;
      apiKeyRows(tables).put(key.id, { ...key });
      return true;
    });
  }

  get(apiKeyId: ApiKeyId): Promise<ApiKey | undefined> {
    return this.#session.run((tables) => {
      const row = apiKeyRows(tables).get(apiKeyId);
      return row && withoutHash(row);
    });
  }

  async list({ limit, cursor }: PageRequest): Promise<Page<ApiKey>> {
    const before = apiKeyCursor(cursor);
    const rows = await this.#session.run((tables) => apiKeyRows(tables).filter(({ id }) => !before || id < before));
    const newestFirst = rows.sort((a, b) => (a.id < b.id ? 1 : -1)).map(withoutHash);
    return pageOf(newestFirst.slice(0, limit + 1), limit, (last) => encodeCursor(API_KEY_LIST, [last.id]));
  }

  revoke(apiKeyId: ApiKeyId, at: Instant): Promise<RevocationOutcome> {
    return this.#session.run((tables) => {
      const row = apiKeyRows(tables).get(apiKeyId);
      if (!row) return "not_found";
      if (row.revokedAt !== null) return "already_revoked";
      if (isLastAdmin(tables, row, at)) return "last_admin";
      apiKeyRows(tables).put(row.id, { ...row, revokedAt: at });
      return "revoked";
    });
  }
}

function isLastAdmin(tables: InMemoryTables, key: ApiKeyInsert, at: Instant): boolean {
  if (key.role !== "admin" || !isLive(key, at)) return false;
  return !apiKeyRows(tables).find((other) => other.id !== key.id && other.role === "admin" && isLive(other, at));
}

function withoutHash({ keyHash: _, ...key }: ApiKeyInsert): ApiKey {
  return key;
}
