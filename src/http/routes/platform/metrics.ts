import { z } from "zod";
import type { PublicRoute } from "../../route.ts";

export const metrics: PublicRoute = {
  name: "metrics",
  path: "/metrics",
  summary: "Metrics in the text format of Prometheus",
  tag: "Operation",
  answers: { 200: z.string() },
  mediaType: "text/plain; version=0.0.4; charset=utf-8",
  handle: async ({ telemetry }) => ({ status: 200, body: await telemetry.renderMetrics() }),
};
