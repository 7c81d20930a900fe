import type { Instant } from "../../clock.ts";
import type { JsonObject } from "../../json.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";

/** A record as an engine keeps it. What was read may have been altered: nothing in it is to be believed. */
export interface WormRow {
  readonly sequence: bigint;
  /** `null` when what is stored is no instant. */
  readonly sealedAt: Instant | null;
  readonly previousHash: string | null;
  readonly hash: string;
  readonly bytes: Uint8Array;
  /** What is kept for queries; left out when it was not asked for. */
  readonly indexed?: unknown;
}

/** A record that is about to be added. */
export interface SealedRow extends WormRow {
  readonly sealedAt: Instant;
  readonly indexed: JsonObject;
}

/** The last record of a log. */
export interface WormEnd {
  readonly sequence: bigint;
  readonly hash: string;
}

/** Places are from 0n to 2^63 - 1. */
export interface WormRowRange {
  readonly from: bigint;
  readonly to: bigint;
  readonly limit: number;
}

export interface WormRead extends WormRowRange {
  /** No further row follows once those before it have more bytes than this. */
  readonly bytesMax?: number | undefined;
  readonly withIndexed?: true | undefined;
}

/**
 * The rows of one log of one tenant: what an engine has to do. Everything else is the same on all of them.
 * Rows come ascending by sequence.
 */
export interface WormRows {
  /** `undefined` when the log is empty. */
  end(options: CallOptions): Promise<WormEnd | undefined>;
  /** The first rows of the range. None only when the range has none. */
  read(request: WormRead, options: CallOptions): Promise<readonly WormRow[]>;
  /** Those for which the filter holds; it is valid, its paths have one name, and it asks for no elements. */
  query(filter: Filter, range: WormRowRange, options: CallOptions): Promise<readonly WormRow[]>;
  /** @param filter as in `query`; all when left out */
  count(filter: Filter | undefined, options: CallOptions): Promise<bigint>;
  exists(sequence: bigint, options: CallOptions): Promise<boolean>;
  /**
   * Adds rows, which follow one another and the end of the log, all in one step. Resolves to false and does nothing when
   * the log ends elsewhere than at `end`, or another writer takes one of the places first.
   */
  insert(rows: readonly SealedRow[], end: WormEnd | undefined, options: CallOptions): Promise<boolean>;
  /**
   * Runs `work`, which inserts once at most, apart from other writers of the log as well as the engine can. Resolves to
   * `undefined` when the work does, and when the insert turns out in vain after the work.
   */
  apart<T>(work: (rows: WormRows) => Promise<T | undefined>, options: CallOptions): Promise<T | undefined>;
}
