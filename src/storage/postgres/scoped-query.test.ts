import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PGliteStream } from "./pglite-stream.ts";
import { PGliteThread } from "./pglite-thread.ts";
import { type PreludeStep, type QueryCallback, ScopedQuery } from "./scoped-query.ts";
import type { SqlRow, SqlStatement } from "./sql-database.ts";

interface Backend extends AsyncDisposable {
  readonly client: pg.Client;
}

async function onServer(url: string): Promise<Backend> {
  const client = new pg.Client({ connectionString: url, pipeline: true });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

async function onPGlite(): Promise<Backend> {
  const thread = await PGliteThread.start(undefined);
  const stream = () => new PGliteStream(thread) as unknown as ReturnType<NonNullable<pg.ClientConfig["stream"]>>;
  const client = new pg.Client({
    stream,
    ssl: false,
    pipeline: true,
    host: "x",
    user: "postgres",
    database: "postgres",
  });
  await client.connect();
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.end();
      await thread.end(true);
    },
  };
}

const url = process.env["DATABASE_URL"];
const backends: { name: string; open: () => Promise<Backend> }[] = [
  { name: "PGlite", open: onPGlite },
  ...(url ? [{ name: "a server", open: () => onServer(url) }] : []),
];

const SET: PreludeStep = { name: "set_scope", values: ["new"] };
const BEGIN: PreludeStep = { name: "begin_it", values: [] };
const ADD: SqlStatement = { name: "add_row", text: "insert into pg_temp.written values ($1) returning value" };
const COUNT: SqlStatement = { name: "count_rows", text: "select count(*)::integer as count from pg_temp.written" };
const SCOPE: SqlStatement = { name: "see_scope", text: "select current_setting('test.scope') as scope" };

describe.each(backends)("ScopedQuery on $name", ({ open }) => {
  let backend: Backend;

  beforeAll(async () => {
    backend = await open();
    await backend.client.query(`
      create temporary table written (value integer);
      prepare set_scope(text) as select set_config('test.scope', $1, false);
      set test.scope = 'old';
    `);
    await backend.client.query({ name: "begin_it", text: "begin" });
    await backend.client.query("rollback");
  });
  afterAll(async () => {
    await backend[Symbol.asyncDispose]();
  });

  function run(statement: SqlStatement, values: unknown[], prelude: PreludeStep[]): Promise<SqlRow[]> {
    return new Promise((resolve, reject) => {
      const query = new ScopedQuery(statement, values, prelude);
      const settle: QueryCallback = (error, result) => (error ? reject(error) : resolve(result?.rows ?? []));
      query.callback = settle;
      void backend.client.query(query as unknown as pg.Submittable);
    });
  }

  it("answers with the rows of the statement and none of the steps before it", async () => {
    expect(await run(SCOPE, [], [SET])).toEqual([{ scope: "new" }]);
    expect(await run(SCOPE, [], [{ ...SET, values: ["old"] }])).toEqual([{ scope: "old" }]);
    expect(await run(SCOPE, [], [])).toEqual([{ scope: "old" }]);
  });

  it("does not run the statement when a step fails, and is prepared properly afterwards", async () => {
    const missing: PreludeStep = { name: "nobody_prepared_this", values: ["new"] };
    await expect(run(ADD, [1], [missing])).rejects.toMatchObject({ code: "26000" });
    await expect(run(ADD, [2], [SET, missing])).rejects.toMatchObject({ code: "26000" });
    expect(await run(COUNT, [], [])).toEqual([{ count: 0 }]);
    expect(await run(ADD, [3], [])).toEqual([{ value: 3 }]);
    expect(await run(SCOPE, [], [])).toEqual([{ scope: "old" }]);
  });

  it("takes the setting back when the statement fails", async () => {
    await expect(run({ name: "fail", text: "select 1 / $1::integer" }, [0], [SET])).rejects.toMatchObject({
      code: "22012",
    });
    expect(await run(SCOPE, [], [])).toEqual([{ scope: "old" }]);
  });

  it("opens a transaction together with its first statement", async () => {
    expect(await run(ADD, [4], [BEGIN, SET])).toEqual([{ value: 4 }]);
    expect(await run(SCOPE, [], [])).toEqual([{ scope: "new" }]);
    await backend.client.query("rollback");
    expect(await run(SCOPE, [], [])).toEqual([{ scope: "old" }]);
    expect(await run({ name: "has_4", text: "select 1 from pg_temp.written where value = 4" }, [], [])).toEqual([]);
  });

  it("does not mix the answers of queries that are sent together", async () => {
    const answers = await Promise.allSettled([
      run(SCOPE, [], [{ ...SET, values: ["a"] }]),
      run({ name: "fail", text: "select 1 / $1::integer" }, [0], [{ ...SET, values: ["b"] }]),
      run(SCOPE, [], []),
      run(SCOPE, [], [{ ...SET, values: ["c"] }]),
    ]);
    expect(answers).toMatchObject([
      { value: [{ scope: "a" }] },
      { reason: { code: "22012" } },
      { value: [{ scope: "a" }] },
      { value: [{ scope: "c" }] },
    ]);
  });
});
