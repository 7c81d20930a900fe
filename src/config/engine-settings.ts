import { z } from "zod";

/** The parts that the vault's storage is made of, each with an engine of its own. */
export const TIERS = ["hot", "relational", "documents", "cold"] as const;
export type Tier = (typeof TIERS)[number];

/** Where each tier's section is in the configuration. */
export const TIER_PATHS: Readonly<Record<Tier, string>> = {
  hot: "storage.hot",
  relational: "storage.warm.relational",
  documents: "storage.warm.documents",
  cold: "storage.cold",
};

/** What the configuration has to know of an engine; the storage tiers know how it is opened. */
export interface EngineSettings {
  readonly tier: Tier;
  /** Lower-case letters, digits and hyphens: the value of the tier's `engine`, and the name of its section there. */
  readonly name: string;
  /** The section. Scalar members with descriptions; nothing may be required of an engine that is not chosen. */
  readonly settings: z.ZodObject;
  /** Members that are never written to a file in clear and never printed. */
  readonly secrets: readonly string[];
  /** It forgets everything when the process ends. */
  readonly isVolatile: boolean;
}

const milliseconds = (most: number) => z.int().min(1).max(most);

const MIB = 1024 * 1024;

const nothing = z.strictObject({});

export const inMemoryCacheSettings = z.strictObject({
  entriesMax: z.int().min(1).max(100_000_000).default(50_000).describe("Entries that are kept at most."),
  bytesMax: z
    .int()
    .min(MIB)
    .default(128 * MIB)
    .describe("Room for entries, by the length of their JSON."),
});

export const redisSettings = z.strictObject({
  url: z
    .string()
    .regex(/^rediss?:\/\/./, "Expected redis://user:password@host:port/0, or rediss:// for TLS")
    .describe("Redis server, 6.2 or newer."),
  keyPrefix: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, "Expected 1 to 64 visible ASCII characters")
    .default("strongroom:")
    .describe("What every key begins with. Vaults that share a server need different ones."),
  cluster: z.boolean().default(false).describe("The server is a node of a Redis cluster."),
  connectTimeoutMs: milliseconds(60_000).default(5_000).describe("Deadline for a connection."),
  commandTimeoutMs: milliseconds(10_000).default(50).describe("Deadline of one command of the cache."),
});

export const postgresSettings = z.strictObject({
  url: z
    .string()
    .regex(/^postgres(?:ql)?:\/\/./, "Expected postgres://user:password@host:port/database")
    .optional()
    .describe("PostgreSQL server, 14 or newer. Without it the database is embedded in dataDirectory."),
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, "Expected lower-case letters, digits and underscores")
    .default("strongroom")
    .describe("Schema that holds the tables."),
  poolMax: z.int().min(1).max(1_000).default(10).describe("Connections to the server at most."),
  statementTimeoutMs: milliseconds(600_000).default(10_000).describe("Deadline of one statement."),
  connectTimeoutMs: milliseconds(60_000)
    .default(5_000)
    .describe("Deadline for a connection, a new one or a free one of the pool."),
  migrateAtStart: z.boolean().default(true).describe("Bring the schema up to date when the vault is opened."),
});

export const mongodbSettings = z.strictObject({
  url: z
    .string()
    .regex(/^mongodb(?:\+srv)?:\/\/./, "Expected mongodb://user:password@host:port/")
    .describe("MongoDB server, 6 or newer."),
  database: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/, "Expected letters, digits, underscores and hyphens")
    .optional()
    .describe("Database that holds the collections: the URL's, else strongroom, when it is left out."),
  connectTimeoutMs: milliseconds(60_000).default(5_000).describe("Deadline for a server that can be asked."),
  commandTimeoutMs: milliseconds(600_000).default(10_000).describe("Deadline of one command."),
});

/** The engines that come with the vault. */
export const BUILT_IN_ENGINES = [
  { tier: "hot", name: "in-memory", settings: inMemoryCacheSettings, secrets: [], isVolatile: true },
  { tier: "hot", name: "redis", settings: redisSettings, secrets: ["url"], isVolatile: false },
  { tier: "relational", name: "postgres", settings: postgresSettings, secrets: ["url"], isVolatile: false },
  { tier: "relational", name: "in-memory", settings: nothing, secrets: [], isVolatile: true },
  { tier: "documents", name: "postgres", settings: nothing, secrets: [], isVolatile: false },
  { tier: "documents", name: "mongodb", settings: mongodbSettings, secrets: ["url"], isVolatile: false },
  { tier: "documents", name: "in-memory", settings: nothing, secrets: [], isVolatile: true },
  { tier: "cold", name: "postgres", settings: nothing, secrets: [], isVolatile: false },
  { tier: "cold", name: "mongodb", settings: mongodbSettings, secrets: ["url"], isVolatile: false },
  { tier: "cold", name: "in-memory", settings: nothing, secrets: [], isVolatile: true },
] as const satisfies readonly EngineSettings[];
