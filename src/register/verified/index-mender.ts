import { type DocketIndex, SEAL_LOOKUPS_MAX } from "../register-store.ts";
import { docketIndexOf } from "./docket-index.ts";
import { type ReadableRegister, readVerified } from "./read-verified.ts";
import type { RegisterParts } from "./register-parts.ts";

/** A docket as it is stored. */
interface StoredDocket {
  readonly height: bigint;
  readonly bytes: Uint8Array;
}

interface IndexedRegister extends ReadableRegister {
  readonly parts: RegisterParts;
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

const DOCKETS_AT_ONCE = 32;

/**
 * Puts right what was altered in the index of a register: a transaction that was taken out of it would be sealed and yet be
 * listed nowhere. Whoever verifies dockets has them looked at. What differs is looked at again when the verdict is there, by
 * what is verified then, so that no forged docket gets into the index.
 */
export class IndexMender {
  readonly #register: IndexedRegister;
  readonly #closing: AbortSignal;
  /** What differed from dockets that nobody has vouched for yet. */
  readonly #noted = new Set<bigint>();
  /** What is in the journal already, and not put right yet. */
  readonly #told = new Set<bigint>();
  /** Two verifications may end at once, and each alteration is told once. */
  #last: Promise<void> = Promise.resolve();

  /** @param closing after which nothing more is begun */
  constructor(register: IndexedRegister, closing: AbortSignal) {
    this.#register = register;
    this.#closing = closing;
  }

  /** Compares the index with dockets. Those that are not indexed yet wait for their turn. */
  async look(dockets: readonly StoredDocket[]): Promise<void> {
    for (const { height } of await this.#misindexed(dockets)) this.#noted.add(height);
  }

  /**
   * What is wrong is in the journal before it is put right, once, and will therefore be sealed. What cannot be put right now
   * does not keep the rest from it, and is tried again by the next call; rejects with the first reason. What is beyond the
   * end of what is verified waits.
   */
  mend(): Promise<void> {
    const mended = this.#last.then(() => this.#mendNoted());
    this.#last = mended.catch(() => undefined);
    return mended;
  }

  async #mendNoted(): Promise<void> {
    const { total } = this.#register.set;
    const heights = [...this.#noted].filter((height) => height < total).sort((a, b) => (a < b ? -1 : 1));
    const failures: unknown[] = [];
    for (let start = 0; start < heights.length && !this.#closing.aborted; start += DOCKETS_AT_ONCE) {
      const some = heights.slice(start, start + DOCKETS_AT_ONCE);
      // In the register's turn: a verification that is under way believes, for a while, what it will not believe in the end.
      await this.#register.inTurn(() => this.#mendThese(some)).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async #mendThese(heights: readonly bigint[]): Promise<void> {
    const readable = await this.#verified(heights);
    const wrong = await this.#misindexed(readable);
    const left = new Set(wrong.map(({ height }) => height));
    for (const { height } of readable) if (!left.has(height)) this.#told.delete(height);
    for (const height of heights) if (!left.has(height)) this.#noted.delete(height);
    await this.#tell([...left]);
    const failures: unknown[] = [];
    for (const docket of wrong) {
      if (this.#closing.aborted) break;
      await this.#mendOne(docket).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async #mendOne(docket: DocketIndex): Promise<void> {
    await this.#register.parts.store.reindex(docket);
    this.#told.delete(docket.height);
    this.#noted.delete(docket.height);
  }

  /** Those that cannot be read, or proven, are for whoever finds damage; they are looked at again with the next verification. */
  async #verified(heights: readonly bigint[]): Promise<readonly StoredDocket[]> {
    const { set } = this.#register;
    const there = heights.filter((height) => set.absenceOf(height) === undefined);
    const readings = await readVerified(this.#register, there);
    return readings.flatMap((reading) => ("docket" in reading ? [reading.docket] : []));
  }

  async #misindexed(dockets: readonly StoredDocket[]): Promise<readonly DocketIndex[]> {
    const { store } = this.#register.parts;
    const indexedCount = await store.indexedCount();
    const due = dockets.filter(({ height }) => height < indexedCount);
    const wrong: DocketIndex[] = [];
    for (const lookup of lookupsOf(due.map(({ height, bytes }) => docketIndexOf(height, bytes, [])))) {
      const heights = new Set(await store.findMisindexed(lookup));
      wrong.push(...lookup.filter(({ height }) => heights.has(height)));
    }
    return wrong;
  }

  async #tell(heights: readonly bigint[]): Promise<void> {
    const { tenantId, registerId, events, journal } = this.#register.parts;
    const untold = heights.filter((height) => !this.#told.has(height));
    const [first, last] = [untold[0], untold.at(-1)];
    if (first === undefined || last === undefined) return;
    const altered = { startHeight: first.toString(), endHeight: last.toString(), docketCount: untold.length };
    await journal("register_index_altered", { registerId, ...altered });
    for (const height of untold) this.#told.add(height);
    events.registerIndexAltered({ tenantId, registerId, ...altered });
  }
}

/** As many at once as can be compared at once. */
function* lookupsOf(dockets: readonly DocketIndex[]): Generator<readonly DocketIndex[]> {
  let lookup: DocketIndex[] = [];
  let count = 0;
  for (const docket of dockets) {
    if (count + docket.transactions.length > SEAL_LOOKUPS_MAX) {
      yield lookup;
      lookup = [];
      count = 0;
    }
    lookup.push(docket);
    count += docket.transactions.length;
  }
  if (lookup.length > 0) yield lookup;
}
