import { z } from "zod";
import type { PublicRoute } from "../../route.ts";

const readiness = z.strictObject({
  status: z.enum(["ready", "unavailable"]),
  tiers: z.array(
    z.strictObject({
      tier: z.string(),
      engine: z.string(),
      status: z.enum(["up", "down"]),
      latencyMs: z.number(),
      code: z.string().nullable().meta({ description: "Why the tier is down." }),
    }),
  ),
});

export const ready: PublicRoute = {
  name: "ready",
  path: "/ready",
  summary: "Each tier is asked for a sign of life",
  tag: "Operation",
  answers: { 200: readiness, 503: readiness },
  async handle({ vault }) {
    const tiers = await vault.checkHealth();
    const isReady = tiers.every(({ status }) => status === "up");
    return { status: isReady ? 200 : 503, body: { status: isReady ? "ready" : "unavailable", tiers } };
  },
};
