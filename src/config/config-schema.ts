import { z } from "zod";
import { isMasterKey } from "./master-key.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const milliseconds = (most: number) => z.int().min(1).max(most);

const http = z.strictObject({
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe(
      "Address to listen on. Loopback, because there is no TLS here: use 0.0.0.0 behind a proxy or in a container.",
    ),
  port: z.int().min(0).max(65_535).default(8420).describe("Port to listen on; 0 takes a free one."),
  bodyLimitBytes: z
    .int()
    .min(KIB)
    .max(64 * MIB)
    .default(MIB)
    .describe("Largest JSON body. Uploads have a limit of their own."),
  shutdownTimeoutMs: milliseconds(300_000)
    .default(10_000)
    .describe("How long requests that are running may take to finish at shutdown."),
});

const database = z.strictObject({
  engine: z
    .enum(["postgres", "in-memory"])
    .default("postgres")
    .describe("postgres is a server when database.url is set, else embedded. in-memory forgets everything at the end."),
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

/** Every setting with its default; `strongroom config` prints the descriptions. */
export const configSchema = z.strictObject({
  http: http.prefault({}),
  dataDirectory: z
    .string()
    .min(1)
    .default("./data")
    .describe("Folder of the embedded database, of uploaded files and of generated keys."),
  database: database.prefault({}),
  apiKey: z
    .string()
    .min(16)
    .max(256)
    .regex(/^[\x21-\x7e]+$/, "Expected visible ASCII characters without spaces")
    .optional()
    .describe("Administrator key of the default tenant. Without it one is made on the first start and printed once."),
  masterKey: z
    .string()
    .refine(isMasterKey, "Expected 32 bytes as 64 hex digits or as base64")
    .optional()
    .describe("Key that wraps the tenants' keys. Without it one is made in dataDirectory."),
  assets: z
    .strictObject({
      sizeLimitBytes: z
        .int()
        .min(1)
        .max(5 * KIB * MIB)
        .default(25 * MIB)
        .describe("Largest file that can be uploaded."),
    })
    .prefault({}),
  validation: z
    .strictObject({
      mode: z
        .enum(["strict", "warn", "disabled"])
        .default("warn")
        .describe(
          "What a value that breaks its definition meets, unless its tenant, agent or definition says otherwise.",
        ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(["debug", "info", "warn", "error", "silent"])
        .default("info")
        .describe("Least level that is logged."),
      format: z.enum(["auto", "pretty", "json"]).default("auto").describe("auto is pretty on a terminal, else json."),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;

/** A leaf of the schema, such as `http.port`. */
export interface Setting {
  readonly path: string;
  readonly description: string;
  readonly type: "string" | "number" | "boolean";
  /** Never written to a file in clear, never printed. */
  readonly isSecret: boolean;
}

const SECRETS = new Set(["apiKey", "masterKey", "database.url"]);

/** In the order of the schema. */
export const SETTINGS: readonly Setting[] = settingsOf(configSchema, "");

function settingsOf(schema: z.ZodObject, prefix: string): Setting[] {
  return Object.entries(schema.shape).flatMap(([name, member]) => {
    const path = prefix + name;
    const inner = unwrapped(member as z.ZodType);
    if (inner instanceof z.ZodObject) return settingsOf(inner, `${path}.`);
    const description = (member as z.ZodType).description ?? "";
    return [{ path, description, type: typeOf(inner), isSecret: SECRETS.has(path) }];
  });
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function typeOf(schema: z.ZodType): Setting["type"] {
  if (schema instanceof z.ZodNumber) return "number";
  return schema instanceof z.ZodBoolean ? "boolean" : "string";
}
