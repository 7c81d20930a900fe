import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isVaultError } from "../errors.ts";
import { openPostgres } from "../storage/postgres/pg-connection.ts";
import { APPLICATION_ROLE, type SqlDatabase } from "../storage/postgres/sql-database.ts";
import { sqlEngines, type TestDatabase } from "../testing/sql-engines.ts";
import { ALL_MIGRATIONS } from "./all-migrations.ts";
import type { Migration } from "./migration.ts";
import { Migrator } from "./migrator.ts";

const people: Migration = {
  version: 1,
  name: "people",
  up: "create table people (id integer primary key); insert into people values (1)",
  down: "drop table people",
};
const pets: Migration = {
  version: 2,
  name: "pets",
  up: "create table pets (owner integer references people); insert into pets values (1);",
  down: "drop table pets;",
};
const toys: Migration = { version: 3, name: "it's toys", up: "create table toys ()", down: "drop table toys" };
const steps = [people, pets, toys];

describe.each(sqlEngines())("Migrator on $flavour", (engine) => {
  let database: SqlDatabase;
  let shared: TestDatabase;
  let schemas = 0;

  beforeAll(async () => {
    shared = await engine.open();
    database = shared.database;
  });
  afterAll(async () => {
    await database.asOwner(async (owner) => {
      for (let number = 1; number <= schemas; number++) {
        await owner.execute(`drop schema if exists "${shared.schema} ""${number}" cascade`);
      }
    });
    await shared[Symbol.asyncDispose]();
  });

  /** Schema names are quoted wherever they go. */
  function newSchema(): string {
    return `${shared.schema} "${++schemas}`;
  }
  function migrator(schema: string, migrations: readonly Migration[] = steps): Migrator {
    return new Migrator({ database, schema, migrations });
  }
  function tablesOf(schema: string): Promise<string[]> {
    return database.asOwner(async (owner) => {
      const rows = await owner.query<{ name: string }>(
        "select table_name::text as name from information_schema.tables where table_schema = $1 order by 1",
        [schema],
      );
      return rows.map(({ name }) => name);
    });
  }
  async function versionsOf(schema: string): Promise<number[]> {
    const status = await migrator(schema).status();
    return status.filter(({ appliedAt }) => appliedAt !== null).map(({ version }) => version);
  }
  function rejection(promise: Promise<unknown>): Promise<unknown> {
    return promise.then(
      () => expect.fail("was expected to fail"),
      (error: unknown) => error,
    );
  }

  it("applies every step once, in order, and tells which", async () => {
    const schema = newSchema();
    const seen: string[] = [];
    const first = new Migrator({
      database,
      schema,
      migrations: steps,
      onStep: ({ version }, direction) => seen.push(`${direction} ${version}`),
    });
    expect(await first.up()).toEqual(steps.map(({ version, name }) => ({ version, name })));
    expect(await first.up()).toEqual([]);
    expect(await tablesOf(schema)).toEqual(["people", "pets", "schema_migrations", "toys"]);
    expect(seen).toEqual(["up 1", "up 2", "up 3"]);
  });

  it("goes up and down to a version, with rows in the tables", async () => {
    const schema = newSchema();
    const moving = migrator(schema);
    await moving.up({ to: 2 });
    expect(await versionsOf(schema)).toEqual([1, 2]);
    expect(await moving.up({ to: 1 })).toEqual([]);
    expect(await moving.down({ to: 3 })).toEqual([]);
    expect((await moving.down({ to: 1 })).map(({ version }) => version)).toEqual([2]);
    expect(await tablesOf(schema)).toEqual(["people", "schema_migrations"]);
    await moving.up();
    expect((await moving.down({ to: 0 })).map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(await tablesOf(schema)).toEqual(["schema_migrations"]);
    expect((await moving.up()).map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  it("leaves the database as it was before a step that fails", async () => {
    const schema = newSchema();
    const broken: Migration = {
      version: 2,
      name: "broken",
      up: "create table half (); insert into people values (2); select 1 / 0;",
      down: "",
    };
    const error = await rejection(migrator(schema, [people, broken]).up());
    expect(error).toMatchObject({
      code: "migration_failed",
      details: { version: 2, name: "broken", sqlState: "22012" },
    });
    expect(await tablesOf(schema)).toEqual(["people", "schema_migrations"]);
    expect(await versionsOf(schema)).toEqual([1]);
    await migrator(schema).up();
    expect(await versionsOf(schema)).toEqual([1, 2, 3]);
  });

  it("leaves the database as it was when a step fails at its commit, and going down", async () => {
    const schema = newSchema();
    const late: Migration = {
      version: 1,
      name: "late",
      up: `create table a (id integer primary key, other integer references a deferrable initially deferred);
           insert into a values (1, 2)`,
      down: "",
    };
    expect(await rejection(migrator(schema, [late]).up())).toMatchObject({ code: "migration_failed" });
    expect(await tablesOf(schema)).toEqual(["schema_migrations"]);
    const stuck: Migration = { ...people, down: "drop table people; drop table nothing" };
    await migrator(schema, [stuck]).up();
    const error = await rejection(migrator(schema, [stuck]).down({ to: 0 }));
    expect(error).toMatchObject({ code: "migration_failed", message: expect.stringContaining("people") });
    expect(await tablesOf(schema)).toEqual(["people", "schema_migrations"]);
    expect(await versionsOf(schema)).toEqual([1]);
  });

  it("applies each step once when many start together", async () => {
    const schema = newSchema();
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrator(schema).up()));
    expect(
      applied
        .flat()
        .map(({ version }) => version)
        .toSorted((one, other) => one - other),
    ).toEqual([1, 2, 3]);
    expect(await versionsOf(schema)).toEqual([1, 2, 3]);
  });

  it("tells what is applied and what is pending", async () => {
    const schema = newSchema();
    const pending = steps.map(({ version, name }) => ({ version, name, appliedAt: null }));
    expect(await migrator(schema).status()).toEqual(pending);
    await expect(migrator(schema).assertCurrent()).rejects.toMatchObject({
      code: "database_not_migrated",
      details: { pending: [1, 2, 3] },
    });
    await migrator(schema).up({ to: 2 });
    const [first] = await migrator(schema).status();
    expect(first?.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    await expect(migrator(schema).assertCurrent()).rejects.toMatchObject({ details: { pending: [3] } });
    await migrator(schema).up();
    await migrator(schema).assertCurrent();
  });

  it("refuses a database that is newer than the program", async () => {
    const schema = newSchema();
    await migrator(schema).up();
    const old = migrator(schema, [people, pets]);
    for (const attempt of [() => old.up(), () => old.down({ to: 0 }), () => old.status(), () => old.assertCurrent()]) {
      expect(isVaultError(await rejection(attempt()), "database_too_new")).toBe(true);
    }
    expect(await versionsOf(schema)).toEqual([1, 2, 3]);
  });

  it("refuses an applied step that has another name now", async () => {
    const schema = newSchema();
    await migrator(schema).up({ to: 1 });
    const renamed = migrator(schema, [{ ...people, name: "persons" }, pets]);
    for (const attempt of [() => renamed.up(), () => renamed.status()]) {
      expect(await rejection(attempt())).toMatchObject({ code: "migration_failed", details: { version: 1 } });
    }
    expect(await tablesOf(schema)).toEqual(["people", "schema_migrations"]);
  });

  it("refuses versions there are none of", async () => {
    for (const to of [-1, 4, 1.5, Number.NaN]) {
      await expect(migrator("s").up({ to })).rejects.toMatchObject({ code: "invalid_request" });
      await expect(migrator("s").down({ to })).rejects.toMatchObject({ code: "invalid_request" });
    }
    expect(() => migrator("s", [pets])).toThrow(/Invariant/);
  });

  it("gives the application role the schema and not the history", async () => {
    const schema = newSchema();
    await migrator(schema).up();
    await database.asOwner(async (owner) => {
      const [rights] = await owner.query(
        `select has_schema_privilege($1, n.oid, 'usage') as usage, has_schema_privilege($1, n.oid, 'create') as make,
                has_table_privilege($1, c.oid, 'select') as history
           from pg_namespace n join pg_class c on c.relnamespace = n.oid
          where n.nspname = $2 and c.relname = 'schema_migrations'`,
        [APPLICATION_ROLE, schema],
      );
      expect(rights).toEqual({ usage: true, make: false, history: false });
    });
  });

  it("writes the steps as a script that does the same", async () => {
    const schema = newSchema();
    await database.asOwner((owner) => owner.execute(migrator(schema).sql({ to: 2 })));
    expect(await versionsOf(schema)).toEqual([1, 2]);
    await database.asOwner((owner) => owner.execute(migrator(schema).sql({ from: 2 })));
    await migrator(schema).assertCurrent();
    await database.asOwner((owner) => owner.execute(migrator(schema).sql({ from: 3, to: 0 })));
    expect(await tablesOf(schema)).toEqual(["schema_migrations"]);
  });

  it("takes the vault's own steps up, down to nothing and up again", async () => {
    const schema = newSchema();
    const own = migrator(schema, ALL_MIGRATIONS);
    await own.up();
    const tables = await tablesOf(schema);
    expect((await own.down({ to: 0 })).length).toBe(ALL_MIGRATIONS.length);
    expect(await tablesOf(schema)).toEqual(["schema_migrations"]);
    await own.up();
    expect(await tablesOf(schema)).toEqual(tables);
  });
});

const url = process.env["DATABASE_URL"];

describe.skipIf(!url)("Migrator of a user without the right to create roles or schemas", () => {
  it("says what a superuser has to run, and works after that", async () => {
    const name = `test_user_${process.pid}`;
    const schema = `test_limited_${process.pid}`;
    await using admin = await openPostgres({ url: url ?? "", schema: "public" });
    const [rights] = await admin.asOwner((owner) =>
      owner.query<{ ok: boolean }>("select rolsuper as ok from pg_roles where rolname = current_user"),
    );
    if (!rights?.ok) return;
    await admin.asOwner((owner) => owner.execute(`create role ${name} login password 'x'`));
    try {
      const limited = new URL(url ?? "");
      limited.username = name;
      limited.password = "x";
      await using database = await openPostgres({ url: limited.href, schema });
      const migrator = new Migrator({ database, schema, migrations: steps });
      const error = await migrator.up().catch((failure: unknown) => failure);
      expect(error).toMatchObject({ code: "migration_failed", hint: expect.stringContaining(`TO ${name};`) });
      const commands = /As a superuser run[^:]*: (.*)$/.exec((error as { hint: string }).hint)?.[1] ?? "";
      // The role exists already on a cluster that other suites use.
      await admin.asOwner((owner) => owner.execute(commands.replace(/CREATE ROLE [^;]*;/, "")));
      await migrator.up();
      await database
        .forTenant("00000000-0000-7000-8000-000000000000" as never)
        .query({ name: "one", text: "select 1" }, []);
    } finally {
      await admin.asOwner((owner) =>
        owner.execute(`drop schema if exists ${schema} cascade; drop owned by ${name}; drop role ${name}`),
      );
    }
  });
});
