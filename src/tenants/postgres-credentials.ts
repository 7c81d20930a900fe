import type { TenantId } from "../identifiers.ts";
import { optionalInstantFromJson } from "../storage/postgres/json-instant.ts";
import type { SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import type { ApiKeyStore, RevocationOutcome } from "./api-key-store.ts";
import type { CredentialRecord, TenantDirectory } from "./tenant-store.ts";

const FIND_CREDENTIAL: SqlStatement = {
  name: "directory_find_credential",
  text: `select json_build_object('tenantId', k.tenant_id, 'isPlatform', t.is_platform, 'apiKeyId', k.id,
      'role', k.role, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at) as credential
    from api_keys k join tenants t on t.id = k.tenant_id where k.key_hash = decode($1, 'hex')`,
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
      update api_keys k set revoked_at = $3, version = k.version + 1 from target t
      where k.tenant_id = $1 and k.id = t.id and t.revoked_at is null
        and (not t.is_live_admin or exists (
          select from api_keys other where other.tenant_id = $1 and other.id <> $2 and other.role = 'admin'
            and other.revoked_at is null and (other.expires_at is null or other.expires_at > $3)))
      returning k.id
    )
    select case when t.revoked_at is not null then 'already_revoked'
      when exists (select from revoked) then 'revoked' else 'last_admin' end as outcome from target t`,
};

/** @param platform sees the keys of all tenants */
export function postgresFindCredential(platform: SqlSession): TenantDirectory["findCredential"] {
  return async (keyHash) => {
    const [row] = await platform.query<{ readonly credential: CredentialRecord }>(FIND_CREDENTIAL, [keyHash]);
    if (!row) return undefined;
    const { expiresAt, revokedAt, ...rest } = row.credential;
    return {
      ...rest,
      expiresAt: optionalInstantFromJson(expiresAt),
      revokedAt: optionalInstantFromJson(revokedAt),
    };
  };
}

/** Revocations of one tenant queue at its row, so that each sees what the one before it did. */
export function postgresRevoke(session: SqlSession, tenantId: TenantId): ApiKeyStore["revoke"] {
  return (apiKeyId, at) =>
    session.transaction(async (transaction) => {
      await transaction.query(LOCK_TENANT, [tenantId]);
      const values = [tenantId, apiKeyId, at];
      const [row] = await transaction.query<{ readonly outcome: RevocationOutcome }>(REVOKE, values);
      return row?.outcome ?? "not_found";
    });
}
