import { z } from "zod";

const DAY_SECONDS = 86_400;

/** How wallets are read. */
export const walletsConfig = z.strictObject({
  metadataTtlSeconds: z
    .int()
    .min(1)
    .max(DAY_SECONDS)
    .default(600)
    .describe("How long what is shown of a wallet is kept in the hot tier, which keys and grants never are."),
});

export type WalletsConfig = z.output<typeof walletsConfig>;
