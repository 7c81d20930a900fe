import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConfigInput } from "../../src/config/config-schema.ts";
import { TestServers } from "./test-servers.ts";
import { firstLife, secondLife } from "./vault-life.ts";

const servers = new TestServers();
const KEY = "operators-own-key";

type Storage = NonNullable<ConfigInput["storage"]>;

/** One engine of one tier, and whether it keeps what it is given when the vault is closed. */
interface Choice {
  readonly name: string;
  readonly settings: Storage;
  readonly isDurable: boolean;
}

const HOT: readonly Choice[] = [
  { name: "in-memory", settings: { hot: { engine: "in-memory" } }, isDurable: false },
  ...servers.redis.map((redis) => ({ name: "redis", settings: { hot: { engine: "redis", redis } }, isDurable: false })),
];

const RELATIONAL: readonly Choice[] = [
  { name: "pglite", settings: {}, isDurable: true },
  ...servers.postgres.map((postgres) => ({
    name: "postgres",
    settings: { warm: { relational: { postgres } } },
    isDurable: true,
  })),
];

const DOCUMENTS: readonly Choice[] = [
  { name: "postgres", settings: { warm: { documents: { engine: "postgres" } } }, isDurable: true },
  { name: "in-memory", settings: { warm: { documents: { engine: "in-memory" } } }, isDurable: false },
  ...servers.mongodb.map((mongodb) => ({
    name: "mongodb",
    settings: { warm: { documents: { engine: "mongodb", mongodb } } },
    isDurable: true,
  })),
];

const COLD: readonly Choice[] = [
  { name: "postgres", settings: { cold: { engine: "postgres" } }, isDurable: true },
  { name: "in-memory", settings: { cold: { engine: "in-memory" } }, isDurable: false },
  ...servers.mongodb.map((mongodb) => ({
    name: "mongodb",
    settings: { cold: { engine: "mongodb", mongodb } },
    isDurable: true,
  })),
];

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-matrix-"));
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

// One tenant and one data directory for all, so that each combination finds what the others have left.
describe.each(RELATIONAL)("SC-001: one scenario by configuration alone, on $name", (relational) => {
  describe.each(HOT)("with a hot tier on $name", (hot) => {
    describe.each(DOCUMENTS)("documents on $name", (documents) => {
      it.each(COLD)("and sealed records on $name", async (cold) => {
        const settings: ConfigInput = {
          dataDirectory: directory,
          apiKey: KEY,
          storage: merged([relational, hot, documents, cold].map((choice) => choice.settings)),
        };
        const engines = {
          hot: hot.name,
          relational: relational.name,
          documents: documents.name === "postgres" ? relational.name : documents.name,
          cold: cold.name === "postgres" ? relational.name : cold.name,
        };
        const left = await firstLife(settings, { key: KEY, engines });
        await secondLife(settings, {
          key: KEY,
          left,
          keeps: { documents: documents.isDurable, records: cold.isDurable },
        });
        expect(left.hits).toBeGreaterThan(0);
      });
    });
  });
});

function merged(parts: readonly Storage[]): Storage {
  const warm = parts.map((part) => part.warm ?? {});
  return Object.assign({}, ...parts, { warm: Object.assign({}, ...warm) });
}
