import type { Instant } from "../clock.ts";
import { invariant } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import { TENANT_JSON, type TenantRow, tenantFromRow } from "./postgres-tenant-rows.ts";
import type { Tenant, TenantChange } from "./tenant.ts";
import type { TenantStore } from "./tenant-store.ts";

const INSERT: SqlStatement = {
  name: "tenants_insert",
  text: `insert into tenants (id, slug, name, validation_mode, is_platform, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id`,
};

const GET: SqlStatement = { name: "tenants_get", text: `select ${TENANT_JSON} from tenants t where t.id = $1` };

const UPDATE: SqlStatement = {
  name: "tenants_update",
  text: `update tenants t set name = coalesce($2, t.name),
      validation_mode = case when $3::boolean then $4 else t.validation_mode end, updated_at = $5
    where t.id = $1 returning ${TENANT_JSON}`,
};

const GET_WRAPPED_KEY: SqlStatement = {
  name: "tenants_get_wrapped_key",
  text: "select wrapped_key from tenants where id = $1",
};

/** Concurrent callers wait for the row's lock here, and then keep what they find. */
const INIT_WRAPPED_KEY: SqlStatement = {
  name: "tenants_init_wrapped_key",
  text: "update tenants set wrapped_key = coalesce(wrapped_key, $2) where id = $1 returning wrapped_key",
};

export class PostgresTenantStore implements TenantStore {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;

  constructor(session: SqlSession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  async insert(tenant: Tenant): Promise<boolean> {
    invariant(tenant.id === this.#tenantId, "a tenant is inserted through its own store");
    const { id, slug, name, validationMode, isPlatform, createdAt, updatedAt } = tenant;
    const values = [id, slug, name, validationMode, isPlatform, createdAt, updatedAt];
    return (await this.#session.query(INSERT, values)).length === 1;
  }

  async get(): Promise<Tenant | undefined> {
    const [row] = await this.#session.query<TenantRow>(GET, [this.#tenantId]);
    return row && tenantFromRow(row);
  }

  async update({ name, validationMode }: TenantChange, at: Instant): Promise<Tenant | undefined> {
    const values = [this.#tenantId, name ?? null, validationMode !== undefined, validationMode ?? null, at];
    const [row] = await this.#session.query<TenantRow>(UPDATE, values);
    return row && tenantFromRow(row);
  }

  async getWrappedKey(): Promise<string | null> {
    const [row] = await this.#session.query<WrappedKeyRow>(GET_WRAPPED_KEY, [this.#tenantId]);
    return row?.wrapped_key ?? null;
  }

  async initWrappedKey(wrappedKey: string): Promise<string> {
    const [row] = await this.#session.query<WrappedKeyRow>(INIT_WRAPPED_KEY, [this.#tenantId, wrappedKey]);
    invariant(row?.wrapped_key, "only an existing tenant gets a key");
    return row.wrapped_key;
  }
}

type WrappedKeyRow = { readonly wrapped_key: string | null };
