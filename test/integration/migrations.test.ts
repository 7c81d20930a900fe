import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import type { Migration } from "../../src/migrations/migration.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { APPLICATION_ROLE, type OwnerConnection, type SqlDatabase } from "../../src/storage/postgres/sql-database.ts";
import { sqlEngines, type TestDatabase } from "../../src/testing/sql-engines.ts";
import { engineOver, TENANT_TABLES } from "./engines.ts";
import { newFixture, type RouteFixture } from "./route-requests.ts";
import { newCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

const SETTINGS = { masterKey: "5a".repeat(32) };
const NEWEST = ALL_MIGRATIONS.length;

/** The tables that each version of the schema brings. */
const TABLES_BY_VERSION: readonly (readonly string[])[] = [
  ["api_keys", "audit_events", "idempotency_keys", "tenants"],
  [
    "channel_identities",
    "consents",
    "customer_merges",
    "customers",
    "item_sources",
    "profile_assets",
    "profile_fields",
  ],
  ["agent_settings", "field_definitions", "scenario_field_requirements"],
  [],
  ["documents"],
  ["worm_records"],
  ["sessions"],
  ["wallet_grants", "wallet_keys", "wallets"],
  [
    "register_checkpoints",
    "register_dockets",
    "register_nodes",
    "register_ranges",
    "register_subjects",
    "register_transactions",
    "registers",
    "unsealed_events",
  ],
];

/** The one whose tables are filled from those of others. */
const REGISTER_VERSION = 9;

/** The columns that a later version adds to a table of an earlier one. */
const ADDED_COLUMNS = [
  { version: 4, table: "api_keys", column: "version" },
  { version: 4, table: "tenants", column: "version" },
] as const;

/** A row in each table that no route writes to. */
const TIER_ROWS: readonly string[] = [
  `documents (tenant_id, collection, id, version, body) values ($1, 'notes', 'a', 1, '{"id": "a", "text": "kept"}')`,
  `worm_records (tenant_id, kind, log, sequence, sealed_at, hash, document, indexed)
    values ($1, 'entries', 'main', 0, now(), sha256('a'), 'a', '{}')`,
  `wallets (tenant_id, id, version, name, algorithm, key_id, public_key, key_version, status, purposes, metadata, created_at,
    updated_at) values ($1, $1, 1, 'W', 'ed25519', repeat('a', 32), sha256('a'), 1, 'active', '[]', '{}', now(), now())`,
  `wallet_keys (tenant_id, id, version, wallet_id, key_version, algorithm, public_key, wrapped_private_key, created_at)
    values ($1, repeat('a', 32), 1, $1, 1, 'ed25519', sha256('a'), 'wrapped', now())`,
  `wallet_grants (tenant_id, id, version, wallet_id, grantee, access_right, granted_at)
    select $1, $1, 1, $1, id, 'read', now() from api_keys where tenant_id = $1 limit 1`,
  `register_ranges (tenant_id, id, version, start_height, end_height, type, details, transaction_ids, detected_at,
    attempts, status) values ($1, $1, 1, 0, 0, 'MissingData', 'details', '[]', now(), 0, 'Pending')`,
];

async function insertTierRows(database: SqlDatabase, tenantId: TenantId): Promise<void> {
  const session = database.forTenant(tenantId);
  for (const [index, row] of TIER_ROWS.entries()) {
    await session.query({ name: `test_insert_${index}`, text: `insert into ${row}` }, [tenantId]);
  }
}

describe.each(sqlEngines())("migrations on $flavour", (engine) => {
  let opened: TestDatabase;

  beforeAll(async () => {
    opened = await engine.open();
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  const migrator = (migrations: readonly Migration[] = ALL_MIGRATIONS) => new Migrator({ ...opened, migrations });
  const asOwner = <T>(work: (owner: OwnerConnection) => Promise<T>) => opened.database.asOwner(work);
  const openAgain = (): Promise<World> =>
    openWorld({ name: engine.flavour, open: async () => engineOver(opened.database, async () => undefined) }, SETTINGS);
  const tables = async () => {
    const rows = await asOwner((owner) =>
      owner.query<{ name: string }>(
        "select table_name::text as name from information_schema.tables where table_schema = $1 order by 1",
        [opened.schema],
      ),
    );
    return rows.map(({ name }) => name).filter((name) => name !== "schema_migrations");
  };
  const tablesUpTo = (version: number) => TABLES_BY_VERSION.slice(0, version).flat().toSorted();
  /**
   * Every row, whatever its tenant: the owner has to lift the isolation, which binds it too. Without the columns that
   * later versions add.
   */
  const rowsOf = (names: readonly string[], version = NEWEST) =>
    asOwner(async (owner) => {
      const texts: string[] = [];
      await owner.execute("begin");
      for (const name of names) {
        await owner.execute(`alter table ${name} no force row level security`);
        const added = ADDED_COLUMNS.filter((each) => each.table === name && each.version > version);
        const columns = added.map(({ column }) => ` - '${column}'`).join("");
        const sql = `select coalesce(string_agg(r.row::text, E'\\n' order by r.row::text), '') as rows
          from (select to_jsonb(t)${columns} as row from ${name} t) r`;
        const [row] = await owner.query<{ rows: string }>(sql);
        texts.push(`${name}\n${row?.rows}`);
      }
      await owner.execute("rollback");
      return texts.join("\n");
    });

  const keysOf = async (name: string) => {
    const [, ...rows] = (await rowsOf([name])).split("\n");
    return JSON.stringify(
      rows.map((row) => (JSON.parse(row) as { sequence: number }).sequence).toSorted((a, b) => a - b),
    );
  };

  it("US5-1: make every table, isolated by tenant, in an empty database", async () => {
    expect((await migrator().up()).map(({ version }) => version)).toEqual(ALL_MIGRATIONS.map(({ version }) => version));
    expect(await tables()).toEqual(tablesUpTo(NEWEST));
    expect(await tables()).toEqual(TENANT_TABLES);
    const unprotected = await asOwner((owner) =>
      owner.query<{ name: string }>(
        `select relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where nspname = $1 and relkind in ('r', 'p') and relname <> 'schema_migrations'
            and not (relrowsecurity and relforcerowsecurity)`,
        [opened.schema],
      ),
    );
    expect(unprotected).toEqual([]);
    const owned = await asOwner((owner) =>
      owner.query(
        `select relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where nspname = $1 and pg_get_userbyid(relowner) = $2`,
        [opened.schema, APPLICATION_ROLE],
      ),
    );
    expect(owned).toEqual([]);
    expect(await migrator().up()).toEqual([]);
  });

  it("US5-1: give text columns defaults that their checks admit", async () => {
    const quoted = await asOwner((owner) =>
      owner.query<{ default: string }>(
        `select column_default as default from information_schema.columns
          where table_schema = $1 and data_type = 'text' and column_default is not null`,
        [opened.schema],
      ),
    );
    expect(quoted.length).toBeGreaterThan(4);
    for (const { default: text } of quoted) expect(text).toMatch(/^'\w+'::text$/);
  });

  it("US5-2: go down step by step and up again with rows in every table, and keep those of older versions", {
    timeout: 120_000,
  }, async () => {
    let world = await openAgain();
    const adminKey = world.a.admin.key ?? "";
    const agentKey = world.a.agent.key ?? "";
    let fixture: RouteFixture;
    try {
      fixture = await newFixture(world.a);
      const settings = `/v1/agents/${fixture.agentId}/settings`;
      (await world.a.admin.put(settings, { validationMode: "warn" })).expect(200);
      const customer = await newCustomer(world.a);
      const card = await customer.upload();
      await customer.writeOne({ name: "name", value: "M", sources: [{ type: "profile_asset", id: card.id }] });
      (await world.a.agent.post(`${customer.url}/consents`, { consentType: "a", granted: true })).expect(201);
      (await world.a.agent.post("/v1/customers", { externalId: "x" }, { "idempotency-key": "k" })).expect(201);
    } finally {
      await world[Symbol.asyncDispose]();
    }
    await insertTierRows(opened.database, world.a.tenantId);
    for (const name of tablesUpTo(NEWEST)) expect(await rowsOf([name])).not.toBe(`${name}\n`);

    for (let version = NEWEST - 1; version >= 1; version--) {
      const kept = await rowsOf(tablesUpTo(version), version);
      expect(await migrator().down({ to: version })).toHaveLength(NEWEST - version);
      expect(await tables()).toEqual(tablesUpTo(version));
      expect(await rowsOf(tablesUpTo(version), version)).toBe(kept);
      expect(await migrator().up()).toHaveLength(NEWEST - version);
      expect(await tables()).toEqual(tablesUpTo(NEWEST));
      expect(await rowsOf(tablesUpTo(version), version)).toBe(kept);
      // No event that was there before is forgotten by the register.
      if (version < REGISTER_VERSION) expect(await keysOf("unsealed_events")).toBe(await keysOf("audit_events"));

      world = await openAgain();
      try {
        const caller = world.callerWith(agentKey);
        const profile = await caller.get(`/v1/customers/${fixture.customerId}`);
        if (version === 1) profile.expectProblem(404, "customer_not_found");
        else expect(profile.expect(200)).toMatchObject({ fields: { city: { id: fixture.fieldId, value: "Vigo" } } });
        expect((await world.callerWith(adminKey).get("/v1/audit/events")).status).toBe(200);
        await newFixture(world.a);
      } finally {
        await world[Symbol.asyncDispose]();
      }
    }

    expect(await migrator().down({ to: 0 })).toHaveLength(NEWEST);
    expect(await tables()).toEqual([]);
    expect(await migrator().up()).toHaveLength(NEWEST);
    world = await openAgain();
    try {
      (await world.callerWith(agentKey).get("/v1/customers")).expectProblem(401, "unauthenticated");
      await newFixture(world.a);
    } finally {
      await world[Symbol.asyncDispose]();
    }
  });

  it("US5-3: leave no trace of a step that fails, up or down", async () => {
    const failing: Migration = {
      version: NEWEST + 1,
      name: "failing",
      up: `
        create table half_done (id integer);
        alter table customers add column half_done text not null default 'x';
        drop table consents;
        alter table channel_identities no force row level security;
        delete from channel_identities;
        select 1 / 0;
      `,
      down: "",
    };
    const before = await rowsOf(tablesUpTo(NEWEST));
    await expect(migrator([...ALL_MIGRATIONS, failing]).up()).rejects.toMatchObject({
      code: "migration_failed",
      details: { version: NEWEST + 1, direction: "up", sqlState: "22012" },
    });
    expect(await tables()).toEqual(tablesUpTo(NEWEST));
    expect(await rowsOf(tablesUpTo(NEWEST))).toBe(before);

    const stuck = ALL_MIGRATIONS.map((step) =>
      step.version === 2 ? { ...step, down: `${step.down}; select 1 / 0` } : step,
    );
    await expect(migrator(stuck).down({ to: 0 })).rejects.toMatchObject({
      code: "migration_failed",
      details: { version: 2, direction: "down" },
    });
    // The step above it is a commit of its own.
    expect(await tables()).toEqual(tablesUpTo(2));
    await migrator().up();
    await using world = await openAgain();
    await newFixture(world.a);
  });
});
