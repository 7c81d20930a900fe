import { quoteIdentifier } from "./quote-identifier.ts";
import type { OwnerConnection } from "./sql-database.ts";

const FIRST_AFTER = 250;
const AT_LEAST_EVERY = 50_000;

/**
 * Runs the upkeep of a database that has no autovacuum, in the background: after the first calls, then each time
 * their number has doubled, and later every `AT_LEAST_EVERY` calls. Plans are made for the tables as they were
 * when somebody last looked; without a look, those made for empty tables serve full ones by reading all of them.
 */
export class Upkeep {
  readonly #work: () => Promise<void>;
  #calls = 0;
  #nextAt = FIRST_AFTER;
  #running: Promise<void> | undefined;
  #ended = false;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Counts a call, and starts the work when it is due. Never throws, never waits. */
  count(): void {
    if (++this.#calls < this.#nextAt || this.#running || this.#ended) return;
    this.#running = this.#run();
  }

  /** Starts no more work, and waits for that which runs. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#work();
    } catch {
      // Upkeep that fails leaves the database as it was, only slower; the next turn tries again.
    }
    this.#nextAt = this.#calls + Math.min(this.#calls, AT_LEAST_EVERY);
    this.#running = undefined;
  }
}

/** Frees the space of dead rows and measures the tables of the schema. Plans made before are made anew. */
export async function vacuumTables(owner: OwnerConnection, schema: string): Promise<void> {
  const tables = await owner.query<{ tablename: string }>("select tablename from pg_tables where schemaname = $1", [
    schema,
  ]);
  if (tables.length === 0) return;
  const names = tables.map(({ tablename }) => `${quoteIdentifier(schema)}.${quoteIdentifier(tablename)}`);
  await owner.execute(`vacuum (analyze) ${names.join(", ")}`);
}
