import { z } from "zod";
import { OPERATIONAL_STATES } from "../../../register/operational-state.ts";
import type { PublicRoute } from "../../route.ts";

const readiness = z.strictObject({
  status: z.enum(["ready", "degraded", "not_ready"]).meta({
    description: "degraded is ready too: a tier that can be done without is missing, or a register is not whole.",
  }),
  tiers: z.array(
    z.strictObject({
      tier: z.enum(["hot", "relational", "documents", "cold", "sessions"]),
      engine: z.string(),
      required: z.boolean(),
      status: z
        .enum(["up", "degraded", "down"])
        .meta({ description: "degraded answers, but is not used until it has made up for its outage." }),
      latencyMs: z.number(),
      circuit: z.enum(["closed", "open", "half-open"]),
      code: z.string().nullable().meta({ description: "Why the tier is down." }),
    }),
  ),
  registers: z
    .partialRecord(z.enum(OPERATIONAL_STATES), z.int().positive())
    .meta({ description: "How many of the registers that this process verifies, or has verified, are in each state." }),
});

export const ready: PublicRoute = {
  name: "ready",
  path: "/ready",
  summary: "Each tier is asked for a sign of life; how the registers are",
  tag: "Operation",
  answers: { 200: readiness, 503: readiness },
  async handle({ vault }) {
    const { status, tiers, registers } = await vault.checkHealth();
    return { status: status === "not_ready" ? 503 : 200, body: { status, tiers: [...tiers], registers } };
  },
};
