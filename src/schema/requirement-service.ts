import type { RequirementId, ScenarioId } from "../identifiers.ts";
import { checkRequirements, type FieldRequirementInput, requireRequirementCount } from "./check-requirement.ts";
import type { ConditionCompiler } from "./condition.ts";
import type { FieldRequirement, RequirementScope, RequirementSelector } from "./requirement.ts";
import { type SchemaServiceOptions, schemaEvent } from "./schema-stores.ts";

const WHOLE: RequirementSelector = { kind: "all" };

/** Use cases on what scenarios need to know. */
export class RequirementService {
  readonly #options: SchemaServiceOptions;
  readonly #conditions: ConditionCompiler;

  constructor(options: SchemaServiceOptions, conditions: ConditionCompiler) {
    this.#options = options;
    this.#conditions = conditions;
  }

  /**
   * Makes the list the whole content of the scenario, or of the named part of it. Returns it in collection order.
   * Rejects with `invalid_requirement`, `limit_exceeded`; nothing is changed then.
   */
  replace(
    scenarioId: ScenarioId,
    scope: RequirementScope,
    inputs: readonly FieldRequirementInput[],
  ): Promise<readonly FieldRequirement[]> {
    const now = this.#options.clock.now();
    const requirements = checkRequirements(inputs, this.#conditions).map((draft) => ({
      ...draft,
      id: this.#options.ids.uuid<RequirementId>(),
      createdAt: now,
      updatedAt: now,
    }));
    return this.#options.transaction(async ({ schema, audit }) => {
      const stored = await schema.replaceRequirements(scenarioId, scope, requirements);
      // The limit is that of the scenario, so what lies outside the replaced part counts too.
      if (scope.kind !== "all") requireRequirementCount((await schema.listRequirements(scenarioId, WHOLE)).length);
      await audit.append([
        schemaEvent(this.#options, {
          eventType: "requirements_replaced",
          subjectId: scenarioId,
          eventData: { ...scope, fields: stored.map((requirement) => requirement.fieldName) },
        }),
      ]);
      return stored;
    });
  }

  /** In collection order, then by field name. Empty for an unknown scenario. */
  list(scenarioId: ScenarioId, selector: RequirementSelector): Promise<readonly FieldRequirement[]> {
    return this.#options.schema.listRequirements(scenarioId, selector);
  }

  /** Returns how many there were. */
  delete(scenarioId: ScenarioId, scope: RequirementScope): Promise<number> {
    return this.#options.transaction(async ({ schema, audit }) => {
      const count = await schema.deleteRequirements(scenarioId, scope);
      if (count > 0) {
        await audit.append([
          schemaEvent(this.#options, {
            eventType: "requirements_deleted",
            subjectId: scenarioId,
            eventData: { ...scope, count },
          }),
        ]);
      }
      return count;
    });
  }
}
