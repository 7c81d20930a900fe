import { z } from "zod";
import type { CustomerId } from "../../../identifiers.ts";
import { defineRoute } from "../../route.ts";
import { passReport } from "../../schemas/profile-schemas.ts";
import { idSchema } from "../../value-schemas.ts";

export const detectOrphans = defineRoute({
  name: "detectOrphans",
  method: "POST",
  path: "/v1/admin/profiles/detect-orphans",
  permission: "lifecycle:run",
  summary: "Orphan what lost its source",
  description:
    "Marks active items with a missing or deleted source as orphaned, now. Of the whole tenant, it also removes files that no asset came to own. The answer counts all of them and lists the first 1,000.",
  tag: "Lifecycle",
  query: z.strictObject({ customerId: idSchema<CustomerId>().optional() }),
  answers: { 200: passReport },
  idempotency: "natural",
  async handle({ vault, query }) {
    // Bytes whose upload was never recorded are orphans too.
    if (!query.customerId) await vault.assets.sweepUnowned();
    return { status: 200, body: await vault.lifecycle.detectOrphans(query.customerId ?? null) };
  },
});
