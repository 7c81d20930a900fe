import type { TenantId } from "../identifiers.ts";
import { decodeCursor, encodeCursor, type Page, type PageRequest, pageOf } from "../storage/page.ts";
import { optionalInstantFromJson } from "../storage/postgres/json-instant.ts";
import type { SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import type { ApiKeyHash } from "./api-key.ts";
import { TENANT_JSON, type TenantRow, tenantFromRow } from "./postgres-tenant-rows.ts";
import type { Tenant } from "./tenant.ts";
import { type CredentialRecord, TENANT_LIST, type TenantDirectory } from "./tenant-store.ts";

const GET: SqlStatement = { name: "directory_get", text: `select ${TENANT_JSON} from tenants t where t.id = $1` };

const GET_PLATFORM: SqlStatement = {
  name: "directory_get_platform",
  text: `select ${TENANT_JSON} from tenants t where t.is_platform`,
};

const LIST: SqlStatement = {
  name: "directory_list",
  text: `select ${TENANT_JSON} from tenants t where t.slug collate "C" > $1 order by t.slug collate "C" limit $2`,
};

const FIND_CREDENTIAL: SqlStatement = {
  name: "directory_find_credential",
  text: `select json_build_object('tenantId', k.tenant_id, 'isPlatform', t.is_platform, 'apiKeyId', k.id,
      'role', k.role, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at) as credential
    from api_keys k join tenants t on t.id = k.tenant_id where k.key_hash = decode($1, 'hex')`,
};

/** Takes a session of the platform, which sees tenants and API keys and nothing else. */
export class PostgresTenantDirectory implements TenantDirectory {
  readonly #session: SqlSession;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async get(tenantId: TenantId): Promise<Tenant | undefined> {
    const [row] = await this.#session.query<TenantRow>(GET, [tenantId]);
    return row && tenantFromRow(row);
  }

  async getPlatformTenant(): Promise<Tenant | undefined> {
    const [row] = await this.#session.query<TenantRow>(GET_PLATFORM, []);
    return row && tenantFromRow(row);
  }

  async list({ limit, cursor }: PageRequest): Promise<Page<Tenant>> {
    const after = cursor === undefined ? "" : (decodeCursor(TENANT_LIST, cursor, 1)[0] ?? "");
    const rows = await this.#session.query<TenantRow>(LIST, [after, limit + 1]);
    return pageOf(rows.map(tenantFromRow), limit, (last) => encodeCursor(TENANT_LIST, [last.slug]));
  }

  async findCredential(keyHash: ApiKeyHash): Promise<CredentialRecord | undefined> {
    const [row] = await this.#session.query<{ readonly credential: CredentialRecord }>(FIND_CREDENTIAL, [keyHash]);
    if (!row) return undefined;
    const { expiresAt, revokedAt, ...rest } = row.credential;
    return {
      ...rest,
      expiresAt: optionalInstantFromJson(expiresAt),
      revokedAt: optionalInstantFromJson(revokedAt),
    };
  }
}
