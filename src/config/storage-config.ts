import { z } from "zod";
import {
  BUILT_IN_ENGINES,
  type EngineSettings,
  inMemoryCacheSettings,
  mongodbSettings,
  postgresSettings,
  redisSettings,
  type Tier,
} from "./engine-settings.ts";

const OBSERVABILITY_LEVELS = ["none", "metrics", "structured-logging", "full-tracing"] as const;

const observability = (level: (typeof OBSERVABILITY_LEVELS)[number]) =>
  z
    .strictObject({
      level: z
        .enum(OBSERVABILITY_LEVELS)
        .default(level)
        .describe("What is told of each operation: none, then metrics, log lines too, and traces too."),
      metricsEnabled: z.boolean().default(true).describe("false takes the metrics out of the level."),
      loggingEnabled: z.boolean().default(true).describe("false takes the log lines out of the level."),
      tracingEnabled: z.boolean().default(true).describe("false takes the traces out of the level."),
    })
    .prefault({});

const circuitBreaker = (openMs: number) =>
  z
    .strictObject({
      consecutiveFailures: z.int().min(1).max(1_000).default(3).describe("So many failures in a row stop the calls."),
      failureRatio: z.number().gt(0).max(1).default(0.5).describe("So many of the sampled calls failing do, too."),
      callsMin: z.int().min(1).max(100_000).default(5).describe("The ratio counts from so many sampled calls on."),
      samplingMs: z.int().min(1_000).max(3_600_000).default(60_000).describe("How far back calls are sampled."),
      openMs: z
        .int()
        .min(10)
        .max(3_600_000)
        .default(openMs)
        .describe(
          "How long the engine is left alone at most before it is asked for a sign of life; 1 s at first, then twice as long.",
        ),
    })
    .prefault({});

const bulkhead = (concurrentMax: number) =>
  z
    .strictObject({
      concurrentMax: z.int().min(1).max(100_000).default(concurrentMax).describe("Calls that are under way at most."),
      queueMax: z.int().min(0).max(1_000_000).default(10_000).describe("Calls that wait for their turn at most."),
    })
    .prefault({});

const required = (isRequired: boolean) =>
  z.boolean().default(isRequired).describe("Whether the vault refuses to start, and is not ready, without this tier.");

const allowVolatile = z
  .boolean()
  .default(false)
  .describe("Accept in production that a required tier forgets everything when the process ends.");

/** @param engines those of the vault and those from outside */
export function storageSchema(engines: readonly EngineSettings[]) {
  const documents = documentsSchema(engines);
  return z.strictObject({
    engineModules: z
      .union([z.string().transform(namesIn), z.array(z.string().min(1))])
      .default([])
      .describe("Packages, or files beginning with ./, that bring engines of their own; separated by commas."),
    hot: extended(hotSchema(engines), engines, "hot").prefault({}),
    warm: z
      .strictObject({
        relational: extended(relationalSchema(engines), engines, "relational").prefault({}),
        documents: extended(documents, engines, "documents").prefault({}),
      })
      .prefault({}),
    cold: extended(coldSchema(engines, documents), engines, "cold").prefault({}),
  });
}

function hotSchema(engines: readonly EngineSettings[]) {
  return z.strictObject({
    engine: engineName(engines, "hot").default("in-memory").describe("Where the cache is."),
    required: required(false),
    allowVolatile,
    defaultTtlSeconds: z
      .int()
      .min(1)
      .max(31_536_000)
      .default(900)
      .describe("How long an entry lives for which nothing else is said."),
    "in-memory": inMemoryCacheSettings.optional(),
    redis: redisSettings.optional(),
    circuitBreaker: circuitBreaker(5_000),
    bulkhead: bulkhead(1_000),
    observability: observability("metrics"),
  });
}

function relationalSchema(engines: readonly EngineSettings[]) {
  return z.strictObject({
    engine: engineName(engines, "relational")
      .default("postgres")
      .describe("postgres is a server when its url is set, else embedded. in-memory forgets everything at the end."),
    allowVolatile,
    postgres: postgresSettings.optional(),
    "in-memory": z.strictObject({}).optional(),
    circuitBreaker: circuitBreaker(1_000),
    observability: observability("structured-logging"),
  });
}

function documentsSchema(engines: readonly EngineSettings[]) {
  return z.strictObject({
    engine: engineName(engines, "documents")
      .default("postgres")
      .describe("Where documents are; the relational tier's engine by default."),
    required: required(true),
    allowVolatile,
    postgres: z.strictObject({}).optional(),
    mongodb: mongodbSettings.optional(),
    "in-memory": z.strictObject({}).optional(),
    circuitBreaker: circuitBreaker(30_000),
    bulkhead: bulkhead(100),
    observability: observability("structured-logging"),
  });
}

function coldSchema(engines: readonly EngineSettings[], { shape }: ReturnType<typeof documentsSchema>) {
  return z.strictObject({
    ...shape,
    engine: engineName(engines, "cold")
      .default("postgres")
      .describe("Where sealed records are; the relational tier's engine by default."),
    observability: observability("full-tracing"),
  });
}

/** With the sections of engines from outside, which its type does not tell. */
function extended<Schema extends z.ZodObject>(schema: Schema, engines: readonly EngineSettings[], tier: Tier): Schema {
  const builtIn: readonly EngineSettings[] = BUILT_IN_ENGINES;
  const outside = engines.filter((engine) => engine.tier === tier && !builtIn.includes(engine));
  const sections = Object.fromEntries(outside.map(({ name, settings }) => [name, settings.optional()]));
  return schema.extend(sections) as unknown as Schema;
}

function engineName(engines: readonly EngineSettings[], tier: Tier) {
  return z.enum(engines.filter((engine) => engine.tier === tier).map(({ name }) => name));
}

export function namesIn(list: string): string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
