import type { Instant } from "../clock.ts";
import type { TenantId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { CallOptions } from "./call-options.ts";
import type { Filter } from "./filter.ts";

/*
 * The cold tier: written once, read many times, never changed. A log holds the records 0, 1, 2 and so on of one
 * tenant, without a gap. Every method rejects with `storage_unavailable`, `storage_timeout`, `aborted` and `closed`.
 */

/** Of one document. */
export const WORM_DOCUMENT_BYTES_MAX = 15 * 2 ** 20;
/** Of the JSON text of what one document has `indexed`. */
export const WORM_INDEXED_BYTES_MAX = 65_536;
/** Of one batch. */
export const WORM_BATCH_BYTES_MAX = 32 * 2 ** 20;
/** Of one batch, range, query or step of a stream. */
export const WORM_RECORDS_MAX = 1_000;
export const WORM_SEQUENCE_MAX = 2n ** 63n - 1n;
export const WORM_VIOLATIONS_MAX = 1_000;

/**
 * How records of one kind become bytes. The bytes are what is kept, hashed and verified; `indexed` is kept beside them for
 * queries and must always be what the bytes say. Declared once, as a constant.
 */
export interface WormDescriptor<T> {
  /** Lower-case letters, digits and `_`, beginning with a letter; at most 32 characters. */
  readonly name: string;
  /** The same bytes for the same record, always. At most 15 MiB, which fits into one record of every engine. */
  encode(document: T): Uint8Array;
  /** Rejects bytes that it would not have written by throwing. */
  decode(bytes: Uint8Array): T;
  /**
   * What can be asked for: a flat object of texts, numbers, booleans and `null`, whose JSON text has at most 64 KiB.
   * Names are 1 to 128 characters without `.`, `$` and NUL.
   */
  indexed(document: T): JsonObject;
}

export interface WormRecord<T> {
  /** Its place in the log, from 0n. At most 2^63 - 1. */
  readonly sequence: bigint;
  readonly document: T;
  readonly sealedAt: Instant;
  /** Of the record before it; `null` for the first. */
  readonly previousHash: string | null;
  /**
   * 64 hexadecimal digits: SHA-256 of `strongroom/worm/v1\n`, then each of these with its length as 4 bytes,
   * big-endian, before it: the descriptor's name, the log's name, the sequence in decimal, `sealedAt`, the previous
   * hash or nothing, and the document's bytes. All texts in UTF-8.
   */
  readonly hash: string;
}

/** A record as it is stored, whatever it is: for who verifies it himself. */
export interface StoredWormRecord {
  readonly sequence: bigint;
  readonly bytes: Uint8Array;
  /** `null` when what is stored is no instant. */
  readonly sealedAt: Instant | null;
  readonly previousHash: string | null;
  readonly hash: string;
  /** `undefined` when what is stored cannot be read. */
  readonly indexed: unknown;
}

export interface WormHead {
  /** Of the places up to the last one. */
  readonly count: bigint;
  /** `null` when there is none; then `count` is 0n. */
  readonly lastSequence: bigint | null;
  readonly lastHash: string | null;
}

export interface AppendOptions extends CallOptions {
  /** The place the (first) document has to get. The next free one when left out. */
  readonly expectedSequence?: bigint | undefined;
  readonly sealedAt: Instant;
}

export interface BatchOptions extends Omit<AppendOptions, "sealedAt"> {
  /** Of all documents, or of each. */
  readonly sealedAt: Instant | readonly Instant[];
}

export interface WormQuery extends CallOptions {
  /** On what the descriptor has `indexed`: paths of one name. All when left out. */
  readonly filter?: Filter | undefined;
  /** Both inclusive; the ends of the log when left out. */
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  /** 1 to 1,000; 100 when left out. */
  readonly limit?: number | undefined;
}

export interface WormRange extends CallOptions {
  /** Both inclusive; the ends of the log when left out. Nothing when `from` is greater than `to`. */
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
}

export type WormViolationType =
  /** A place between two records, or before the first, is empty. */
  | "missing_record"
  /** The bytes and the hash do not belong together, or another column was altered that the hash covers. */
  | "hash_mismatch"
  /** The record does not name the hash of the one before it. */
  | "chain_broken"
  /** The bytes cannot be read as a record. */
  | "undecodable"
  /** What is kept for queries is not what the bytes say. */
  | "index_mismatch";

export interface WormViolation {
  readonly sequence: bigint;
  readonly type: WormViolationType;
  /** For people; quotes no content. */
  readonly details: string;
}

export interface WormIntegrity {
  readonly isValid: boolean;
  readonly checked: bigint;
  /** Of places with at least one violation, those of missing records among them. */
  readonly corrupted: bigint;
  /** By sequence, then in the order of `WormViolationType`; the first 1,000. */
  readonly violations: readonly WormViolation[];
}

export interface WormCapabilities {
  /** The engine itself refuses to change or remove a record, whoever asks through the vault's own connection. */
  readonly enforcedByEngine: boolean;
  /** A batch is all or nothing. Without it `appendBatch` rejects with `unsupported` beyond one document. */
  readonly atomicBatches: boolean;
}

/** One log of one tenant. Logs of other tenants do not exist for it. */
export interface WormStore<T> {
  /**
   * Adds one record at the end. A document that is at the expected place already, byte for byte, is a success without
   * effect, and its record comes back as it is stored. Rejects with
   * - `immutable_record` when another document is there,
   * - `sequence_conflict` when the place is beyond the next free one, or, without an expected place, when others were
   *   always faster,
   * - `integrity_violation` when the record at the expected place is missing although later ones are there,
   * - `limit_exceeded` for too many bytes, and when the log has no place left,
   * - `invalid_value` when the document cannot be encoded or what is `indexed` cannot be asked for, and for an instant
   *   or a place that is none.
   *
   * The record holds the document that was handed in. That its bytes can be read back is the descriptor's promise.
   */
  append(document: T, options: AppendOptions): Promise<WormRecord<T>>;
  /**
   * Adds 1 to 1,000 records of at most 32 MiB together, one after the other, all or none. Where the first places hold
   * the same documents already, these are skipped and the rest is added. Rejects like `append`, and with
   * `invalid_request` for no document, and for instants that are not as many, and `limit_exceeded` for too many.
   */
  appendBatch(documents: readonly T[], options: BatchOptions): Promise<readonly WormRecord<T>[]>;
  /** As it is stored, unverified. Rejects with `integrity_violation` when the bytes cannot be read. */
  get(sequence: bigint, options?: CallOptions): Promise<WormRecord<T> | undefined>;
  /**
   * Ascending; what is beyond the end is left out. Rejects with `limit_exceeded` when more than 1,000 records are in the
   * range, which is what `stream` is for, and like `get`.
   */
  getRange(range?: WormRange): Promise<readonly WormRecord<T>[]>;
  /**
   * Ascending, without limit and in bounded memory: what is in the log when it begins. Reads `batchSize` records ahead,
   * 1 to 1,000, 100 when left out, fewer when they are large. Rejects with `invalid_request` and like `get`.
   */
  stream(range?: WormRange & { readonly batchSize?: number | undefined }): AsyncIterable<WormRecord<T>>;
  /**
   * Steps of ascending records, at most `batchSize` of them: 1 to 1,000, 100 when left out, fewer when they are large.
   * What is in the log when it begins, in bounded memory; places that are empty are left out. One step is read ahead of
   * the one that is at its consumer's, so that both work at once. Rejects with `invalid_request`, and never because of
   * what a record holds.
   */
  scan(range?: WormRange & { readonly batchSize?: number | undefined }): AsyncIterable<readonly StoredWormRecord[]>;
  /** Ascending. Rejects with `invalid_filter`, with `invalid_request` for another limit, and like `get`. */
  query(query?: WormQuery): Promise<readonly WormRecord<T>[]>;
  /** One read. */
  head(options?: CallOptions): Promise<WormHead>;
  /** Exact. Rejects with `invalid_filter`. */
  count(filter?: Filter, options?: CallOptions): Promise<bigint>;
  exists(sequence: bigint, options?: CallOptions): Promise<boolean>;
  /**
   * Reads the range in bounded memory and recomputes every hash and link; the link into the range too, so a missing
   * record before the range is a violation. That records were removed from the end cannot be seen. Looks at what is in
   * the log when it begins. Never rejects because of what it finds.
   */
  verifyIntegrity(range?: WormRange): Promise<WormIntegrity>;
}

/** An engine of logs. */
export interface WormDatabase extends AsyncDisposable {
  readonly capabilities: WormCapabilities;
  /**
   * Makes what the kinds of logs need. Again and again, by several processes at once, it does no harm. Rejects with
   * `invalid_request` for a name that is none, or that two of them have.
   */
  prepare(kinds: readonly WormDescriptor<unknown>[]): Promise<void>;
  /**
   * Throws `invalid_request` for a name that is none.
   *
   * @param log 1 to 64 characters: lower-case letters, digits, `_` and `-`
   */
  log<T>(descriptor: WormDescriptor<T>, tenantId: TenantId, log: string): WormStore<T>;
  /** A sign of life. */
  ping(options?: CallOptions): Promise<void>;
}
