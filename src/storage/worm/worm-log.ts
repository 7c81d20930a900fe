import { VaultError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import { throwIfAborted, untilAborted } from "../until-aborted.ts";
import {
  type AppendOptions,
  type BatchOptions,
  type StoredWormRecord,
  WORM_RECORDS_MAX,
  type WormDescriptor,
  type WormHead,
  type WormIntegrity,
  type WormQuery,
  type WormRange,
  type WormRecord,
  type WormStore,
} from "../worm-store.ts";
import { readAhead } from "./read-ahead.ts";
import { alwaysSlower, nextPlace, placementOf, requireSame, sealAfter } from "./worm-append.ts";
import { type EncodedDocument, encodeBatch } from "./worm-document.ts";
import { WormHasher } from "./worm-hash.ts";
import { flatFilter, isPlace, placesOf, requireAppendOptions, requireLimit } from "./worm-input.ts";
import { recordOf } from "./worm-record.ts";
import type { WormEnd, WormRow, WormRows } from "./worm-rows.ts";
import { WormVerification } from "./worm-verification.ts";

export interface WormLogOptions<T> {
  readonly descriptor: WormDescriptor<T>;
  readonly log: string;
  readonly rows: WormRows;
  readonly atomicBatches: boolean;
  /** Throws `closed` once the database of the log was. */
  readonly requireOpen: () => void;
}

const LIMIT_DEFAULT = 100;
/** How many bytes of documents a step of a stream may bring along, the last one not counted. */
const STEP_BYTES = 2 ** 20;
/** The first attempt hurries; the others stand apart from the other writers. */
const ATTEMPTS_MAX = 50;
const NO_OPTIONS = {};

/** One log on any engine. Its appends run one after the other: at once they would only be in each other's way. */
export class WormLog<T> implements WormStore<T> {
  readonly #descriptor: WormDescriptor<T>;
  readonly #rows: WormRows;
  readonly #hasher: WormHasher;
  readonly #atomicBatches: boolean;
  readonly #requireOpen: () => void;
  /** The last of the appends that are under way. */
  #lastTurn: Promise<unknown> | undefined;
  /**
   * Where the log ended when this one added to it last; `undefined` when that is not known. It may be outdated: an
   * insert says where it believes the end to be, and is refused when it is elsewhere.
   */
  #lastEnd: WormEnd | undefined;

  constructor({ descriptor, log, rows, atomicBatches, requireOpen }: WormLogOptions<T>) {
    this.#descriptor = descriptor;
    this.#rows = rows;
    this.#hasher = new WormHasher(descriptor.name, log);
    this.#atomicBatches = atomicBatches;
    this.#requireOpen = requireOpen;
  }

  async append(document: T, options: AppendOptions): Promise<WormRecord<T>> {
    const [record] = await this.#append([document], options);
    return record as WormRecord<T>;
  }

  async appendBatch(documents: readonly T[], options: BatchOptions): Promise<readonly WormRecord<T>[]> {
    if (documents.length === 0) throw new VaultError("invalid_request", "A batch holds at least one document.");
    if (documents.length > WORM_RECORDS_MAX) {
      throw new VaultError("limit_exceeded", "Too many documents.", { details: { limit: WORM_RECORDS_MAX } });
    }
    if (typeof options.sealedAt !== "string" && options.sealedAt.length !== documents.length) {
      throw new VaultError("invalid_request", "Each document of a batch is sealed at an instant.");
    }
    if (documents.length > 1 && !this.#atomicBatches) {
      throw new VaultError("unsupported", "The engine cannot add several records as one.");
    }
    return await this.#append(documents, options);
  }

  async get(sequence: bigint, options: CallOptions = NO_OPTIONS): Promise<WormRecord<T> | undefined> {
    this.#begin(options);
    if (!isPlace(sequence)) return undefined;
    const [row] = await this.#rows.read({ from: sequence, to: sequence, limit: 1 }, options);
    return row && recordOf(this.#descriptor, row);
  }

  async getRange(range: WormRange = NO_OPTIONS): Promise<readonly WormRecord<T>[]> {
    this.#begin(range);
    const places = placesOf(range);
    if (!places) return [];
    const rows = await this.#rows.read({ ...places, limit: WORM_RECORDS_MAX + 1 }, range);
    if (rows.length > WORM_RECORDS_MAX) {
      throw new VaultError("limit_exceeded", "Too many records are in the range.", {
        details: { limit: WORM_RECORDS_MAX },
        hint: "Read them as a stream.",
      });
    }
    return rows.map((row) => recordOf(this.#descriptor, row));
  }

  async *stream(
    range: WormRange & { readonly batchSize?: number | undefined } = NO_OPTIONS,
  ): AsyncGenerator<WormRecord<T>, void, undefined> {
    const { batchSize = LIMIT_DEFAULT, signal } = range;
    this.#begin(range);
    requireLimit(batchSize, "batchSize");
    const places = placesOf(range);
    const end = places && (await this.#rows.end(range));
    if (!end) return;
    const steps = this.#steps({ from: places.from, to: earlier(places.to, end.sequence), limit: batchSize, signal });
    for await (const rows of steps) {
      for (const row of rows) {
        throwIfAborted(signal);
        yield recordOf(this.#descriptor, row);
      }
    }
  }

  async *scan(
    range: WormRange & { readonly batchSize?: number | undefined } = NO_OPTIONS,
  ): AsyncGenerator<readonly StoredWormRecord[], void, undefined> {
    const { batchSize = LIMIT_DEFAULT, signal } = range;
    this.#begin(range);
    requireLimit(batchSize, "batchSize");
    const places = placesOf(range);
    const end = places && (await this.#rows.end(range));
    if (!end) return;
    const to = earlier(places.to, end.sequence);
    for await (const rows of readAhead(
      this.#steps({ from: places.from, to, limit: batchSize, withIndexed: true, signal }),
    )) {
      throwIfAborted(signal);
      yield rows.map(({ indexed, ...row }) => ({ ...row, indexed }));
    }
  }

  async query(query: WormQuery = NO_OPTIONS): Promise<readonly WormRecord<T>[]> {
    const { filter, limit = LIMIT_DEFAULT } = query;
    this.#begin(query);
    requireLimit(limit, "limit");
    const asked = filter && flatFilter(filter);
    const places = placesOf(query);
    if (!places) return [];
    const range = { ...places, limit };
    const rows = await (asked ? this.#rows.query(asked, range, query) : this.#rows.read(range, query));
    return rows.map((row) => recordOf(this.#descriptor, row));
  }

  async head(options: CallOptions = NO_OPTIONS): Promise<WormHead> {
    this.#begin(options);
    const end = await this.#rows.end(options);
    return { count: nextPlace(end), lastSequence: end?.sequence ?? null, lastHash: end?.hash ?? null };
  }

  async count(filter?: Filter, options: CallOptions = NO_OPTIONS): Promise<bigint> {
    this.#begin(options);
    return await this.#rows.count(filter && flatFilter(filter), options);
  }

  async exists(sequence: bigint, options: CallOptions = NO_OPTIONS): Promise<boolean> {
    this.#begin(options);
    return isPlace(sequence) && (await this.#rows.exists(sequence, options));
  }

  async verifyIntegrity(range: WormRange = NO_OPTIONS): Promise<WormIntegrity> {
    this.#begin(range);
    const places = placesOf(range);
    const end = places && (await this.#rows.end(range));
    if (!end || places.from > end.sequence) return { isValid: true, checked: 0n, corrupted: 0n, violations: [] };
    const { from } = places;
    const to = earlier(places.to, end.sequence);
    const before = from === 0n ? [] : await this.#rows.read({ from: from - 1n, to: from - 1n, limit: 1 }, range);
    const verification = new WormVerification({
      descriptor: this.#descriptor,
      hasher: this.#hasher,
      from,
      before: before[0],
    });
    const steps = this.#steps({ from, to, limit: LIMIT_DEFAULT, withIndexed: true, signal: range.signal });
    for await (const rows of steps) for (const row of rows) verification.check(row);
    return verification.finish(to);
  }

  #begin(options: CallOptions): void {
    throwIfAborted(options.signal);
    this.#requireOpen();
  }

  /** The rows of a range, a bounded number at a time. */
  async *#steps(
    range: CallOptions & { from: bigint; to: bigint; limit: number; withIndexed?: true },
  ): AsyncGenerator<readonly WormRow[], void, undefined> {
    const { to, limit, withIndexed, signal } = range;
    let { from } = range;
    while (from <= to) {
      const rows = await this.#rows.read({ from, to, limit, bytesMax: STEP_BYTES, withIndexed }, { signal });
      const last = rows.at(-1);
      if (!last) return;
      yield rows;
      from = last.sequence + 1n;
    }
  }

  async #append(documents: readonly T[], options: BatchOptions): Promise<readonly WormRecord<T>[]> {
    this.#begin(options);
    requireAppendOptions(options);
    const encoded = encodeBatch(this.#descriptor, documents);
    const { signal } = options;
    const turn = this.#lastTurn ? this.#afterwards(this.#lastTurn, encoded, options) : this.#place(encoded, options);
    this.#lastTurn = turn;
    const leave = (): void => {
      if (this.#lastTurn === turn) this.#lastTurn = undefined;
    };
    turn.then(leave, leave);
    return await untilAborted(signal, () => turn);
  }

  async #afterwards(
    turn: Promise<unknown>,
    documents: readonly EncodedDocument<T>[],
    options: BatchOptions,
  ): Promise<readonly WormRecord<T>[]> {
    await turn.catch(() => undefined);
    throwIfAborted(options.signal);
    return await this.#place(documents, options);
  }

  async #place(documents: readonly EncodedDocument<T>[], options: BatchOptions): Promise<readonly WormRecord<T>[]> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const work = (rows: WormRows) => this.#attempt(rows, documents, options);
      const records = await (attempt === 1 ? work(this.#rows) : this.#rows.apart(work, options));
      if (records) return records;
    }
    throw alwaysSlower();
  }

  /** Resolves to `undefined` when another writer was faster. */
  async #attempt(
    rows: WormRows,
    documents: readonly EncodedDocument<T>[],
    options: BatchOptions,
  ): Promise<readonly WormRecord<T>[] | undefined> {
    const end = await this.#endFor(rows, options);
    this.#lastEnd = undefined;
    const { expectedSequence, sealedAt } = options;
    const { start, taken } = placementOf(documents.length, { expectedSequence, end });
    const stored = await this.#storedAt(rows, { start, documents: documents.slice(0, taken) }, options);
    const later = typeof sealedAt === "string" ? sealedAt : sealedAt.slice(taken);
    const added = sealAfter(end, documents.slice(taken), { sealedAt: later, hasher: this.#hasher });
    if (added.length > 0 && !(await rows.insert(added, end, options))) return undefined;
    const last = added.at(-1);
    this.#lastEnd = last ? { sequence: last.sequence, hash: last.hash } : end;
    return [
      ...stored.map((row) => recordOf(this.#descriptor, row)),
      ...added.map(({ sequence, previousHash, hash, sealedAt: at }, index) => {
        const { document } = documents[taken + index] as EncodedDocument<T>;
        return { sequence, document, sealedAt: at, previousHash, hash };
      }),
    ];
  }

  /** The remembered end, unless it is certainly outdated. */
  async #endFor(rows: WormRows, options: BatchOptions): Promise<WormEnd | undefined> {
    const known = this.#lastEnd;
    const { expectedSequence } = options;
    if (known && (expectedSequence === undefined || expectedSequence <= nextPlace(known))) return known;
    return await rows.end(options);
  }

  /** The rows at the places that documents have already. */
  async #storedAt(
    rows: WormRows,
    { start, documents }: { readonly start: bigint; readonly documents: readonly EncodedDocument<T>[] },
    options: CallOptions,
  ): Promise<readonly WormRow[]> {
    if (documents.length === 0) return [];
    const to = start + BigInt(documents.length) - 1n;
    const stored = await rows.read({ from: start, to, limit: documents.length }, options);
    requireSame(stored, documents, start);
    return stored;
  }
}

function earlier(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
