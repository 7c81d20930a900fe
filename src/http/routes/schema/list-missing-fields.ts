import { z } from "zod";
import type { ScenarioId, StepId } from "../../../identifiers.ts";
import { REQUIRED_LEVELS } from "../../../schema/requirement.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { missingList } from "../../schemas/schema-schemas.ts";
import { idSchema } from "../../value-schemas.ts";

export const listMissingFields = defineRoute({
  name: "listMissingFields",
  method: "GET",
  path: "/v1/customers/:customerId/missing",
  permission: "profile:read",
  summary: "What is missing before a scenario",
  description:
    "Unmet requirements of the scenario as a whole and of the step, in the order in which to collect them, each with " +
    "its reason and the question to ask.",
  tag: "Fields",
  params: customerPath,
  query: z.strictObject({
    scenarioId: idSchema<ScenarioId>(),
    stepId: idSchema<StepId>().optional(),
    level: z.enum([...REQUIRED_LEVELS, "all"]).default("hard"),
  }),
  answers: { 200: missingList },
  errors: ["customer_not_found", "customer_merged"],
  async handle({ vault, params, query }) {
    const items = await vault.gaps.missing(params.customerId, query);
    return { status: 200, body: { items, nextCursor: null } };
  },
});
