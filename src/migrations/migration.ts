import { APPLICATION_ROLE, PLATFORM_SCOPE, TENANT_SETTING } from "../storage/postgres/sql-database.ts";

/** One reversible step of the schema. Versions are consecutive from 1; a released step never changes. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Several statements, run in one transaction by the owner with `search_path` set to the vault's schema. */
  readonly up: string;
  /** Undoes `up` with data in the tables. */
  readonly down: string;
}

/**
 * Grants the application role its rights on a table and forces row-level security on it, for its owner too.
 * `current_setting` is called without its missing-ok flag: a connection without a tenant gets an error, never
 * zero rows. The sub-select makes PostgreSQL evaluate the setting once per statement and not once per row.
 */
export function isolateByTenant(
  table: string,
  rights:
    | "select, insert, update, delete"
    | "select, insert, update"
    | "select, insert, delete"
    | "select, insert" = "select, insert, update, delete",
): string {
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_isolation on ${table}
      using (tenant_id = (select current_setting('${TENANT_SETTING}')::uuid))
      with check (tenant_id = (select current_setting('${TENANT_SETTING}')::uuid));
    grant ${rights} on ${table} to ${APPLICATION_ROLE};
  `;
}

/** Like `isolateByTenant`, for the few tables the platform scope may see across tenants. */
export function isolateByTenantOrPlatform(
  table: string,
  rights:
    | "select, insert, update, delete"
    | "select, insert, update"
    | "select, insert, delete" = "select, insert, update, delete",
): string {
  const isVisible = tenantOrPlatform("tenant_id");
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_or_platform on ${table}
      using (${isVisible})
      with check (${isVisible});
    grant ${rights} on ${table} to ${APPLICATION_ROLE};
  `;
}

/** The cast fails for a setting that is neither, such as the empty one that a reset connection is left with. */
export function tenantOrPlatform(column: string): string {
  const scope = `(select current_setting('${TENANT_SETTING}'))`;
  return `case when ${scope} = '${PLATFORM_SCOPE}' then true else ${column} = ${scope}::uuid end`;
}
