import type pg from "pg";
import type { CustomerId, TenantId } from "../src/identifiers.ts";
import { TENANT_SETTING } from "../src/storage/postgres/sql-database.ts";

/*
 * A thousand customers written one by one take half a minute. So a few are written through the vault, and each of
 * them gets twins within the database: the same rows under other ids.
 */

/** Keeps the time that a UUID of version 7 starts with, so that the twins lie where ids of their time would. */
const TWIN_OF = `
  create function pg_temp.twin(id uuid, n integer) returns uuid immutable language sql as $$
    select (substr(id::text, 1, 19) || '8' || substr(md5(id::text || n), 1, 3) || '-' || substr(md5(id::text || n), 4, 12))::uuid
  $$`;

interface Table {
  readonly name: string;
  /** Members of the twin's row that differ from the original's. */
  readonly changes: string;
  /** What its rows are numbered from, if they are. */
  readonly sequence?: string | undefined;
  /** Which rows `t` belong to the customers that are multiplied. */
  readonly condition: string;
}

const OF_CUSTOMER = "t.customer_id in (select id from originals)";
const ITEM = "'id', pg_temp.twin(t.id, n), 'customer_id', pg_temp.twin(t.customer_id, n)";
const VERSION = `${ITEM}, 'superseded_by_id', pg_temp.twin(t.superseded_by_id, n)`;

const OWN_SEQUENCE = (table: string) => `pg_get_serial_sequence('${table}', 'sequence')`;

const TABLES: readonly Table[] = [
  {
    name: "customers",
    changes: "'id', pg_temp.twin(t.id, n), 'external_id', t.external_id || '-' || n",
    condition: "t.id in (select id from originals)",
  },
  {
    name: "channel_identities",
    changes: "'customer_id', pg_temp.twin(t.customer_id, n), 'channel_user_id', t.channel_user_id || '-' || n",
    condition: OF_CUSTOMER,
  },
  { name: "consents", changes: ITEM, sequence: OWN_SEQUENCE("consents"), condition: OF_CUSTOMER },
  { name: "profile_fields", changes: VERSION, sequence: "'item_sequence'", condition: OF_CUSTOMER },
  { name: "profile_assets", changes: VERSION, sequence: "'item_sequence'", condition: OF_CUSTOMER },
  {
    name: "item_sources",
    changes: "'item_id', pg_temp.twin(t.item_id, n), 'source_item_id', pg_temp.twin(t.source_item_id, n)",
    condition: `t.item_id in (
      select i.id from profile_fields i where i.customer_id in (select id from originals)
      union all select i.id from profile_assets i where i.customer_id in (select id from originals))`,
  },
  {
    name: "audit_events",
    changes: `${ITEM}, 'subject_id', case when t.subject_id is null then null else pg_temp.twin(t.subject_id::uuid, n)::text end`,
    sequence: OWN_SEQUENCE("audit_events"),
    condition: OF_CUSTOMER,
  },
];

/**
 * Gives every customer whose external id starts with `crm-` so many twins, on a connection of the tables' owner, and
 * brings the planner's statistics up to date. Returns the ids of originals and twins.
 */
export async function multiplyCustomers(
  client: pg.ClientBase,
  tenantId: TenantId,
  twins: number,
): Promise<readonly CustomerId[]> {
  // Row-level security is forced on the owner too.
  await client.query(`select set_config('${TENANT_SETTING}', '${tenantId}', false)`);
  await client.query(TWIN_OF);
  await client.query("begin");
  await client.query(
    "create temp table originals on commit drop as select id from customers where external_id like 'crm-%'",
  );
  for (const table of TABLES) await client.query(insertTwins(table, twins));
  await client.query("commit");
  await analyze(client);
  const { rows } = await client.query("select id from customers where external_id like 'crm-%' order by md5(id::text)");
  return (rows as { id: CustomerId }[]).map((row) => row.id);
}

export async function analyze(client: pg.ClientBase): Promise<void> {
  for (const { name } of TABLES) await client.query(`analyze ${name}`);
}

function insertTwins({ name, changes, sequence, condition }: Table, twins: number): string {
  const number = sequence === undefined ? "" : `, 'sequence', nextval(${sequence})`;
  // Counting on from the customers there are keeps the twins of a second time apart from those of the first.
  // In this order the rows of a customer lie together, as they do when they are written at one time.
  const order = sequence === undefined ? "n" : "n, t.sequence";
  return `
    insert into ${name} overriding system value
    select twin.* from (
      select t, n from ${name} t, (select count(*)::int + i as n from originals, generate_series(1, ${twins}) i group by i) numbers where ${condition} order by ${order}
    ) pairs (t, n) cross join lateral jsonb_populate_record(t, jsonb_build_object(${changes.replaceAll(/\bt\./g, "(t).")}${number})) twin`;
}
