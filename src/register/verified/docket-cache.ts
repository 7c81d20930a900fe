import { LRUCache } from "lru-cache";
import type { VerifiedDocket } from "./verified-docket.ts";

/** Bytes of dockets that a process keeps in memory after they were read, of all its registers together. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Where a docket is kept; there is one for each docket that is. */
interface Place {
  readonly height: bigint;
  readonly places: Map<bigint, Place>;
}

/**
 * Verified dockets that were read not long ago, of all registers of a process: the one that is read most has the most room, and
 * how much they take does not follow how many registers there are.
 */
export class DocketCache {
  readonly #kept: LRUCache<Place, VerifiedDocket>;

  constructor(keptBytes = KEPT_BYTES) {
    this.#kept = new LRUCache({
      maxSize: keptBytes,
      sizeCalculation: ({ bytes }) => bytes.length + 1,
      dispose: (_docket, { places, height }, reason) => {
        if (reason !== "set") places.delete(height);
      },
    });
  }

  /** For one opened register. What it keeps nobody else gets, not even another one of the same id. */
  shelf(): DocketShelf {
    return new DocketShelf(this.#kept);
  }

  /** Of all registers. */
  get bytes(): number {
    return this.#kept.calculatedSize;
  }
}

/** What is kept of one register, by height. */
export class DocketShelf {
  readonly #kept: LRUCache<Place, VerifiedDocket>;
  readonly #places = new Map<bigint, Place>();

  constructor(kept: LRUCache<Place, VerifiedDocket>) {
    this.#kept = kept;
  }

  keep(docket: VerifiedDocket): void {
    const { height } = docket;
    const place = this.#places.get(height) ?? { height, places: this.#places };
    this.#kept.set(place, docket);
    if (this.#kept.has(place)) this.#places.set(height, place);
  }

  find(height: bigint): VerifiedDocket | undefined {
    const place = this.#places.get(height);
    return place && this.#kept.get(place);
  }

  forget(height: bigint): void {
    const place = this.#places.get(height);
    if (place) this.#kept.delete(place);
  }

  forgetAll(): void {
    for (const place of this.#places.values()) this.#kept.delete(place);
  }
}
