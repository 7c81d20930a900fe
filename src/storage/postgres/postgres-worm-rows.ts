import { type Instant, instantOf } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import type { SealedRow, WormEnd, WormRead, WormRow, WormRowRange, WormRows } from "../worm/worm-rows.ts";
import {
  WORM_COUNT,
  WORM_END,
  WORM_EXISTS,
  WORM_GET,
  WORM_INSERT,
  WORM_INSERT_BATCH,
  WORM_LOCK,
  WORM_READ,
  WORM_STEP,
  WORM_STEP_INDEXED,
  wormCount,
  wormQuery,
} from "./postgres-worm-statements.ts";
import { ConstraintViolation, type SqlRow, type SqlSession, type SqlStatement } from "./sql-database.ts";

const HASH_BYTES = 32;
/** Later and earlier there are no dates. */
const EPOCH_MS_MAX = 8.64e15;

/** One log in the table `worm_records`. */
export interface PostgresLog {
  readonly tenantId: TenantId;
  readonly kind: string;
  readonly log: string;
}

const ENDS_ELSEWHERE: ReadonlySet<string> = new Set(["worm_records_pkey", "worm_records_first_check"]);
const NOTHING = Buffer.alloc(0);
const NO_HASH = Buffer.alloc(HASH_BYTES);

export class PostgresWormRows implements WormRows {
  readonly #session: SqlSession;
  readonly #log: PostgresLog;
  readonly #isInTransaction: boolean;

  constructor(session: SqlSession, log: PostgresLog, isInTransaction = false) {
    this.#session = session;
    this.#log = log;
    this.#isInTransaction = isInTransaction;
  }

  async end(options: CallOptions): Promise<WormEnd | undefined> {
    const [row] = await this.#query<{ sequence: string; hash: string | null }>(WORM_END, [], options);
    return row && { sequence: BigInt(row.sequence), hash: row.hash ?? "" };
  }

  async read(request: WormRead, options: CallOptions): Promise<readonly WormRow[]> {
    const { from, to, limit, bytesMax, withIndexed } = request;
    if (limit === 1 && from === to && !withIndexed) return await this.#rows(WORM_GET, [from.toString()], options);
    const range = [from.toString(), to.toString(), limit];
    if (bytesMax === undefined) return await this.#rows(WORM_READ, range, options);
    return await this.#rows(withIndexed ? WORM_STEP_INDEXED : WORM_STEP, [...range, bytesMax], options);
  }

  async query(filter: Filter, range: WormRowRange, options: CallOptions): Promise<readonly WormRow[]> {
    const { statement, values } = wormQuery(filter, range);
    return await this.#rows(statement, values, options);
  }

  async count(filter: Filter | undefined, options: CallOptions): Promise<bigint> {
    const { statement, values } = filter ? wormCount(filter) : { statement: WORM_COUNT, values: [] };
    const [row] = await this.#query<{ count: string }>(statement, values, options);
    return BigInt(row?.count ?? 0);
  }

  async exists(sequence: bigint, options: CallOptions): Promise<boolean> {
    const [row] = await this.#query<{ found: boolean }>(WORM_EXISTS, [sequence.toString()], options);
    return row?.found === true;
  }

  async insert(rows: readonly SealedRow[], end: WormEnd | undefined, options: CallOptions): Promise<boolean> {
    const [first] = rows;
    if (!first) return true;
    try {
      if (rows.length > 1)
        return (await this.#query(WORM_INSERT_BATCH, manyRows(rows, first, end), options)).length > 0;
      await this.#query(WORM_INSERT, oneRow(first, end), options);
      return true;
    } catch (error) {
      // A transaction cannot go on after that.
      if (this.#isInTransaction || !isTaken(error)) throw error;
      return false;
    }
  }

  async apart<T>(work: (rows: WormRows) => Promise<T | undefined>, options: CallOptions): Promise<T | undefined> {
    const { tenantId, kind, log } = this.#log;
    try {
      return await this.#session.transaction(async (transaction) => {
        await transaction.query(WORM_LOCK, [`worm/${tenantId}/${kind}/${log}`], options);
        return await work(new PostgresWormRows(transaction, this.#log, true));
      }, options);
    } catch (error) {
      if (!isTaken(error)) throw error;
      return undefined;
    }
  }

  async #rows(statement: SqlStatement, values: readonly unknown[], options: CallOptions): Promise<readonly WormRow[]> {
    return (await this.#query<RecordRow>(statement, values, options)).map(rowOf);
  }

  #query<Row extends SqlRow>(
    statement: SqlStatement,
    values: readonly unknown[],
    { signal }: CallOptions,
  ): Promise<Row[]> {
    const { tenantId, kind, log } = this.#log;
    return this.#session.query<Row>(statement, [tenantId, kind, log, ...values], { signal });
  }
}

/** Who owns the table may have let it take nulls. */
type RecordRow = {
  readonly sequence: string;
  /** Seconds since 1970. */
  readonly sealed_at: number | null;
  readonly previous_hash: string | null;
  readonly hash: string | null;
  readonly document: Buffer | null;
  readonly indexed?: unknown;
};

function rowOf(row: RecordRow): WormRow {
  return {
    sequence: BigInt(row.sequence),
    sealedAt: row.sealed_at === null ? null : instantOfSeconds(row.sealed_at),
    previousHash: row.previous_hash,
    hash: row.hash ?? "",
    bytes: row.document ?? NOTHING,
    indexed: row.indexed,
  };
}

/** The column keeps milliseconds, which a number of seconds holds exactly enough; it may also hold infinity. */
function instantOfSeconds(seconds: number): Instant | null {
  const epochMs = Math.round(seconds * 1_000);
  return Math.abs(epochMs) <= EPOCH_MS_MAX ? instantOf(epochMs) : null;
}

function oneRow(row: SealedRow, end: WormEnd | undefined): readonly unknown[] {
  const { sequence, sealedAt, hash, bytes, indexed } = row;
  const before = end ? Buffer.from(end.hash, "hex") : null;
  return [sequence.toString(), before, sealedAt, Buffer.from(hash, "hex"), bytes, JSON.stringify(indexed)];
}

function manyRows(rows: readonly SealedRow[], first: SealedRow, end: WormEnd | undefined): readonly unknown[] {
  const hashes = Buffer.concat([
    end ? Buffer.from(end.hash, "hex") : NO_HASH,
    ...rows.map(({ hash }) => Buffer.from(hash, "hex")),
  ]);
  const offsets = [0];
  for (const { bytes } of rows) offsets.push((offsets.at(-1) ?? 0) + bytes.length);
  const documents = Buffer.concat(rows.map(({ bytes }) => bytes));
  const indexed = JSON.stringify(rows.map((row) => row.indexed));
  const instants = rows.map(({ sealedAt }) => sealedAt);
  return [first.sequence.toString(), end?.hash ?? null, instants, hashes, documents, indexed, offsets];
}

/** That the place is, or that no record before it has the hash that was expected. */
function isTaken(error: unknown): boolean {
  return error instanceof ConstraintViolation && ENDS_ELSEWHERE.has(error.constraint);
}
