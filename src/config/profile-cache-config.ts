import { z } from "zod";

const DAY_SECONDS = 86_400;

const life = (seconds: number) => z.int().min(1).max(DAY_SECONDS).default(seconds);

/** What of profiles and schemas is kept in the hot tier, and for how long. */
export const profileCacheSchema = z.strictObject({
  enabled: z.boolean().default(true).describe("false reads every profile from the database."),
  profileTtlSeconds: life(1_800).describe("How long a profile is kept, and where its keys lead."),
  definitionsTtlSeconds: life(3_600).describe("How long the field definitions of an agent are kept."),
  requirementsTtlSeconds: life(3_600).describe("How long the requirements of a scenario are kept."),
  notFoundTtlSeconds: z
    .int()
    .min(0)
    .max(300)
    .default(5)
    .describe("How long it is remembered that there is no such customer; 0 does not remember it."),
  fallbackOnError: z
    .boolean()
    .default(true)
    .describe("Read from the database when the cache fails. false lets the failure through to the caller."),
});

export type ProfileCacheConfig = z.output<typeof profileCacheSchema>;
