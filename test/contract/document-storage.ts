import { randomBytes } from "node:crypto";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { InMemoryDocumentDatabase } from "../../src/storage/in-memory/in-memory-document-store.ts";
import { openMongo } from "../../src/storage/mongodb/connection.ts";
import { MongoDocumentDatabase } from "../../src/storage/mongodb/mongo-document-store.ts";
import { PostgresDocumentDatabase } from "../../src/storage/postgres/postgres-document-store.ts";
import type { DocumentStorage, OpenDocumentStorage } from "../../src/testing/document-storage.ts";
import { type SqlEngine, sqlEngines, type TestDatabase } from "../../src/testing/sql-engines.ts";

export function openInMemoryDocuments(): Promise<DocumentStorage> {
  const tables = new InMemoryDatabase();
  const database = new InMemoryDocumentDatabase(tables);
  return Promise.resolve({
    database,
    another: () => Promise.resolve(new InMemoryDocumentDatabase(tables)),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  });
}

/** A schema of its own, dropped when the storage is disposed of. */
export async function openSqlDocuments(
  engine: SqlEngine,
): Promise<DocumentStorage & { readonly opened: TestDatabase }> {
  const opened = await engine.open();
  await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
  const database = new PostgresDocumentDatabase(opened.database);
  return {
    opened,
    database,
    another: () => Promise.resolve(new PostgresDocumentDatabase(opened.database)),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** A database of its own, dropped when the storage is disposed of. */
async function openMongoDocuments(url: string): Promise<DocumentStorage> {
  const options = { url, database: `test_${randomBytes(8).toString("hex")}` };
  const connection = await openMongo(options);
  const database = new MongoDocumentDatabase(connection);
  await using stack = new AsyncDisposableStack();
  stack.use(connection);
  stack.defer(() => connection.run({}, () => connection.database.dropDatabase()).then(() => undefined));
  stack.use(database);
  const opened = stack.move();
  return {
    database,
    async another() {
      const other = opened.use(await openMongo(options));
      return new MongoDocumentDatabase(other);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The engines beside the in-memory one, with the servers that the environment names. */
export function storedDocumentEngines(): { readonly name: string; readonly open: OpenDocumentStorage }[] {
  const url = process.env["MONGODB_URL"];
  return [
    ...sqlEngines().map((engine) => ({ name: engine.flavour, open: () => openSqlDocuments(engine) })),
    ...(url ? [{ name: "mongodb", open: () => openMongoDocuments(url) }] : []),
  ];
}
