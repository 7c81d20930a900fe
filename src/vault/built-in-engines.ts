import {
  BUILT_IN_ENGINES,
  type EngineSettings,
  inMemoryCacheSettings,
  mongodbSettings,
  redisSettings,
  type Tier,
} from "../config/engine-settings.ts";
import { invariant } from "../errors.ts";
import { defineEngine, type EngineContext, type StorageEngine } from "../storage/engine.ts";
import { InMemoryCacheStore } from "../storage/in-memory/in-memory-cache-store.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import { InMemoryDocumentDatabase } from "../storage/in-memory/in-memory-document-store.ts";
import { InMemoryWormDatabase } from "../storage/in-memory/in-memory-worm-store.ts";
import { type MongoConnection, openMongo } from "../storage/mongodb/connection.ts";
import { MongoDocumentDatabase } from "../storage/mongodb/mongo-document-store.ts";
import { MongoWormDatabase } from "../storage/mongodb/mongo-worm-store.ts";
import { PostgresDocumentDatabase } from "../storage/postgres/postgres-document-store.ts";
import { PostgresWormDatabase } from "../storage/postgres/postgres-worm-store.ts";
import type { SqlDatabase } from "../storage/postgres/sql-database.ts";
import { RedisCacheStore } from "../storage/redis/redis-cache-store.ts";
import type { RedisConnection } from "../storage/redis/redis-connection.ts";
import type { RelationalDatabase } from "./open-relational.ts";

/**
 * The engines that come with the vault.
 *
 * @param relational the relational tier's database, which documents and sealed records may be in, too
 */
export function builtInEngines(relational: Promise<RelationalDatabase>): readonly StorageEngine[] {
  const sql = async () => sqlOf(await relational);
  const tables = new SharedTables(relational);
  return [
    defineEngine({
      ...settingsOf("hot", "in-memory"),
      tier: "hot",
      settings: inMemoryCacheSettings,
      open: async ({ settings: { entriesMax, bytesMax }, defaultTtlMs }) =>
        new InMemoryCacheStore({ entriesMax, charactersMax: bytesMax, defaultTtlMs }),
    }),
    defineEngine({
      ...settingsOf("hot", "redis"),
      tier: "hot",
      settings: redisSettings,
      open: async (context) =>
        new RedisCacheStore(await redisConnection(context), { defaultTtlMs: context.defaultTtlMs }),
    }),
    defineEngine({
      ...settingsOf("documents", "postgres"),
      tier: "documents",
      open: async () => new PostgresDocumentDatabase(await sql()),
    }),
    defineEngine({
      ...settingsOf("documents", "mongodb"),
      tier: "documents",
      settings: mongodbSettings,
      open: async (context) => new MongoDocumentDatabase(await mongoConnection(context)),
    }),
    defineEngine({
      ...settingsOf("documents", "in-memory"),
      tier: "documents",
      open: async () => new InMemoryDocumentDatabase(await tables.get()),
    }),
    defineEngine({
      ...settingsOf("cold", "postgres"),
      tier: "cold",
      open: async () => new PostgresWormDatabase(await sql()),
    }),
    defineEngine({
      ...settingsOf("cold", "mongodb"),
      tier: "cold",
      settings: mongodbSettings,
      open: async (context) => MongoWormDatabase.open(await mongoConnection(context)),
    }),
    defineEngine({
      ...settingsOf("cold", "in-memory"),
      tier: "cold",
      open: async () => new InMemoryWormDatabase(await tables.get()),
    }),
  ];
}

type RedisSettings = typeof redisSettings._zod.output;

/** One connection for everything that is kept on a server. It is there also while the server is not. */
export function redisConnection({
  settings,
  shared,
}: Pick<EngineContext<RedisSettings>, "settings" | "shared">): Promise<RedisConnection> {
  return shared(`redis ${JSON.stringify(settings)}`, async () => {
    // A vault without a Redis starts without its driver.
    const { openRedis } = await import("../storage/redis/connection.ts");
    return openRedis({ ...settings, required: false });
  });
}

type MongoSettings = typeof mongodbSettings._zod.output;

/** One client for all that is kept in a database of a server. */
function mongoConnection({ settings, shared }: EngineContext<MongoSettings>): Promise<MongoConnection> {
  return shared(`mongodb ${JSON.stringify(settings)}`, () => openMongo(settings));
}

/** The in-process tables of documents and records: those of the relational tier, if it is in-process too. */
class SharedTables {
  readonly #relational: Promise<RelationalDatabase>;
  #own: InMemoryDatabase | undefined;

  constructor(relational: Promise<RelationalDatabase>) {
    this.#relational = relational;
  }

  async get(): Promise<InMemoryDatabase> {
    const database = await this.#relational;
    if ("inMemory" in database) return database.inMemory;
    this.#own ??= new InMemoryDatabase();
    return this.#own;
  }
}

function sqlOf(database: RelationalDatabase): SqlDatabase {
  invariant("sql" in database, "a checked configuration has PostgreSQL's tiers in PostgreSQL's database");
  return database.sql;
}

function settingsOf(tier: Tier, name: string): EngineSettings {
  const found = BUILT_IN_ENGINES.find((each) => each.tier === tier && each.name === name);
  invariant(found, "the engine is one of the vault's own");
  return found;
}
