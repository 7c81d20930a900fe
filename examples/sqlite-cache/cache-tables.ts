import { randomUUID } from "node:crypto";
import { hostname, uptime } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { VaultError } from "strongroom/storage";

/** Tells a file of this engine from everybody else's: "srhc" in ASCII. */
const APPLICATION_ID = 0x73726863;
/** Tables of another version are made anew: a cache has nothing that is worth a migration. */
const TABLES_VERSION = 1;

/*
 * An entry gets a higher id with every set. Those up to `horizon` are forgotten, wherever they still are, and the
 * triggers count the others. `removals` has what was removed last under each name, in the order of its removal; up to
 * `floor` everything counts as removed. `epoch` tells leases of this file from those of one that was here before.
 */
const TABLES = `
  create table entries (
    id integer primary key autoincrement,
    key text not null unique,
    value text not null,
    bytes integer not null,
    expires_ms integer not null
  ) strict;
  create index entries_by_end on entries (expires_ms);
  create table tags (
    tag text not null,
    entry integer not null references entries (id) on delete cascade,
    primary key (tag, entry)
  ) strict, without rowid;
  create index tags_by_entry on tags (entry);
  create table removals (sequence integer primary key autoincrement, name text not null unique) strict;
  create table counters (key text not null unique, value integer not null, expires_ms integer not null) strict;
  create table state (
    epoch text not null,
    floor integer not null default 0,
    horizon integer not null default 0,
    entries integer not null default 0,
    bytes integer not null default 0,
    machine text not null default '',
    opened_ms integer not null default 0
  ) strict;
  create trigger entry_added after insert on entries begin
    update state set entries = entries + 1, bytes = bytes + new.bytes;
  end;
  create trigger entry_gone after delete on entries when old.id > (select horizon from state) begin
    update state set entries = entries - 1, bytes = bytes - old.bytes;
  end;
`;

/** @throws `invalid_configuration` for a file of another program, which is left as it is */
export function requireOwnFile(database: DatabaseSync): void {
  if (isOwnFile(database) || tablesOf(database).length === 0) return;
  throw new VaultError("invalid_configuration", "The file of the cache is a database of another program.");
}

/** Makes the tables, within a transaction, unless they are there. */
export function requireTables(database: DatabaseSync): void {
  requireOwnFile(database);
  if (isOwnFile(database) && numberOf(database, "pragma user_version") === TABLES_VERSION) return;
  for (const name of tablesOf(database)) database.exec(`drop table ${name}`);
  database.exec(TABLES);
  database.prepare("insert into state (epoch) values (?)").run(randomUUID());
  database.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = ${TABLES_VERSION}`);
}

/**
 * Notes where and when the file is opened, within a transaction, and says whether it was open on another machine last,
 * or before this one started. Then the end of the log may have been lost with the power, and removals with it.
 */
export function mayHaveLostRemovals(database: DatabaseSync): boolean {
  const openedMs = Date.now();
  const startedMs = openedMs - uptime() * 1_000;
  const last = database.prepare("select machine, opened_ms from state").get();
  database.prepare("update state set machine = ?, opened_ms = ?").run(hostname(), openedMs);
  return last?.["machine"] !== hostname() || Number(last["opened_ms"]) < startedMs;
}

function isOwnFile(database: DatabaseSync): boolean {
  return numberOf(database, "pragma application_id") === APPLICATION_ID;
}

function tablesOf(database: DatabaseSync): string[] {
  const query = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
  const rows = database.prepare(query).all();
  return rows.map(({ name }) => String(name));
}

function numberOf(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}
