import { z } from "zod";
import type { CustomerId } from "../../../identifiers.ts";
import { IDEMPOTENCY_SWEEP_MAX } from "../../../tenants/idempotency-store.ts";
import { defineRoute } from "../../route.ts";
import { passReport } from "../../schemas/profile-schemas.ts";
import { idSchema } from "../../value-schemas.ts";

export const expireStale = defineRoute({
  name: "expireStale",
  method: "POST",
  path: "/v1/admin/profiles/expire-stale",
  permission: "lifecycle:run",
  summary: "Expire what is due",
  description:
    "Expires active fields and assets past their expiresAt, now. The answer counts all of them and lists the first 1,000.",
  tag: "Lifecycle",
  query: z.strictObject({ customerId: idSchema<CustomerId>().optional() }),
  answers: { 200: passReport },
  idempotency: "natural",
  async handle({ vault, query, services }) {
    // What is remembered of idempotent requests expires too, and holds what customers said.
    if (!query.customerId) await vault.idempotency.deleteExpired(services.vault.clock.now(), IDEMPOTENCY_SWEEP_MAX);
    return { status: 200, body: await vault.lifecycle.expireStale(query.customerId ?? null) };
  },
});
