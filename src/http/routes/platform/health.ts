import { z } from "zod";
import type { PublicRoute } from "../../route.ts";

export const health: PublicRoute = {
  name: "health",
  path: "/health",
  summary: "The process is alive; nothing else is asked",
  tag: "Operation",
  answers: { 200: z.strictObject({ status: z.literal("ok") }) },
  handle: () => ({ status: 200, body: { status: "ok" } }),
};
