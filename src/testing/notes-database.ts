import { type TenantId, UuidV7Generator } from "../identifiers.ts";
import { isolateByTenant, isolateByTenantOrPlatform, type Migration } from "../migrations/migration.ts";
import { Migrator } from "../migrations/migrator.ts";
import type { SqlDatabase, SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import type { SqlEngine, SqlEngineOptions } from "./sql-engines.ts";

export const notesMigration: Migration = {
  version: 1,
  name: "tables of the test",
  up: `
    create table notes (
      tenant_id uuid not null,
      id integer not null,
      body text not null,
      amount bigint,
      constraint notes_pkey primary key (tenant_id, id),
      constraint notes_body_check check (body <> 'refused')
    );
    ${isolateByTenant("notes")}
    create table marks (
      tenant_id uuid not null,
      note_id integer,
      constraint marks_note_fkey foreign key (tenant_id, note_id) references notes (tenant_id, id)
        deferrable initially deferred
    );
    ${isolateByTenant("marks")}
    create table keys (tenant_id uuid not null, name text not null);
    ${isolateByTenantOrPlatform("keys")}
  `,
  down: "drop table keys; drop table marks; drop table notes",
};

export const INSERT: SqlStatement = {
  name: "test_insert_note",
  text: "insert into notes (tenant_id, id, body, amount) values ($1, $2, $3, $4) returning id, amount",
};
export const LIST: SqlStatement = {
  name: "test_list_notes",
  text: "select tenant_id, id, body from notes order by id",
};
export const SCOPE: SqlStatement = {
  name: "test_scope",
  text: "select current_setting('strongroom.tenant_id') as scope, current_user as role, pg_backend_pid() as pid",
};
export const MARK: SqlStatement = { name: "test_mark", text: "insert into marks (tenant_id, note_id) values ($1, $2)" };
export const ADD_KEY: SqlStatement = {
  name: "test_add_key",
  text: "insert into keys (tenant_id, name) values ($1, $2)",
};
export const LIST_KEYS: SqlStatement = {
  name: "test_list_keys",
  text: "select tenant_id, name from keys order by name",
};
export const DIVIDE: SqlStatement = { name: "test_divide", text: "select 1 / $1::integer as quotient" };

export interface NotesTenant {
  readonly tenantId: TenantId;
  readonly session: SqlSession;
  /** The bodies of the tenant's notes by number. */
  readonly bodies: () => Promise<string[]>;
}

/** A migrated database with tables of the simplest kind, for suites about sessions and not about a domain. */
export interface NotesDatabase extends AsyncDisposable {
  readonly database: SqlDatabase;
  newTenant(): NotesTenant;
}

const ids = new UuidV7Generator();

export async function openNotes(engine: SqlEngine, options?: SqlEngineOptions): Promise<NotesDatabase> {
  const opened = await engine.open(options);
  const { database, schema } = opened;
  await new Migrator({ database, schema, migrations: [notesMigration] }).up();
  return {
    database,
    newTenant() {
      const tenantId = ids.uuid<TenantId>();
      const session = database.forTenant(tenantId);
      return { tenantId, session, bodies: () => bodiesSeenBy(session) };
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** As `NotesTenant.bodies`, through a transaction. */
export async function bodiesSeenBy(session: SqlSession): Promise<string[]> {
  return (await session.query<{ body: string }>(LIST, [])).map(({ body }) => body);
}
