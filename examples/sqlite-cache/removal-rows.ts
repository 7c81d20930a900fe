import type { DatabaseSync } from "node:sqlite";
import type { CacheLease } from "strongroom/storage";

export interface LeaseReader {
  readonly key: string;
  readonly nowMs: number;
}

interface RemovalState {
  readonly epoch: string;
  readonly floor: number;
  readonly last: number;
}

/** How long a lease is good for. */
const LEASE_LIFE_MS = 600_000;
/** Removals that are looked at one by one; after more of them everything is taken for removed. */
const NEWS_MAX = 1_000;

/**
 * What was removed, for every process that shares the file. A lease says how many removals there had been when its
 * reader missed; it is outdated when a higher one bears its key or one of its tags, or is not known by name any more.
 */
export class RemovalRows {
  readonly #removalsMax: number;
  readonly #state;
  readonly #note;
  readonly #noteTagged;
  readonly #drop;
  readonly #raiseFloor;
  readonly #find;
  readonly #since;

  /** @param removalsMax how many are known by name */
  constructor(database: DatabaseSync, removalsMax: number) {
    this.#removalsMax = removalsMax;
    this.#state = database.prepare(
      "select epoch, floor, coalesce((select seq from sqlite_sequence where name = 'removals'), 0) as last from state",
    );
    this.#note = database.prepare("insert or replace into removals (name) values (?)");
    this.#noteTagged = database.prepare(
      `insert or replace into removals (name)
         select '${KEY}' || key from entries
           where id in (select entry from tags where tag = ?) and expires_ms > ? and id > (select horizon from state)`,
    );
    this.#drop = database.prepare("delete from removals where sequence <= ?");
    this.#raiseFloor = database.prepare("update state set floor = max(floor, ?)");
    this.#find = database.prepare("select sequence from removals where name = ?");
    this.#since = database.prepare(`select name from removals where sequence > ? limit ${NEWS_MAX}`);
  }

  issue(tags: readonly string[], nowMs: number): CacheLease {
    const { epoch, last } = this.#read();
    return `${epoch} ${last} ${nowMs} ${JSON.stringify(tags)}` as CacheLease;
  }

  /** Within the transaction of the `set`. */
  isOutdated(lease: CacheLease, { key, nowMs }: LeaseReader): boolean {
    const [, of, issued, issuedMs, tags] = LEASE.exec(lease) ?? [];
    const { epoch, floor, last } = this.#read();
    const sequence = Number(issued);
    if (of !== epoch || sequence > last || sequence < floor) return true;
    if (nowMs - Number(issuedMs) > LEASE_LIFE_MS) return true;
    const names = [keyName(key), ...(JSON.parse(tags ?? "[]") as string[]).map(tagName)];
    return names.some((name) => Number(this.#find.get(name)?.["sequence"] ?? 0) > sequence);
  }

  /** Within the transaction of the removal, like what follows. */
  keysRemoved(keys: readonly string[]): void {
    for (const key of keys) this.#note.run(keyName(key));
    this.#forgetOldest();
  }

  /** Before the entries are deleted: who missed one of them knew nothing of the tag that somebody gave it since. */
  tagRemoved(tag: string, nowMs: number): void {
    this.#note.run(tagName(tag));
    this.#noteTagged.run(tag, nowMs);
    this.#forgetOldest();
  }

  allRemoved(): void {
    const { lastInsertRowid: sequence } = this.#note.run("");
    this.#drop.run(sequence);
    this.#raiseFloor.run(sequence);
  }

  get last(): number {
    return this.#read().last;
  }

  /** The keys that were removed after so many removals; `"all"` when it cannot be told cheaply. */
  keysSince(sequence: number): readonly string[] | "all" {
    const { floor, last } = this.#read();
    if (floor > sequence || sequence > last) return "all";
    const names = this.#since.all(sequence).map(({ name }) => String(name));
    if (names.length === NEWS_MAX || names.some((name) => !name.startsWith(KEY))) return "all";
    return names.map((name) => name.slice(KEY.length));
  }

  #forgetOldest(): void {
    const floor = this.#read().last - this.#removalsMax;
    if (this.#drop.run(floor).changes) this.#raiseFloor.run(floor);
  }

  #read(): RemovalState {
    return this.#state.get() as unknown as RemovalState;
  }
}

const LEASE = /^(\S+) (\d+) (\d+) (\[.*\])$/s;
const KEY = "key ";

function keyName(key: string): string {
  return KEY + key;
}

function tagName(tag: string): string {
  return `tag ${tag}`;
}
