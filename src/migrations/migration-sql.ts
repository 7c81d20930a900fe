import { quoteIdentifier } from "../storage/postgres/quote-identifier.ts";
import { APPLICATION_ROLE } from "../storage/postgres/sql-database.ts";
import type { Migration } from "./migration.ts";

export type Direction = "up" | "down";

/** The schema's table of applied steps; the application role has no rights on it. */
export function historyTable(schema: string): string {
  return `${quoteIdentifier(schema)}.schema_migrations`;
}

/**
 * What has to be there before the first step. Safe to repeat. Roles belong to the whole cluster, so a migrator
 * of another database may create this one at the same moment; whoever comes second finds it there.
 */
export function foundationSql(schema: string): string {
  const name = quoteIdentifier(schema);
  return `
do $foundation$ begin
  if not exists (select from pg_roles where rolname = '${APPLICATION_ROLE}') then
    begin
      create role ${APPLICATION_ROLE} nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  begin
    set local role ${APPLICATION_ROLE};
    reset role;
  exception when insufficient_privilege then
    execute format('grant ${APPLICATION_ROLE} to %I', current_user);
  end;
  if to_regnamespace('${name.replaceAll("'", "''")}') is null then
    create schema ${name};
  end if;
end $foundation$;
grant usage on schema ${name} to ${APPLICATION_ROLE};
create table if not exists ${historyTable(schema)} (
  version integer primary key,
  name text not null,
  applied_at timestamptz not null default now()
);
`;
}

/** One step and its record, to be run inside a transaction. */
export function stepSql(schema: string, step: Migration, direction: Direction): string {
  const record =
    direction === "up"
      ? `insert into ${historyTable(schema)} (version, name) values (${step.version}, ${quoteLiteral(step.name)});`
      : `delete from ${historyTable(schema)} where version = ${step.version};`;
  return `${searchPathSql(schema)}\n${direction === "up" ? step.up : step.down}\n;\n${record}\n`;
}

/** The whole way as a script for `psql`, one transaction for each step. */
export function scriptSql(schema: string, steps: readonly Migration[], direction: Direction): string {
  const parts = steps.map(
    (step) => `-- ${step.version} ${step.name} (${direction})\nbegin;\n${stepSql(schema, step, direction)}commit;\n`,
  );
  const foundation = direction === "up" ? [`begin;${foundationSql(schema)}commit;\n`] : [];
  return [...foundation, ...parts].join("\n");
}

function searchPathSql(schema: string): string {
  return `set local search_path to ${quoteIdentifier(schema)}, public;`;
}

function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
