import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { openPostgres } from "../../src/storage/postgres/pg-connection.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";

const NAME = `test_${randomBytes(6).toString("hex")}`;

/** A place of its own on each of the real servers that the environment names; one that is not named is an empty list. */
export class TestServers implements AsyncDisposable {
  readonly postgres = settingsOf("DATABASE_URL", (url) => ({ url, schema: NAME }));
  readonly redis = settingsOf("REDIS_URL", (url) => ({ url, keyPrefix: `${NAME}:`, commandTimeoutMs: 1_000 }));
  readonly mongodb = settingsOf("MONGODB_URL", (url) => ({ url, database: NAME }));

  /** Removes what was left there. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { url, schema } of this.postgres) {
      await using database = await openPostgres({ url, schema, poolMax: 1 });
      await database.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
    }
    for (const settings of this.redis) {
      await using connection = await openRedis(settings);
      const keys = await connection.send<string[]>("keys", [`*${NAME}*`]);
      if (keys.length > 0) await connection.send("unlink", keys);
    }
    for (const { url, database } of this.mongodb) {
      const client = await MongoClient.connect(url);
      await client.db(database).dropDatabase();
      await client.close();
    }
  }
}

function settingsOf<Settings>(variable: string, settings: (url: string) => Settings): readonly Settings[] {
  const url = process.env[variable];
  return url ? [settings(url)] : [];
}
