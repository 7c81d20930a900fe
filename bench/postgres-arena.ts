import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TenantId } from "../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../src/migrations/all-migrations.ts";
import { Migrator } from "../src/migrations/migrator.ts";
import { openPostgres } from "../src/storage/postgres/pg-connection.ts";
import { TENANT_SETTING } from "../src/storage/postgres/sql-database.ts";
import type { Arena, ArenaSize, SmallVault } from "./arena.ts";
import { connectToServer } from "./by-hand/by-hand-connection.ts";
import { analyze, multiplyCustomers } from "./multiply.ts";
import { openSubject, type Subject } from "./subject.ts";
import { makeWorld, type World } from "./world.ts";

/** Schemas of its own on a server, dropped at the end. */
export async function openPostgresArena(url: string, size: ArenaSize): Promise<Arena> {
  const stack = new AsyncDisposableStack();
  try {
    return await fill(url, size, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function fill(url: string, size: ArenaSize, stack: AsyncDisposableStack): Promise<Arena> {
  const schema = `bench_${randomBytes(4).toString("hex")}`;
  const schemas = {
    vault: schema,
    byHand: `${schema}_by_hand`,
    small: `${schema}_small`,
    young: `${schema}_young`,
    grown: `${schema}_grown`,
  };
  const dataDirectory = await mkdtemp(join(tmpdir(), "strongroom-bench-"));
  stack.defer(() => rm(dataDirectory, { recursive: true, force: true }));
  stack.defer(() => dropSchemas(url, Object.values(schemas)));

  const subject = stack.use(
    await openSubject({
      dataDirectory,
      storage: { warm: { relational: { postgres: { url, schema: schemas.vault } } } },
    }),
  );
  const world = await fillVault({ url, schema: schemas.vault, subject, size, twins: size.twins });
  await copyWithoutIsolation(url, schemas, subject.tenantId);

  const byHand = stack.use(await connectToServer({ url, schema: schemas.byHand }));
  const { tenantId } = subject;
  const byHandIsolated = stack.use(await connectToServer({ url, schema: schemas.vault, tenantId }));
  const { rows } = await byHand.client.query("select current_setting('server_version') as version");
  return {
    engine: "postgres",
    engineVersion: `PostgreSQL ${String((rows[0] as { version: string }).version)}`,
    subject,
    world,
    byHand,
    byHandIsolated,
    openSmall: () => openSmall({ url, schema: schemas.small, dataDirectory, size }),
    openEmpty: (name) =>
      openSubject({
        dataDirectory: join(dataDirectory, name),
        storage: { warm: { relational: { postgres: { url, schema: schemas[name] } } } },
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface Filling {
  readonly url: string;
  readonly schema: string;
  readonly subject: Subject;
  readonly size: ArenaSize;
  readonly twins: number;
}

async function fillVault({ url, schema, subject, size, twins }: Filling): Promise<World> {
  const originals = await makeWorld(subject.services, { customers: size.originals, chains: size.chains });
  await using owner = await connectToServer({ url, schema });
  return { ...originals, customerIds: await multiplyCustomers(owner.client, subject.tenantId, twins) };
}

async function openSmall(options: {
  readonly url: string;
  readonly schema: string;
  readonly dataDirectory: string;
  readonly size: ArenaSize;
}): Promise<SmallVault> {
  const { url, schema, size } = options;
  const dataDirectory = join(options.dataDirectory, "small");
  const subject = await openSubject({
    dataDirectory,
    storage: { warm: { relational: { postgres: { url, schema } } } },
  });
  const { customerIds } = await fillVault({ url, schema, subject, size, twins: size.twinsInSmall });
  return { subject, customerIds, [Symbol.asyncDispose]: () => subject[Symbol.asyncDispose]() };
}

const COPIED_TABLES = [
  "tenants",
  "customers",
  "channel_identities",
  "consents",
  "profile_fields",
  "profile_assets",
  "item_sources",
  "audit_events",
];

/** With what is copied into the journal. */
const FILLED_BY_TRIGGER = "unsealed_events";

/** The same tables, indexes, constraints and rows, without row-level security. */
async function copyWithoutIsolation(
  url: string,
  schemas: { readonly vault: string; readonly byHand: string },
  tenantId: TenantId,
): Promise<void> {
  await using database = await openPostgres({ url, schema: schemas.byHand, poolMax: 1 });
  await new Migrator({ database, schema: schemas.byHand, migrations: ALL_MIGRATIONS }).up();
  await using owner = await connectToServer({ url, schema: schemas.byHand });
  await owner.client.query(`select set_config('${TENANT_SETTING}', '${tenantId}', false)`);
  for (const table of [...COPIED_TABLES, FILLED_BY_TRIGGER]) {
    await owner.client.query(`alter table ${table} no force row level security, disable row level security`);
  }
  for (const table of COPIED_TABLES) {
    await owner.client.query(`insert into ${table} overriding system value select * from ${schemas.vault}.${table}`);
  }
  await owner.client.query("select setval('item_sequence', (select max(sequence) from profile_fields))");
  await owner.client.query(
    "select setval(pg_get_serial_sequence('audit_events', 'sequence'), (select max(sequence) from audit_events))",
  );
  await analyze(owner.client);
}

async function dropSchemas(url: string, schemas: readonly string[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(`drop schema if exists ${schemas.join(", ")} cascade`);
  } finally {
    await client.end();
  }
}
