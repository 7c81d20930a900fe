import pg from "pg";
import { PGliteStream } from "../../src/storage/postgres/pglite-stream.ts";
import { PGliteThread } from "../../src/storage/postgres/pglite-thread.ts";
import { APPLICATION_ROLE, type SqlStatement, TENANT_SETTING } from "../../src/storage/postgres/sql-database.ts";

/** The driver as a user takes it, with the settings the vault gives it and nothing of the vault around it. */
export interface ByHandConnection extends AsyncDisposable {
  /** Runs a named prepared statement on any free connection. */
  query(statement: SqlStatement, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** One connection that nobody else uses, for transactions. */
  readonly client: pg.ClientBase;
  /** Whether row-level security confines the statements that follow, and to whom. */
  isolate(tenantId: string | undefined): Promise<void>;
}

const POOL_MAX = 10;

/** A pool on a server. It is isolated, or not, from its first connection on. */
export async function connectToServer(options: {
  readonly url: string;
  readonly schema: string;
  readonly tenantId?: string | undefined;
}): Promise<ByHandConnection> {
  const config = { connectionString: options.url, keepAlive: true, pipeline: true, max: POOL_MAX };
  const setUp = `set search_path to "${options.schema}", public; set timezone to 'UTC'; ${isolation(options.tenantId)}`;
  const onConnect = (async (client: pg.ClientBase) => {
    await client.query(setUp);
  }) as unknown as (client: pg.ClientBase) => void;
  const pool = new pg.Pool({ ...config, onConnect });
  const client = new pg.Client(config);
  await client.connect();
  await client.query(setUp);
  return {
    client,
    query: async ({ name, text }, values) => (await pool.query({ name, text, values: values as unknown[] })).rows,
    isolate: async () => undefined,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await client.end();
    },
  };
}

/** The embedded database in a thread, as the vault runs it; there is one connection, of the superuser. */
export async function connectToPGlite(dataDirectory: string, schema: string): Promise<ByHandConnection> {
  const thread = await PGliteThread.start(dataDirectory);
  const client = new pg.Client({
    stream: () => new PGliteStream(thread) as unknown as ReturnType<NonNullable<pg.ClientConfig["stream"]>>,
    pipeline: true,
    ssl: false,
    host: "pglite",
    user: "postgres",
    password: "",
    database: "postgres",
  });
  await client.connect();
  await client.query(`set search_path to "${schema}", public; set timezone to 'UTC'`);
  return {
    client,
    query: async ({ name, text }, values) => (await client.query({ name, text, values: values as unknown[] })).rows,
    async isolate(tenantId) {
      await client.query(`reset role; ${isolation(tenantId)}`);
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await thread.end(true);
    },
  };
}

function isolation(tenantId: string | undefined): string {
  if (tenantId === undefined) return "";
  return `select set_config('${TENANT_SETTING}', '${tenantId}', false); set role ${APPLICATION_ROLE};`;
}
