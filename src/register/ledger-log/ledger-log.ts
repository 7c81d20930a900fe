import { instantOf } from "../../clock.ts";
import { isVaultError } from "../../errors.ts";
import type { CallOptions } from "../../storage/call-options.ts";
import type { StoredWormRecord, WormStore } from "../../storage/worm-store.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { DocketRowCheck } from "./docket-descriptor.ts";
import type { DocketRepair } from "./docket-repair.ts";

/** A docket as it is stored. Nothing in it is to be believed. */
export interface LedgerRow extends DocketBytes {
  /** Whether what is kept beside the bytes agrees with them; of a repair there is nothing. */
  readonly agrees: boolean;
  readonly isRepair: boolean;
}

/** With the instant that the docket says, in milliseconds since 1970. */
export interface SealedDocketBytes extends DocketBytes {
  readonly sealedAt: number;
}

export type LedgerAppend =
  | "appended"
  /** The same bytes were there. */
  | "present"
  /** Another docket was there. */
  | "taken"
  /** Dockets before it are not there. */
  | "beyond";

export interface LedgerLogOptions {
  readonly registerId: string;
  readonly dockets: WormStore<Uint8Array>;
  readonly repairs: WormStore<DocketRepair>;
}

/**
 * The dockets of one register in the cold tier. Where a damaged one was repaired, the repair stands in its place. Every
 * method rejects with `storage_unavailable`, `storage_timeout`, `aborted` and `closed`.
 */
export class LedgerLog {
  readonly #dockets: WormStore<Uint8Array>;
  readonly #repairs: WormStore<DocketRepair>;
  readonly #check: DocketRowCheck;
  /** Where the newest repair of a height is. */
  readonly #repaired = new Map<bigint, bigint>();
  #repairsRead = 0n;

  constructor({ registerId, dockets, repairs }: LedgerLogOptions) {
    this.#dockets = dockets;
    this.#repairs = repairs;
    this.#check = new DocketRowCheck(registerId);
  }

  /** Of the places up to the last docket. */
  async count(options?: CallOptions): Promise<bigint> {
    return (await this.#dockets.head(options)).count;
  }

  /** Learns of repairs that were made since, by whatever process: whether there are any. Damaged ones are passed over. */
  async refreshRepairs(options: CallOptions = {}): Promise<boolean> {
    const { count } = await this.#repairs.head(options);
    let isNew = false;
    for (; this.#repairsRead < count; this.#repairsRead++) {
      const repair = await this.#repairAt(this.#repairsRead, options);
      if (!repair || (this.#repaired.get(repair.height) ?? -1n) >= this.#repairsRead) continue;
      this.#repaired.set(repair.height, this.#repairsRead);
      isNew = true;
    }
    return isNew;
  }

  isRepaired(height: bigint): boolean {
    return this.#repaired.has(height);
  }

  /** The bytes that stand at a height; `undefined` when there are none, or what is there cannot be read at all. */
  async read(height: bigint, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    const repair = await this.#repairOf(height, options);
    if (repair) return repair.bytes;
    try {
      return (await this.#dockets.get(height, options))?.document;
    } catch (error) {
      if (isVaultError(error, "integrity_violation")) return undefined;
      throw error;
    }
  }

  /** Ascending, in steps; heights at which there is nothing are left out. */
  async *scan(range: {
    readonly from: bigint;
    /** Inclusive. */
    readonly to: bigint;
    readonly batchSize: number;
    readonly signal?: AbortSignal | undefined;
  }): AsyncGenerator<readonly LedgerRow[], void, undefined> {
    const { from, to, signal } = range;
    let next = from;
    for await (const step of this.#dockets.scan(range)) {
      yield this.#repaired.size === 0
        ? step.map((record) => this.#storedRow(record))
        : await this.#mended(step, next, signal);
      next = (step.at(-1)?.sequence ?? next) + 1n;
    }
    const behind = await this.#repairsBetween(next, to, signal);
    if (behind.length > 0) yield behind;
  }

  /** @param sealedAt milliseconds since 1970, as the docket says */
  async append({ height, bytes }: DocketBytes, sealedAt: number, options: CallOptions = {}): Promise<LedgerAppend> {
    try {
      const end = await this.#dockets.append(bytes, {
        ...options,
        expectedSequence: height,
        sealedAt: instantOf(sealedAt),
      });
      return end.document === bytes ? "appended" : "present";
    } catch (error) {
      return refusalIn(error);
    }
  }

  /**
   * Adds dockets that follow on one another, all or none where the engine can do that. Where the first ones are there
   * already, the rest is added.
   */
  async appendMany(dockets: readonly SealedDocketBytes[], options: CallOptions = {}): Promise<LedgerAppend> {
    const [first] = dockets;
    if (!first) return "present";
    try {
      await this.#dockets.appendBatch(
        dockets.map(({ bytes }) => bytes),
        { ...options, expectedSequence: first.height, sealedAt: dockets.map(({ sealedAt }) => instantOf(sealedAt)) },
      );
      return "appended";
    } catch (error) {
      if (isVaultError(error, "unsupported")) return await this.#appendEach(dockets, options);
      return refusalIn(error);
    }
  }

  async #appendEach(dockets: readonly SealedDocketBytes[], options: CallOptions): Promise<LedgerAppend> {
    for (const docket of dockets) {
      const outcome = await this.append(docket, docket.sealedAt, options);
      if (outcome === "taken" || outcome === "beyond") return outcome;
    }
    return "appended";
  }

  /** Puts a docket in the place of a damaged one, for good. The caller has verified it. */
  async repair(repair: DocketRepair, options: CallOptions = {}): Promise<void> {
    const { sequence } = await this.#repairs.append(repair, { ...options, sealedAt: repair.verifiedAt });
    this.#repaired.set(repair.height, sequence);
  }

  #storedRow(record: StoredWormRecord): LedgerRow {
    return { height: record.sequence, bytes: record.bytes, agrees: this.#check.agrees(record), isRepair: false };
  }

  /** The rows of a step, with repairs in place of damaged and missing ones. */
  async #mended(
    step: readonly StoredWormRecord[],
    from: bigint,
    signal: AbortSignal | undefined,
  ): Promise<readonly LedgerRow[]> {
    const rows: LedgerRow[] = [];
    let next = from;
    for (const record of step) {
      rows.push(...(await this.#repairsBetween(next, record.sequence - 1n, signal)));
      const repair = await this.#repairOf(record.sequence, { signal });
      rows.push(repair ? repairRow(repair) : this.#storedRow(record));
      next = record.sequence + 1n;
    }
    return rows;
  }

  async #repairsBetween(from: bigint, to: bigint, signal: AbortSignal | undefined): Promise<readonly LedgerRow[]> {
    if (from > to || this.#repaired.size === 0) return [];
    const heights = [...this.#repaired.keys()].filter((height) => height >= from && height <= to);
    heights.sort((a, b) => (a < b ? -1 : 1));
    const repairs = await Promise.all(heights.map((height) => this.#repairOf(height, { signal })));
    return repairs.flatMap((repair) => (repair ? [repairRow(repair)] : []));
  }

  async #repairOf(height: bigint, options: CallOptions): Promise<DocketRepair | undefined> {
    const sequence = this.#repaired.get(height);
    const repair = sequence === undefined ? undefined : await this.#repairAt(sequence, options);
    return repair?.height === height ? repair : undefined;
  }

  async #repairAt(sequence: bigint, options: CallOptions): Promise<DocketRepair | undefined> {
    try {
      return (await this.#repairs.get(sequence, options))?.document;
    } catch (error) {
      if (isVaultError(error, "integrity_violation")) return undefined;
      throw error;
    }
  }
}

function refusalIn(error: unknown): LedgerAppend {
  if (isVaultError(error, "immutable_record")) return "taken";
  if (isVaultError(error, "sequence_conflict") || isVaultError(error, "integrity_violation")) return "beyond";
  throw error;
}

function repairRow({ height, bytes }: DocketRepair): LedgerRow {
  return { height, bytes, agrees: true, isRepair: true };
}
