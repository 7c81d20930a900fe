import { z } from "zod";
import type { EngineSettings } from "./engine-settings.ts";
import { isMasterKey } from "./master-key.ts";
import { profileCacheSchema } from "./profile-cache-config.ts";
import { registerConfig } from "./register-config.ts";
import { sessionsConfig } from "./sessions-config.ts";
import { storageSchema } from "./storage-config.ts";
import { walletsConfig } from "./wallets-config.ts";

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

const validation = z.strictObject({
  mode: z
    .enum(["strict", "warn", "disabled"])
    .default("warn")
    .describe("What a value that breaks its definition meets, unless its tenant, agent or definition says otherwise."),
});

/** Every setting with its default; `strongroom config` prints the descriptions. */
export const configSchema = (engines: readonly EngineSettings[]) =>
  z.strictObject({
    environment: z
      .enum(["development", "production"])
      .default("development")
      .describe(
        "In production the vault refuses what is only good for trying it out. NODE_ENV=production sets it, too.",
      ),
    http: http.prefault({}),
    dataDirectory: z
      .string()
      .min(1)
      .default("./data")
      .describe("Folder of the embedded database, of uploaded files and of generated keys."),
    storage: storageSchema(engines).prefault({}),
    profileCache: profileCacheSchema.prefault({}),
    sessions: sessionsConfig.prefault({}),
    register: registerConfig.prefault({}),
    wallets: walletsConfig.prefault({}),
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
    validation: validation.prefault({}),
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

export type Config = z.output<ReturnType<typeof configSchema>>;
export type ConfigInput = z.input<ReturnType<typeof configSchema>>;
