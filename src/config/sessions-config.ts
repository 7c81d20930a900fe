import { z } from "zod";

const WEEK_SECONDS = 604_800;

const seconds = (most: number) => z.int().min(1).max(most);

/** Where sessions are kept, and for how long. */
export const sessionsConfig = z
  .strictObject({
    engine: z
      .enum(["postgres", "redis", "in-memory"])
      .default("postgres")
      .describe(
        "postgres keeps sessions in the relational tier, whatever its engine. in-memory forgets them at the end.",
      ),
    redisUrl: z
      .string()
      .regex(/^rediss?:\/\/./, "Expected redis://user:password@host:port/0, or rediss:// for TLS")
      .optional()
      .describe("Redis server of the sessions, with noeviction; the hot tier's when left out."),
    commandTimeoutMs: z.int().min(1).max(60_000).default(1_000).describe("Deadline of one command to that server."),
    hotTtlSeconds: seconds(86_400)
      .default(1_800)
      .describe("How long a session stays in the hot tier after it was saved or fetched from the other one."),
    persistTtlSeconds: seconds(31_536_000).default(WEEK_SECONDS).describe("How long the other tier keeps a session."),
    maxSessionAgeSeconds: seconds(31_536_000)
      .default(WEEK_SECONDS)
      .describe("A session without activity for this long does not exist any more, whatever the engine."),
  })
  .refine(({ hotTtlSeconds, persistTtlSeconds }) => hotTtlSeconds <= persistTtlSeconds, {
    path: ["hotTtlSeconds"],
    message: "Must not be more than persistTtlSeconds",
  })
  .refine(({ maxSessionAgeSeconds, persistTtlSeconds }) => maxSessionAgeSeconds <= persistTtlSeconds, {
    path: ["persistTtlSeconds"],
    message: "Must not be less than maxSessionAgeSeconds",
  });

export type SessionsConfig = z.output<typeof sessionsConfig>;
