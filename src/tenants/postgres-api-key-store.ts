import type { Instant } from "../clock.ts";
import type { ApiKeyId, TenantId } from "../identifiers.ts";
import { encodeCursor, type Page, type PageRequest, pageOf } from "../storage/page.ts";
import type { SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import type { ApiKey, ApiKeyInsert } from "./api-key.ts";
import { API_KEY_LIST, type ApiKeyStore, apiKeyCursor, type RevocationOutcome } from "./api-key-store.ts";
import { API_KEY_JSON, type ApiKeyRow, apiKeyFromRow } from "./postgres-tenant-rows.ts";

const INSERT: SqlStatement = {
  name: "api_keys_insert",
  text: `insert into api_keys (tenant_id, id, name, role, key_hash, prefix, created_at, expires_at, revoked_at)
    values ($1, $2, $3, $4, decode($5, 'hex'), $6, $7, $8, $9)
    on conflict (key_hash) do nothing returning id`,
};

const GET: SqlStatement = {
  name: "api_keys_get",
  text: `select ${API_KEY_JSON} from api_keys k where k.tenant_id = $1 and k.id = $2`,
};

const LIST: SqlStatement = {
  name: "api_keys_list",
  text: `select ${API_KEY_JSON} from api_keys k
    where k.tenant_id = $1 and k.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
    order by k.id desc limit $3`,
};

const LOCK_TENANT: SqlStatement = {
  name: "api_keys_lock_tenant",
  text: "select id from tenants where id = $1 for update",
};

const REVOKE: SqlStatement = {
  name: "api_keys_revoke",
  text: `with target as (
      select id, revoked_at, role = 'admin' and (expires_at is null or expires_at > $3::timestamptz) as is_live_admin
      from api_keys where tenant_id = $1 and id = $2
    ), revoked as (
      update api_keys k set revoked_at = $3 from target t
      where k.tenant_id = $1 and k.id = t.id and t.revoked_at is null
        and (not t.is_live_admin or exists (
          select from api_keys other where other.tenant_id = $1 and other.id <> $2 and other.role = 'admin'
            and other.revoked_at is null and (other.expires_at is null or other.expires_at > $3)))
      returning k.id
    )
    select case when t.revoked_at is not null then 'already_revoked'
      when exists (select from revoked) then 'revoked' else 'last_admin' end as outcome from target t`,
};

export class PostgresApiKeyStore implements ApiKeyStore {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;

  constructor(session: SqlSession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  async insert(key: ApiKeyInsert): Promise<boolean> {
    const { id, name, role, keyHash, prefix, createdAt, expiresAt, revokedAt } = key;
    const values = [this.#tenantId, id, name, role, keyHash, prefix, createdAt, expiresAt, revokedAt];
    return (await this.#session.query(INSERT, values)).length === 1;
  }

  async get(apiKeyId: ApiKeyId): Promise<ApiKey | undefined> {
    const [row] = await this.#session.query<ApiKeyRow>(GET, [this.#tenantId, apiKeyId]);
    return row && apiKeyFromRow(row);
  }

  async list({ limit, cursor }: PageRequest): Promise<Page<ApiKey>> {
    const values = [this.#tenantId, apiKeyCursor(cursor) ?? null, limit + 1];
    const rows = await this.#session.query<ApiKeyRow>(LIST, values);
    return pageOf(rows.map(apiKeyFromRow), limit, (last) => encodeCursor(API_KEY_LIST, [last.id]));
  }

  /** Revocations of one tenant queue at its row, so that each sees what the one before it did. */
  revoke(apiKeyId: ApiKeyId, at: Instant): Promise<RevocationOutcome> {
    return this.#session.transaction(async (transaction) => {
      await transaction.query(LOCK_TENANT, [this.#tenantId]);
      const values = [this.#tenantId, apiKeyId, at];
      const [row] = await transaction.query<{ readonly outcome: RevocationOutcome }>(REVOKE, values);
      return row?.outcome ?? "not_found";
    });
  }
}
