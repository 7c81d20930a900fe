import { z } from "zod";
import type { CustomerId } from "../../../identifiers.ts";
import { defineRoute } from "../../route.ts";
import { idSchema } from "../../value-schemas.ts";

const scope = z
  .strictObject({
    customerId: idSchema<CustomerId>().optional().meta({ description: "Forgets this customer's profile." }),
    all: z.literal(true).optional().meta({ description: "Forgets everything that is kept of the tenant." }),
  })
  .refine(({ customerId, all }) => (customerId === undefined) !== (all === undefined), "Name customerId or all.");

const invalidation = z.strictObject({
  enabled: z.boolean().meta({ description: "False when nothing is cached." }),
  removed: z.int().meta({ description: "Entries that are gone by it." }),
  degraded: z
    .boolean()
    .meta({ description: "The cache did not answer, but will have forgotten by the time it is read again." }),
});

export const invalidateCache = defineRoute({
  name: "invalidateCache",
  method: "POST",
  path: "/v1/admin/cache/invalidate",
  permission: "lifecycle:run",
  summary: "Forget what is cached",
  description:
    "Makes the next reads come from the database: for after a change behind the vault's back, which itself never needs this. Unknown customers are no error, since they may be known to the cache alone.",
  tag: "Lifecycle",
  body: scope,
  answers: { 200: invalidation },
  idempotency: "natural",
  async handle({ vault, body: { customerId } }) {
    const asked = customerId === undefined ? ({ all: true } as const) : { customerId };
    return { status: 200, body: await vault.cache.invalidate(asked) };
  },
});
