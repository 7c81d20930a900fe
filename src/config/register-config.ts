import { z } from "zod";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const peer = z.strictObject({
  // Addresses are printed and logged, and no request can be made to one with a user and a password in it.
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !hasCredentials(url), "Expected an address without a user and a password")
    .describe("Address of another Strongroom, such as https://other.example:8420."),
  key: z
    .string()
    .min(16)
    .max(256)
    .regex(/^[\x21-\x7e]+$/, "Expected visible ASCII characters without spaces")
    .optional()
    .describe("API key of the tenant there that has the register."),
});

/** The registers: how the journal is sealed, how what is sealed is verified, and who has copies. */
export const registerConfig = z.strictObject({
  enabled: z.boolean().default(true).describe("false seals nothing; the journal waits. What is sealed can be read."),
  sealIntervalMs: z
    .int()
    .min(10)
    .max(HOUR_MS)
    .default(1_000)
    .describe("How long an event may wait until a docket is sealed with it."),
  sealMaxTransactions: z
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .describe("With so many events a docket is sealed at once."),
  leaseMs: z
    .int()
    .min(1_000)
    .max(HOUR_MS)
    .default(30_000)
    .describe("How long the process that seals a register keeps others from it after it was last heard of."),
  startupStrategy: z
    .enum(["auto", "blocking", "progressive"])
    .default("auto")
    .describe("blocking waits for a register's verification, progressive serves what is verified meanwhile."),
  blockingThreshold: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1_000)
    .describe("With so many dockets to be verified, auto is progressive; with fewer, blocking."),
  verificationBatchSize: z
    .int()
    .min(10)
    .max(1_000)
    .default(100)
    .describe("Dockets that are read and verified together."),
  verificationParallelism: z
    .int()
    .min(1)
    .max(16)
    .default(4)
    .describe("Batches and threads at a time, up to the cores."),
  verifyAllAtStart: z
    .boolean()
    .default(false)
    .describe("true verifies every docket at every start, instead of those after the last snapshot."),
  trustDirectory: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder of checkpoints and snapshots, out of reach of who can write to the database; `register` in dataDirectory when left out.",
    ),
  scrubPeriodMs: z
    .int()
    .min(1_000)
    .max(366 * DAY_MS)
    .default(7 * DAY_MS)
    .describe("Within this time every stored docket is verified again in the background."),
  maxRecoveryAttempts: z.int().min(1).max(100).default(3).describe("Rounds over all peers before a range is given up."),
  peers: z
    .array(peer)
    .max(16)
    .default([])
    .describe("Who has copies of the default tenant's register, to recover from."),
});

function hasCredentials(url: string): boolean {
  const { username, password } = URL.parse(url) ?? {};
  return Boolean(username) || Boolean(password);
}
