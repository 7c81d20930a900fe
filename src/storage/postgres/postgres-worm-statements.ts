import { hash } from "node:crypto";
import type { Filter } from "../filter.ts";
import type { WormRowRange } from "../worm/worm-rows.ts";
import { WORM_SEQUENCE_MAX } from "../worm-store.ts";
import { compileDocumentFilter } from "./compile-document-filter.ts";
import { Parameters } from "./compile-record-filter.ts";
import type { SqlStatement } from "./sql-database.ts";

/*
 * The statements about one log: $1 is the tenant, $2 the kind, $3 the log's name. Places travel as text, because
 * the driver would round them; so do hashes, because the server writes hexadecimal digits as fast as anybody.
 */

const OF_LOG = "w.tenant_id = $1 and w.kind = $2 and w.log = $3";

const ROW = `w.sequence::text as sequence, date_part('epoch', w.sealed_at) as sealed_at,
  encode(w.previous_hash, 'hex') as previous_hash, encode(w.hash, 'hex') as hash, w.document`;

export const WORM_END: SqlStatement = {
  name: "worm_end",
  text: `select w.sequence::text as sequence, encode(w.hash, 'hex') as hash
    from worm_records w where ${OF_LOG} order by w.sequence desc limit 1`,
};

export const WORM_GET: SqlStatement = {
  name: "worm_get",
  text: `select ${ROW} from worm_records w where ${OF_LOG} and w.sequence = $4`,
};

/**
 * Rows of the places $4 to $5, at most $6. They are contiguous, so the first one there is says where the last one is;
 * with a limit alone the planner might read and sort the whole rest of the log, as it might in a join of the two.
 */
const IN_RANGE = `${OF_LOG} and w.sequence >= $4::bigint and w.sequence <= (
  select least($5::bigint, f.sequence + least($6::bigint - 1, ${WORM_SEQUENCE_MAX} - f.sequence))
  from (select min(w.sequence) as sequence from worm_records w where ${OF_LOG} and w.sequence >= $4::bigint) f)`;

export const WORM_READ: SqlStatement = {
  name: "worm_read",
  text: `select ${ROW} from worm_records w where ${IN_RANGE} order by w.sequence`,
};

/** Like `WORM_READ`, but no row follows once those before it have more than $7 bytes. */
export const WORM_STEP = stepStatement("worm_step", "");
export const WORM_STEP_INDEXED = stepStatement("worm_step_indexed", ", w.indexed");

function stepStatement(name: string, indexed: string): SqlStatement {
  return {
    name,
    text: `select ${ROW}${indexed} from (
        select w.*, sum(octet_length(w.document)) over (order by w.sequence rows unbounded preceding)
          - octet_length(w.document) as bytes_before
        from worm_records w where ${IN_RANGE}
      ) w where w.bytes_before <= $7 order by w.sequence`,
  };
}

export const WORM_COUNT: SqlStatement = {
  name: "worm_count",
  text: `select count(*)::text as count from worm_records w where ${OF_LOG}`,
};

export const WORM_EXISTS: SqlStatement = {
  name: "worm_exists",
  text: `select exists (select from worm_records w where ${OF_LOG} and w.sequence = $4) as found`,
};

/** Writers that name the same text queue up until the transaction ends. */
export const WORM_LOCK: SqlStatement = {
  name: "worm_lock",
  text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
};

const COLUMNS = "(tenant_id, kind, log, sequence, previous_hash, sealed_at, hash, document, indexed)";

/**
 * The hash before it is taken from the record that is there, if that is $5: without one, only a first record passes the
 * table's checks. Two writers that see the same end meet at the primary key, and one of them fails.
 */
export const WORM_INSERT: SqlStatement = {
  name: "worm_insert",
  text: `insert into worm_records ${COLUMNS} values ($1, $2, $3, $4, (
      select w.hash from worm_records w where ${OF_LOG} and w.sequence = $4::bigint - 1 and w.hash = $5
    ), $6, $7, $8, $9)`,
};

/**
 * Whether the record before the place $4 is there and has the hash $5. If there are later ones too, so is that at the
 * place itself, and the primary key refuses it.
 */
const FOLLOWS = `case when $4::bigint = 0 then true
    else (select w.hash from worm_records w where ${OF_LOG} and w.sequence = $4::bigint - 1) = decode($5, 'hex') end`;

/**
 * One row for each element of $9, with its instant in $6. $7 holds the hash before the first row, or 32 bytes, and those
 * of all rows; $8 all documents and $10 where each begins and the last ends: arrays of bytes are many times as slow.
 */
export const WORM_INSERT_BATCH: SqlStatement = {
  name: "worm_insert_batch",
  text: `insert into worm_records ${COLUMNS}
    select $1, $2, $3, $4 - 1 + n, case when $4 > 0 or n > 1 then substring($7::bytea from (32 * n - 31)::int for 32) end,
      ($6::timestamptz[])[n], substring($7::bytea from (32 * n + 1)::int for 32),
      substring($8::bytea from ($10::int[])[n] + 1 for ($10::int[])[n + 1] - ($10::int[])[n]), e.indexed
    from jsonb_array_elements($9::jsonb) with ordinality as e(indexed, n) where ${FOLLOWS}
    returning 1 as inserted`,
};

/** A statement and its values but for the tenant, the kind and the log. */
export interface WormQuery {
  readonly statement: SqlStatement;
  readonly values: readonly unknown[];
}

export function wormQuery(filter: Filter, { from, to, limit }: WormRowRange): WormQuery {
  const { condition, values } = conditionOf(filter, [from.toString(), to.toString(), limit]);
  const text = `select ${ROW} from worm_records w
    where ${OF_LOG} and w.sequence between $4::bigint and $5::bigint and ${condition} order by w.sequence limit $6::integer`;
  return { statement: named("worm_query", text), values };
}

export function wormCount(filter: Filter): WormQuery {
  const { condition, values } = conditionOf(filter, []);
  const text = `select count(*)::text as count from worm_records w where ${OF_LOG} and ${condition}`;
  return { statement: named("worm_count", text), values };
}

const KEY_LENGTH = 3;

function conditionOf(filter: Filter, values: readonly unknown[]): { condition: string; values: readonly unknown[] } {
  const parameters = new Parameters(...Array.from({ length: KEY_LENGTH }), ...values);
  const context = { parameters, root: "w.indexed", column: () => undefined, depth: 0 };
  const condition = compileDocumentFilter(filter, context);
  return { condition: `(${condition})`, values: parameters.values.slice(KEY_LENGTH) };
}

function named(name: string, text: string): SqlStatement {
  return { name: `${name}_${hash("sha256", text).slice(0, 32)}`, text };
}
