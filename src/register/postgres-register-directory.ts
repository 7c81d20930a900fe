import { instantFromJson } from "../storage/postgres/json-instant.ts";
import type { SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import { requireAtMost } from "./register-lookups.ts";
import {
  type PendingTenant,
  type RegisterDirectory,
  TENANTS_MAX,
  type TenantQuery,
  type TenantRegister,
  UNSEALED_EVENTS_MAX,
} from "./register-store.ts";

/**
 * The first unsealed event of the tenant after `after`. A tenant takes one look into the index, however many events
 * it has: the next look begins behind all of them.
 */
const firstAfter = (after: string): string => `
  select u.tenant_id, u.sequence, u.appended_at,
    (select count(*) from registers r where r.tenant_id = u.tenant_id and r.kind = 'replica')::integer as replicas
  from unsealed_events u where u.tenant_id > ${after} order by u.tenant_id, u.sequence limit 1`;

/**
 * $1 how many events make a tenant full, $2 the limit, $3 the tenant to come after. A tenant is full when so many steps
 * along the index, from its first event on, end at one of its own.
 */
const LIST_PENDING: SqlStatement = {
  name: "registers_list_pending",
  text: `with recursive pending (tenant_id, sequence, appended_at, replicas, found) as (
      select first.*, 1 - first.replicas from (${firstAfter("$3::uuid")}) first
      union all
      select next.*, p.found + 1 - next.replicas from pending p cross join lateral (${firstAfter("p.tenant_id")}) next
      where p.found < $2::integer
    )
    select json_build_object('tenantId', p.tenant_id, 'oldest', p.appended_at, 'isFull', coalesce((
        select u.tenant_id from unsealed_events u where (u.tenant_id, u.sequence) >= (p.tenant_id, p.sequence)
        order by u.tenant_id, u.sequence offset $1::integer - 1 limit 1
      ) = p.tenant_id, false)) as pending
    from pending p where p.replicas = 0 order by p.tenant_id`,
};

/** $1 the limit, $2 the tenant to come after. */
const LIST_REGISTERS: SqlStatement = {
  name: "registers_list",
  text: `select json_build_object('tenantId', r.tenant_id, 'register', json_build_object(
      'registerId', r.register_id, 'kind', r.kind, 'createdAt', r.created_at)) as entry
    from registers r where r.tenant_id > $2::uuid order by r.tenant_id limit $1`,
};

/** Before all tenants. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

export class PostgresRegisterDirectory implements RegisterDirectory {
  readonly #platform: SqlSession;

  /** @param platform sees the registers and the unsealed events of all tenants */
  constructor(platform: SqlSession) {
    this.#platform = platform;
  }

  async listPending(query: TenantQuery & { readonly full: number }): Promise<readonly PendingTenant[]> {
    const { full, limit, after } = query;
    requireAtMost(UNSEALED_EVENTS_MAX, full);
    requireAtMost(TENANTS_MAX, limit);
    const rows = await this.#platform.query<PendingRow>(LIST_PENDING, [full, limit, after ?? NOBODY]);
    return rows.map(({ pending }) => ({ ...pending, oldest: instantFromJson(pending.oldest) }));
  }

  async listRegisters({ limit, after }: TenantQuery): Promise<readonly TenantRegister[]> {
    requireAtMost(TENANTS_MAX, limit);
    const rows = await this.#platform.query<EntryRow>(LIST_REGISTERS, [limit, after ?? NOBODY]);
    return rows.map(({ entry: { tenantId, register } }) => ({
      tenantId,
      register: { ...register, createdAt: instantFromJson(register.createdAt) },
    }));
  }
}

type PendingRow = { readonly pending: PendingTenant };
type EntryRow = { readonly entry: TenantRegister };
