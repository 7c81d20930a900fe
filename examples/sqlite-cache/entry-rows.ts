import type { DatabaseSync } from "node:sqlite";
import type { CacheLimits } from "./cache-rows.ts";

export interface NewEntry {
  /** JSON. */
  readonly text: string;
  readonly tags: readonly string[];
  readonly expiresMs: number;
}

export interface EntryKey {
  readonly id: number;
  readonly key: string;
}

/** Rows that one statement goes through before others may run. */
const CHUNK = 1_000;
const IS_KNOWN = "id > (select horizon from state)";

/** The entries with their tags, within a bounded number and size: what was set first makes room. */
export class EntryRows {
  readonly #limits: CacheLimits;
  readonly #find;
  readonly #delete;
  readonly #deleteById;
  readonly #insert;
  readonly #tag;
  readonly #occupancy;
  readonly #makeRoom;
  readonly #expireTagged;
  readonly #deleteTagged;
  readonly #after;
  readonly #lastId;
  readonly #forget;
  readonly #dropForgotten;
  readonly #dropExpired;
  #evictions = 0;

  constructor(database: DatabaseSync, limits: CacheLimits) {
    this.#limits = limits;
    const tagged = "id in (select entry from tags where tag = :tag)";
    this.#find = database.prepare(`select value from entries where key = :key and expires_ms > :nowMs and ${IS_KNOWN}`);
    const returning = `returning ${IS_KNOWN} as is_known, expires_ms > :nowMs as is_alive`;
    this.#delete = database.prepare(`delete from entries where key = :key ${returning}`);
    this.#deleteById = database.prepare(`delete from entries where id = :id ${returning}`);
    this.#insert = database.prepare(
      "insert into entries (key, value, bytes, expires_ms) values (:key, :text, :bytes, :expiresMs)",
    );
    this.#tag = database.prepare("insert into tags (tag, entry) values (?, ?)");
    this.#occupancy = database.prepare("select entries, bytes from state");
    this.#makeRoom = database.prepare(
      `delete from entries where id in
         (select id from entries where ${IS_KNOWN} order by id limit ?)`,
    );
    this.#expireTagged = database.prepare(
      `delete from entries where ${tagged} and ${IS_KNOWN} and expires_ms <= :nowMs`,
    );
    this.#deleteTagged = database.prepare(`delete from entries where ${tagged} and ${IS_KNOWN}`);
    this.#after = database.prepare(`select id, key from entries where id > ? and id <= ? order by id limit ${CHUNK}`);
    this.#lastId = database.prepare("select seq from sqlite_sequence where name = 'entries'");
    this.#forget = database.prepare("update state set horizon = ?, entries = 0, bytes = 0");
    this.#dropForgotten = database.prepare(
      `delete from entries where id in (select id from entries where not ${IS_KNOWN} order by id limit ${CHUNK})`,
    );
    this.#dropExpired = database.prepare(
      `delete from entries where id in (select id from entries where expires_ms <= ? limit ${CHUNK})`,
    );
  }

  /** Entries that are not forgotten; some of them may have expired. */
  get size(): number {
    return Number(this.#occupancy.get()?.["entries"]);
  }

  /** Gone by expiry or for want of room, by what this connection did. */
  get evictions(): number {
    return this.#evictions;
  }

  /** The JSON of a live entry. */
  find(key: string, nowMs: number): string | undefined {
    return this.#find.get({ key, nowMs })?.["value"] as string | undefined;
  }

  /** Within a transaction, like all that follows. */
  set(key: string, { text, tags, expiresMs }: NewEntry, nowMs: number): void {
    this.delete(key, nowMs);
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(text);
    if (bytes > this.#limits.bytesMax) {
      // It finds no room whoever else leaves, so it is gone as soon as it is there.
      this.#evictions++;
      return;
    }
    const { lastInsertRowid: id } = this.#insert.run({ key, text, bytes, expiresMs });
    for (const tag of tags) this.#tag.run(tag, id);
    this.#stayWithinLimits();
  }

  /** True when it was there and alive. */
  delete(key: string, nowMs: number): boolean {
    return this.#wasAlive(this.#delete.get({ key, nowMs }));
  }

  /** The same for one that nobody has set again meanwhile. */
  deleteById(id: number, nowMs: number): boolean {
    return this.#wasAlive(this.#deleteById.get({ id, nowMs }));
  }

  /** How many were there and alive. */
  deleteTagged(tag: string, nowMs: number): number {
    this.#evictions += Number(this.#expireTagged.run({ tag, nowMs }).changes);
    return Number(this.#deleteTagged.run({ tag }).changes);
  }

  /** The next entries in the order they were set, some of them dead; from 0, up to an id. */
  after(id: number, lastId: number): readonly EntryKey[] {
    return this.#after.all(id, lastId) as unknown as EntryKey[];
  }

  get lastId(): number {
    return Number(this.#lastId.get()?.["seq"] ?? 0);
  }

  /** In constant time: the rows are dropped by and by. */
  forgetAll(): void {
    this.#forget.run(this.lastId);
  }

  /** Drops some that are dead, and says whether there may be more. */
  sweep(nowMs: number): boolean {
    const forgotten = Number(this.#dropForgotten.run().changes);
    if (forgotten === CHUNK) return true;
    const expired = Number(this.#dropExpired.run(nowMs).changes);
    this.#evictions += expired;
    return expired === CHUNK;
  }

  #wasAlive(row: Readonly<Record<string, unknown>> | undefined): boolean {
    if (!row?.["is_known"]) return false;
    if (!row["is_alive"]) this.#evictions++;
    return row["is_alive"] === 1;
  }

  #stayWithinLimits(): void {
    for (;;) {
      const { entries, bytes } = this.#occupancy.get() as unknown as { entries: number; bytes: number };
      const excess = Math.max(entries - this.#limits.entriesMax, bytes > this.#limits.bytesMax ? 1 : 0);
      if (excess <= 0) return;
      this.#evictions += Number(this.#makeRoom.run(excess).changes);
    }
  }
}
