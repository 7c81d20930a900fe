import type { Instant } from "../clock.ts";
import { invariant } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import {
  IDEMPOTENCY_SWEPT_PER_CLAIM,
  type IdempotencyRecord,
  type IdempotencyStore,
  type IdempotentRequest,
} from "./idempotency-store.ts";

/** A second transaction waits here for the first to end, and then sees its row or takes its place. */
const CLAIM: SqlStatement = {
  name: "idempotency_claim",
  text: `with due as (
      select key_hash from idempotency_keys
      where tenant_id = $1 and expires_at <= $4::timestamptz and key_hash <> decode($2, 'hex')
      order by expires_at limit ${IDEMPOTENCY_SWEPT_PER_CLAIM} for update skip locked
    ), swept as (
      delete from idempotency_keys s using due where s.tenant_id = $1 and s.key_hash = due.key_hash
    )
    insert into idempotency_keys as i (tenant_id, key_hash, fingerprint, created_at, expires_at)
    values ($1, decode($2, 'hex'), decode($3, 'hex'), $4, $5)
    on conflict (tenant_id, key_hash) do update
      set fingerprint = excluded.fingerprint, response = null,
        created_at = excluded.created_at, expires_at = excluded.expires_at
      where i.expires_at <= excluded.created_at
    returning true as claimed`,
};

const GET: SqlStatement = {
  name: "idempotency_get",
  text: `select encode(fingerprint, 'hex') as fingerprint, translate(encode(response, 'base64'), E'\\n', '') as response
    from idempotency_keys where tenant_id = $1 and key_hash = decode($2, 'hex')`,
};

const COMPLETE: SqlStatement = {
  name: "idempotency_complete",
  text: `update idempotency_keys set response = decode($3, 'base64')
    where tenant_id = $1 and key_hash = decode($2, 'hex') returning true as completed`,
};

const DELETE_EXPIRED: SqlStatement = {
  name: "idempotency_delete_expired",
  text: `with due as (
      select key_hash from idempotency_keys where tenant_id = $1 and expires_at <= $2
      order by expires_at limit $3 for update skip locked
    ), deleted as (
      delete from idempotency_keys i using due where i.tenant_id = $1 and i.key_hash = due.key_hash returning 1
    )
    select count(*)::int as deleted from deleted`,
};

export class PostgresIdempotencyStore implements IdempotencyStore {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;

  constructor(session: SqlSession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  async begin(request: IdempotentRequest): Promise<IdempotencyRecord | undefined> {
    const { keyHash, fingerprint, now, expiresAt } = request;
    const claimed = await this.#session.query(CLAIM, [this.#tenantId, keyHash, fingerprint, now, expiresAt]);
    if (claimed.length > 0) return undefined;
    const [earlier] = await this.#session.query<RecordRow>(GET, [this.#tenantId, keyHash]);
    // A sweep may delete the record between the two statements, if it expires right then.
    return earlier ?? this.begin(request);
  }

  async complete(keyHash: string, response: string): Promise<void> {
    const completed = await this.#session.query(COMPLETE, [this.#tenantId, keyHash, response]);
    invariant(completed.length === 1, "an idempotency key is claimed before it is completed");
  }

  async deleteExpired(now: Instant, limit: number): Promise<number> {
    const [row] = await this.#session.query<{ deleted: number }>(DELETE_EXPIRED, [this.#tenantId, now, limit]);
    return row?.deleted ?? 0;
  }
}

type RecordRow = { readonly fingerprint: string; readonly response: string | null };
