import type { CustomerId, ScenarioId, StepId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { ConditionCompiler } from "../schema/condition.ts";
import { definitionLookup, type MissingField, missingFields } from "../schema/missing-fields.ts";
import type { RequiredLevel } from "../schema/requirement.ts";
import { customerNotFound } from "./change-customer.ts";
import { assertNotMerged } from "./plan-customer-changes.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";

export interface GapQuery {
  readonly scenarioId: ScenarioId;
  /** The step about to be entered: its requirements count with those of the whole scenario. */
  readonly stepId?: StepId | undefined;
  /** Default `hard`. */
  readonly level?: RequiredLevel | "all" | undefined;
  /** Session variables that conditions may read. */
  readonly session?: JsonObject | undefined;
}

/** What an agent still has to find out before it may start a scenario. */
export class GapService {
  readonly #options: ProfileServiceOptions;
  readonly #conditions: ConditionCompiler;

  constructor(options: ProfileServiceOptions, conditions: ConditionCompiler) {
    this.#options = options;
    this.#conditions = conditions;
  }

  /** Unmet requirements in collection order. One round trip. Rejects with `customer_not_found`, `customer_merged`. */
  async missing(customerId: CustomerId, query: GapQuery): Promise<readonly MissingField[]> {
    const { store, keys, useCase } = this.#options;
    const selector = { kind: "effective", stepId: query.stepId ?? null } as const;
    const context = await store.loadGapContext(customerId, query.scenarioId, selector);
    if (!context) throw customerNotFound();
    assertNotMerged(context.customer);
    const opened = context.requirements.some((each) => each.whenCondition !== null)
      ? await keys.open(context.fields, store)
      : undefined;
    return missingFields({
      requirements: context.requirements,
      definitions: definitionLookup(context.definitions),
      fields: context.fields.map((field) =>
        field.sealedValue === null ? field : { ...field, value: opened?.get(field.id) ?? null },
      ),
      now: useCase.clock.now(),
      level: query.level,
      session: query.session,
      conditions: this.#conditions,
    });
  }
}
