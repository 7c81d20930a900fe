import type { ClientBase } from "pg";
import { VaultError } from "../../errors.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import type { OwnerConnection, SqlRow } from "./sql-database.ts";
import { translateError } from "./translate-error.ts";

/** Lends `client` to `work` as the connecting user itself: no role, no tenant, no statement timeout. */
export async function lendToOwner<T>(
  client: ClientBase,
  schema: string,
  work: (owner: OwnerConnection) => Promise<T>,
): Promise<T> {
  const session = new OwnerSession(client);
  try {
    await session.execute(`
      set search_path to ${quoteIdentifier(schema)}, public;
      set timezone to 'UTC';
      set statement_timeout to 0;
    `);
    return await work(session);
  } finally {
    session.end();
  }
}

class OwnerSession implements OwnerConnection {
  readonly #client: ClientBase;
  #ended = false;

  constructor(client: ClientBase) {
    this.#client = client;
  }

  async execute(sql: string): Promise<void> {
    this.#requireOpen();
    try {
      await this.#client.query(sql);
    } catch (error) {
      throw translateError(error);
    }
  }

  async query<Row extends SqlRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    this.#requireOpen();
    try {
      const { rows } = await this.#client.query({ text, values: values as unknown[] });
      return rows as Row[];
    } catch (error) {
      throw translateError(error);
    }
  }

  end(): void {
    this.#ended = true;
  }

  #requireOpen(): void {
    if (this.#ended) throw new VaultError("internal_error", "The owner's connection was given back.");
  }
}
