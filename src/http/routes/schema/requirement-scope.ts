import type { z } from "zod";
import { VaultError } from "../../../errors.ts";
import type { RequirementScope, RequirementSelector } from "../../../schema/requirement.ts";
import type { requirementsQuery } from "../../schemas/schema-schemas.ts";

type Query = z.output<typeof requirementsQuery>;

/** Which requirements of a scenario a query means. Throws `invalid_request` for a scope that lacks its step. */
export function selectorOf({ scope, stepId }: Query): RequirementSelector {
  switch (scope ?? (stepId === undefined ? "all" : "step")) {
    case "all":
      return { kind: "all" };
    case "scenario":
      return { kind: "scenario" };
    case "effective":
      return { kind: "effective", stepId: stepId ?? null };
    case "step":
      if (stepId === undefined) throw scopeError("/stepId", "The scope step needs a stepId.");
      return { kind: "step", stepId };
  }
}

/** The same for writes, which change no view of two parts at once. */
export function scopeOf(query: Query): RequirementScope {
  const selector = selectorOf(query);
  if (selector.kind !== "effective") return selector;
  throw scopeError("/scope", "The scope effective can be read, not written.");
}

function scopeError(path: string, message: string): VaultError {
  return new VaultError("invalid_request", message, {
    errors: [{ path, code: "invalid_scope", message, in: "query" }],
  });
}
