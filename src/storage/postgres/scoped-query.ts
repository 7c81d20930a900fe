import pg from "pg";
import type { SqlRow, SqlStatement } from "./sql-database.ts";

/** A prepared statement of the connection that takes text parameters and whose result nobody reads. */
export interface PreludeStep {
  readonly name: string;
  readonly values: readonly string[];
}

export type QueryCallback = (error: unknown, result?: { readonly rows: SqlRow[] }) => void;

/** The part of the driver's wire connection that a query writes to. */
interface WireConnection {
  readonly stream: { cork(): void; uncork(): void };
  bind(config: { statement: string; values: readonly string[] }): void;
  execute(config: object): void;
}

/** What the driver calls on the query whose answer is arriving; its published types leave this out. */
interface DriverQuery {
  name: string | undefined;
  callback: QueryCallback | undefined;
  submit(connection: WireConnection): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: WireConnection): void;
}

const DriverQuery = pg.Query as unknown as new (text: string, values: readonly unknown[]) => DriverQuery;

/**
 * A statement together with the steps that must have succeeded before it may run, as one group of messages
 * that ends with a single Sync: one network turn, and when a step fails the server skips everything up to the
 * Sync. Pipelined queries would be as fast but end with a Sync each, so the statement would still run, for
 * whatever tenant the connection was set to before.
 *
 * The steps are prepared when the connection is opened, so that the group holds one Parse at most, which the
 * driver books on the statement.
 */
export class ScopedQuery extends DriverQuery {
  readonly #prelude: readonly PreludeStep[];
  #unanswered: number;

  constructor(statement: SqlStatement, values: readonly unknown[], prelude: readonly PreludeStep[]) {
    // Given text and values the driver does not clone a configuration object, which costs more than all else here.
    super(statement.text, values);
    this.name = statement.name;
    this.#prelude = prelude;
    this.#unanswered = prelude.length;
  }

  override submit(connection: WireConnection): Error | null {
    connection.stream.cork();
    try {
      for (const step of this.#prelude) {
        connection.bind({ statement: step.name, values: step.values });
        connection.execute({});
      }
      return super.submit(connection);
    } finally {
      connection.stream.uncork();
    }
  }

  override handleDataRow(message: unknown): void {
    if (this.#unanswered === 0) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.#unanswered === 0) super.handleCommandComplete(message, connection);
    else this.#unanswered--;
  }
}
