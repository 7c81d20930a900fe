import type { DatabaseSync } from "node:sqlite";
import { CounterRows } from "./counter-rows.ts";
import { EntryRows } from "./entry-rows.ts";
import { RemovalRows } from "./removal-rows.ts";

export interface CacheLimits {
  /** Also the number of counters, and of removals that are known by name. */
  readonly entriesMax: number;
  /** Of keys and JSON. */
  readonly bytesMax: number;
}

/** Everything that is in the file. */
export class CacheRows {
  readonly entries: EntryRows;
  readonly removals: RemovalRows;
  readonly counters: CounterRows;

  constructor(database: DatabaseSync, limits: CacheLimits) {
    this.entries = new EntryRows(database, limits);
    this.removals = new RemovalRows(database, limits.entriesMax);
    this.counters = new CounterRows(database, limits.entriesMax);
  }

  /** Within a transaction, in constant time: entries and leases, but not counters. */
  forgetAll(): void {
    this.removals.allRemoved();
    this.entries.forgetAll();
  }
}
