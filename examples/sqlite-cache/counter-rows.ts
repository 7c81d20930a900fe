import type { DatabaseSync } from "node:sqlite";
import { VaultError } from "strongroom/storage";

/** Counters: creation, addition and life are one statement, whichever process it comes from. */
export class CounterRows {
  readonly #add;
  readonly #expire;
  readonly #makeRoom;
  readonly #countersMax: number;

  constructor(database: DatabaseSync, countersMax: number) {
    this.#countersMax = countersMax;
    this.#add = database.prepare(`
      insert into counters as counter (key, value, expires_ms) values (:key, :delta, :expiresMs)
      on conflict (key) do update set
        value = iif(counter.expires_ms > :nowMs, counter.value, 0) + excluded.value,
        expires_ms = iif(counter.expires_ms > :nowMs, counter.expires_ms, excluded.expires_ms)
      where iif(counter.expires_ms > :nowMs, counter.value, 0) + excluded.value
        between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}
      returning value`);
    this.#expire = database.prepare("delete from counters where expires_ms <= ?");
    this.#makeRoom = database.prepare(
      `delete from counters where rowid in
         (select rowid from counters order by rowid limit max(0, (select count(*) from counters) - ?))`,
    );
  }

  /** @param expiresMs of the counter, should it be created. @throws `limit_exceeded` beyond the safe integers */
  add(key: string, delta: number, { nowMs, expiresMs }: { nowMs: number; expiresMs: number }): number {
    const row = this.#add.get({ key, delta, nowMs, expiresMs });
    if (row) return Number(row["value"]);
    throw new VaultError("limit_exceeded", "A counter does not go beyond the safe integers.");
  }

  /** Drops those whose life has ended, then the oldest that are too many. */
  sweep(nowMs: number): void {
    this.#expire.run(nowMs);
    this.#makeRoom.run(this.#countersMax);
  }
}
