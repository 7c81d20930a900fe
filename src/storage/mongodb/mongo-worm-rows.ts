import type { Collection, FindOptions } from "mongodb";
import { type Instant, instantOf } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import type { SealedRow, WormEnd, WormRead, WormRow, WormRowRange, WormRows } from "../worm/worm-rows.ts";
import { WORM_SEQUENCE_MAX } from "../worm-store.ts";
import type { MongoConnection, MongoContext } from "./connection.ts";
import { decodeObject, type EncodedObject, encodeObject } from "./document-encoding.ts";
import { compileFilter } from "./document-filter.ts";
import { DuplicateKey } from "./translate-error.ts";

/** The collection of all records. */
export const WORM_COLLECTION = "worm_records";

/** A record as it is written. Sequences become 64-bit integers, buffers binary values. */
export interface WormRecordDocument {
  /** Tenant, kind, log and sequence, so that no index can be missing that keeps places apart. */
  readonly _id: string;
  readonly tenant: string;
  readonly kind: string;
  readonly log: string;
  readonly sequence: bigint;
  readonly sealedAt: Date;
  readonly previousHash: Buffer | null;
  readonly hash: Buffer;
  readonly document: Uint8Array;
  /** What is indexed, encoded as documents are: `compileFilter` looks for it here. */
  readonly body: EncodedObject;
}

export interface MongoLog {
  readonly tenantId: TenantId;
  readonly kind: string;
  readonly log: string;
  /** Waits for the works of this process on the same log that began before. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Sequences beyond 2^53 are not to be rounded, bytes not to be guessed at, and texts that are none no reason to fail. */
const EXACT = { useBigInt64: true, promoteBuffers: true, enableUtf8Validation: false } as const;
const ASCENDING = { sequence: 1 } as const;
const DESCENDING = { sequence: -1 } as const;

/** One log in the collection of all. */
export class MongoWormRows implements WormRows {
  readonly #connection: MongoConnection;
  readonly #log: MongoLog;
  readonly #key: { readonly tenant: string; readonly kind: string; readonly log: string };

  constructor(connection: MongoConnection, log: MongoLog) {
    this.#connection = connection;
    this.#log = log;
    this.#key = { tenant: log.tenantId, kind: log.kind, log: log.log };
  }

  async end(options: CallOptions): Promise<WormEnd | undefined> {
    const found = await this.#find({ from: 0n, to: WORM_SEQUENCE_MAX, limit: 1 }, options, {
      sort: DESCENDING,
      projection: { _id: 0, sequence: 1, hash: 1 },
    });
    return found[0] && { sequence: sequenceOf(found[0]), hash: hexOf(found[0]["hash"]) };
  }

  async read(request: WormRead, options: CallOptions): Promise<readonly WormRow[]> {
    const projection = { _id: 0, tenant: 0, kind: 0, log: 0, ...(request.withIndexed ? {} : { body: 0 }) };
    return (await this.#find(request, options, { sort: ASCENDING, projection })).map(rowOf);
  }

  async query(filter: Filter, range: WormRowRange, options: CallOptions): Promise<readonly WormRow[]> {
    const projection = { _id: 0, tenant: 0, kind: 0, log: 0, body: 0 };
    return (await this.#find(range, options, { filter, sort: ASCENDING, projection })).map(rowOf);
  }

  async count(filter: Filter | undefined, options: CallOptions): Promise<bigint> {
    const asked = filter ? { $and: [this.#key, compileFilter(filter, "exact")] } : this.#key;
    return BigInt(await this.#connection.run(options, ({ read }) => this.#records.countDocuments(asked, read)));
  }

  async exists(sequence: bigint, options: CallOptions): Promise<boolean> {
    const found = await this.#connection.run(options, ({ read }) =>
      this.#records.findOne({ _id: this.#idOf(sequence) }, { ...read, projection: { _id: 1 } }),
    );
    return found !== null;
  }

  async insert(rows: readonly SealedRow[], end: WormEnd | undefined, options: CallOptions): Promise<boolean> {
    const documents = rows.map((row) => this.#documentOf(row));
    const work = (context: MongoContext) => this.#insertAfter(end, documents, context);
    try {
      if (rows.length === 1) return await this.#connection.run(options, work);
      return await this.#connection.transaction(options, work);
    } catch (error) {
      if (error instanceof DuplicateKey) return false;
      throw error;
    }
  }

  apart<T>(work: (rows: WormRows) => Promise<T | undefined>, _options: CallOptions): Promise<T | undefined> {
    return this.#log.inTurn(() => work(this));
  }

  /** Nothing is ever removed, so a record that was there before the insert is there after it. */
  async #insertAfter(
    end: WormEnd | undefined,
    documents: readonly WormRecordDocument[],
    { read, write }: MongoContext,
  ): Promise<boolean> {
    if (end) {
      const last = await this.#records.findOne(
        { _id: this.#idOf(end.sequence) },
        { ...read, projection: { _id: 0, hash: 1 }, promoteBuffers: true },
      );
      if (hexOf(last?.hash) !== end.hash) return false;
    }
    await this.#records.insertMany(documents, { ...write, ordered: true });
    return true;
  }

  async #find(
    range: WormRead,
    options: CallOptions,
    { filter, ...how }: Pick<FindOptions, "sort" | "projection"> & { readonly filter?: Filter },
  ): Promise<readonly StoredDocument[]> {
    const { from, to, limit, bytesMax = Number.POSITIVE_INFINITY } = range;
    return await this.#connection.run(options, async ({ read }) => {
      const places = { ...this.#key, sequence: { $gte: from, $lte: to } };
      const within = filter ? { $and: [places, compileFilter(filter, "exact")] } : places;
      await using cursor = this.#records.find<StoredDocument>(within, { ...read, ...how, ...EXACT, limit });
      const found: StoredDocument[] = [];
      let bytes = 0;
      for await (const document of cursor) {
        found.push(document);
        bytes += bytesOf(document["document"]).length;
        if (bytes > bytesMax) break;
      }
      return found;
    });
  }

  get #records(): Collection<WormRecordDocument> {
    return this.#connection.database.collection<WormRecordDocument>(WORM_COLLECTION);
  }

  #idOf(sequence: bigint): string {
    const { tenant, kind, log } = this.#key;
    return `${tenant}/${kind}/${log}/${sequence}`;
  }

  #documentOf({ sequence, sealedAt, previousHash, hash, bytes, indexed }: SealedRow): WormRecordDocument {
    return {
      _id: this.#idOf(sequence),
      ...this.#key,
      sequence,
      sealedAt: new Date(sealedAt),
      previousHash: previousHash === null ? null : Buffer.from(previousHash, "hex"),
      hash: Buffer.from(hash, "hex"),
      document: bytes,
      body: encodeObject(indexed),
    };
  }
}

/** What is found may have been written by anybody. */
type StoredDocument = Readonly<Record<string, unknown>>;

function rowOf(document: StoredDocument): WormRow {
  const { sealedAt, previousHash } = document as { sealedAt?: unknown; previousHash?: unknown };
  return {
    sequence: sequenceOf(document),
    sealedAt: instantFrom(sealedAt),
    previousHash: previousHash === null ? null : hexOf(previousHash),
    hash: hexOf(document["hash"]),
    bytes: bytesOf(document["document"]),
    indexed: indexedOf(document["body"]),
  };
}

/** It was found between two integers, so it is a number of some type. */
function sequenceOf(document: StoredDocument): bigint {
  const { sequence } = document as { sequence?: unknown };
  return typeof sequence === "bigint" ? sequence : BigInt(Math.floor(Number(sequence)));
}

function instantFrom(value: unknown): Instant | null {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? instantOf(value.getTime()) : null;
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/** Nothing, when it is not encoded as it should be. */
function indexedOf(value: unknown): unknown {
  try {
    return decodeObject(value as EncodedObject);
  } catch {
    return undefined;
  }
}

function hexOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : "";
}
