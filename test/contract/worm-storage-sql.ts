import type { Instant } from "../../src/clock.ts";
import type { JsonObject } from "../../src/json.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { PostgresWormDatabase } from "../../src/storage/postgres/postgres-worm-store.ts";
import type { OwnerConnection } from "../../src/storage/postgres/sql-database.ts";
import type { SqlEngine, TestDatabase } from "../../src/testing/sql-engines.ts";
import type { KeptRow, LogPlace, WormStorage } from "../../src/testing/worm-storage.ts";

/** A schema of its own, dropped when the storage is disposed of. */
export async function openSqlWormStorage(engine: SqlEngine): Promise<WormStorage & { readonly opened: TestDatabase }> {
  const opened = await engine.open();
  await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
  const { database } = opened;
  const worm = new PostgresWormDatabase(database);
  return {
    opened,
    database: worm,
    another: () => new PostgresWormDatabase(database),
    tamper: tamperSql(opened),
    async [Symbol.asyncDispose]() {
      await worm[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** What an owner of the database can do to records that are not to be changed. */
export function tamperSql({ database, schema }: Pick<TestDatabase, "database" | "schema">): WormStorage["tamper"] {
  return (place, change) =>
    database.asOwner(async (owner) => {
      await owner.execute(`set search_path to ${schema}; begin`);
      await owner.execute("alter table worm_records disable trigger user, no force row level security");
      await replaceRows(owner, place, change);
      await owner.execute("alter table worm_records enable trigger user, force row level security");
      for (const trigger of ["worm_records_append_only", "worm_records_immutable"]) {
        await owner.execute(`alter table worm_records enable always trigger ${trigger}`);
      }
      await owner.execute("commit; reset search_path");
    });
}

type Row = {
  readonly sequence: string;
  readonly sealed_at: string;
  readonly previous_hash: string | null;
  readonly hash: string;
  readonly document: Uint8Array;
  readonly indexed: JsonObject;
};

async function replaceRows(
  owner: OwnerConnection,
  { tenantId, kind, log }: LogPlace,
  change: (rows: readonly KeptRow[]) => readonly KeptRow[],
): Promise<void> {
  const key = [tenantId, kind, log];
  const rows = await owner.query<Row>(
    `delete from worm_records where tenant_id = $1 and kind = $2 and log = $3
     returning sequence::text, to_char(sealed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as sealed_at,
       encode(previous_hash, 'hex') as previous_hash, encode(hash, 'hex') as hash, document, indexed`,
    key,
  );
  const kept = rows.map((row) => ({
    sequence: BigInt(row.sequence),
    sealedAt: row.sealed_at as Instant,
    previousHash: row.previous_hash,
    hash: row.hash,
    bytes: row.document,
    indexed: row.indexed,
  }));
  const ascending = kept.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1));
  for (const row of change(ascending)) {
    await owner.query(
      `insert into worm_records (tenant_id, kind, log, sequence, sealed_at, previous_hash, hash, document, indexed)
       values ($1, $2, $3, $4, $5, decode($6, 'hex'), decode($7, 'hex'), $8, $9)`,
      [
        ...key,
        row.sequence.toString(),
        row.sealedAt ?? "infinity",
        row.previousHash,
        row.hash,
        row.bytes,
        JSON.stringify(row.indexed),
      ],
    );
  }
}
