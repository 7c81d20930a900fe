import type { Instant } from "../clock.ts";
import type { AgentId, FieldDefinitionId, RequirementId, StepId } from "../identifiers.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { compareText } from "../text-order.ts";
import type { ConditionCompiler } from "./condition.ts";
import { type ConditionContext, conditionContext } from "./condition-context.ts";
import { type FieldDefinition, type FieldValueType, isInForce } from "./field-definition.ts";
import { effectiveLevel, type FallbackAction, type FieldRequirement, type RequiredLevel } from "./requirement.ts";

export const MISSING_REASONS = ["absent", "expired", "stale", "unverified", "needs_confirmation"] as const;
export type MissingReason = (typeof MISSING_REASONS)[number];

/** What the check sees of one field of a customer: its active version, or its newest one when none is active. */
export interface FieldView {
  readonly name: string;
  readonly value: JsonValue;
  readonly verified: boolean;
  readonly verificationMethod: string | null;
  readonly requiresConfirmation: boolean;
  readonly collectedAt: Instant;
  readonly expiresAt: Instant | null;
  readonly status: "active" | "superseded" | "expired" | "orphaned";
}

/** A requirement that is not met. */
export interface MissingField {
  readonly fieldName: string;
  /** The first that holds, in the order of `MISSING_REASONS`. */
  readonly reason: MissingReason;
  /** The level that counts: `soft` while the requirement waits for review. */
  readonly requiredLevel: RequiredLevel;
  readonly fallbackAction: FallbackAction;
  readonly collectionOrder: number;
  readonly agentId: AgentId;
  readonly stepId: StepId | null;
  readonly requirementId: RequirementId;
  /** This and the three below are `null` without a definition in force. */
  readonly definitionId: FieldDefinitionId | null;
  readonly displayName: string | null;
  readonly valueType: FieldValueType | null;
  readonly collectionPrompt: string | null;
  /** True when an agent may not go on without the field. */
  readonly blocking: boolean;
}

export type DefinitionLookup = (agentId: AgentId, name: string) => FieldDefinition | undefined;

export interface MissingFieldsQuery {
  /** Those in force at the place that is about to be entered. */
  readonly requirements: readonly FieldRequirement[];
  readonly definitions: DefinitionLookup;
  /** `null` when there is no customer: then every requirement of the level is unmet, without further questions. */
  readonly fields: readonly FieldView[] | null;
  readonly now: Instant;
  /** By the level that counts; `hard` when left out. */
  readonly level?: RequiredLevel | "all" | undefined;
  readonly session?: JsonObject | undefined;
  readonly conditions: ConditionCompiler;
}

/**
 * The requirements that are not met, one per field, by collection order, then field name.
 *
 * A requirement counts when all the fields it depends on are there and its condition is not false. A condition that
 * cannot be answered, for instance because a field it compares is absent, leaves the requirement in place: a failed
 * check never opens the gate. When several unmet requirements name one field, the stricter level and the lower order
 * win; the rest of the entry is that of the stricter one, then the lower in order, then the more specific (a step's
 * before the scenario's).
 *
 * A field is there when a version is active and not past its expiry. A requirement is met when it is there and, by
 * the definition of the requirement's own agent, fresh and verified, and no confirmation by the customer is pending.
 */
export function missingFields(query: MissingFieldsQuery): MissingField[] {
  const { level = "hard", now } = query;
  const facts = new CustomerFacts(query);
  const byName = new Map<string, MergedEntry>();
  for (const requirement of query.requirements) {
    if (level !== "all" && effectiveLevel(requirement) !== level) continue;
    if (!facts.applies(requirement)) continue;
    const definition = inForce(query.definitions(requirement.agentId, requirement.fieldName));
    const reason = facts.unmetReason(requirement.fieldName, definition, now);
    if (reason === undefined) continue;
    mergeInto(byName, missingField(requirement, definition, reason));
  }
  const entries = [...byName.values()].map(({ entry, collectionOrder }) => ({ ...entry, collectionOrder }));
  return entries.sort((a, b) => a.collectionOrder - b.collectionOrder || compareText(a.fieldName, b.fieldName));
}

/** @param definitions at most one per agent and name */
export function definitionLookup(definitions: Iterable<FieldDefinition>): DefinitionLookup {
  const byKey = new Map<string, FieldDefinition>();
  for (const definition of definitions) byKey.set(`${definition.agentId}/${definition.name}`, definition);
  return (agentId, name) => byKey.get(`${agentId}/${name}`);
}

function inForce(definition: FieldDefinition | undefined): FieldDefinition | undefined {
  return definition && isInForce(definition) ? definition : undefined;
}

/** True until the moment of expiry, which belongs to the time after it. */
function isUnexpired(expiresAt: Instant | null, now: Instant): boolean {
  return expiresAt === null || expiresAt > now;
}

class CustomerFacts {
  readonly #query: MissingFieldsQuery;
  readonly #byName: ReadonlyMap<string, FieldView>;
  #context: ConditionContext | undefined;

  constructor(query: MissingFieldsQuery) {
    this.#query = query;
    this.#byName = byNameActiveFirst(query.fields ?? []);
  }

  applies(requirement: FieldRequirement): boolean {
    if (this.#query.fields === null) return true;
    if (!requirement.dependsOnFields.every((name) => this.#isThere(this.#byName.get(name)))) return false;
    if (requirement.whenCondition === null) return true;
    return this.#query.conditions.evaluate(requirement.whenCondition, this.#conditionContext()) !== "false";
  }

  unmetReason(name: string, definition: FieldDefinition | undefined, now: Instant): MissingReason | undefined {
    const field = this.#byName.get(name);
    if (!field) return "absent";
    if (!this.#isThere(field)) return field.status === "active" || field.status === "expired" ? "expired" : "absent";
    if (isStale(field, definition, now)) return "stale";
    if (isUnverified(field, definition)) return "unverified";
    return field.requiresConfirmation ? "needs_confirmation" : undefined;
  }

  #isThere(field: FieldView | undefined): boolean {
    return field?.status === "active" && isUnexpired(field.expiresAt, this.#query.now);
  }

  #conditionContext(): ConditionContext {
    this.#context ??= conditionContext(
      [...this.#byName.values()].filter((field) => this.#isThere(field)),
      this.#query.session ?? {},
      this.#query.now,
    );
    return this.#context;
  }
}

function byNameActiveFirst(fields: readonly FieldView[]): ReadonlyMap<string, FieldView> {
  const byName = new Map<string, FieldView>();
  for (const field of fields) {
    if (field.status === "active" || !byName.has(field.name)) byName.set(field.name, field);
  }
  return byName;
}

function isStale(field: FieldView, definition: FieldDefinition | undefined, now: Instant): boolean {
  const freshnessSeconds = definition?.freshnessSeconds ?? null;
  if (freshnessSeconds === null) return false;
  return Date.parse(now) - Date.parse(field.collectedAt) > freshnessSeconds * 1_000;
}

function isUnverified(field: FieldView, definition: FieldDefinition | undefined): boolean {
  if (!definition?.requiredVerification) return false;
  if (!field.verified) return true;
  const methods = definition.verificationMethods;
  return methods.length > 0 && (field.verificationMethod === null || !methods.includes(field.verificationMethod));
}

function missingField(
  requirement: FieldRequirement,
  definition: FieldDefinition | undefined,
  reason: MissingReason,
): MissingField {
  const requiredLevel = effectiveLevel(requirement);
  return {
    fieldName: requirement.fieldName,
    reason,
    requiredLevel,
    fallbackAction: requirement.fallbackAction,
    collectionOrder: requirement.collectionOrder,
    agentId: requirement.agentId,
    stepId: requirement.stepId,
    requirementId: requirement.id,
    definitionId: definition?.id ?? null,
    displayName: definition?.displayName ?? null,
    valueType: definition?.valueType ?? null,
    collectionPrompt: definition?.collectionPrompt ?? null,
    blocking: requiredLevel === "hard",
  };
}

/** The winner keeps its own order until all have been seen, so that the outcome does not depend on their sequence. */
interface MergedEntry {
  readonly entry: MissingField;
  readonly collectionOrder: number;
}

function mergeInto(byName: Map<string, MergedEntry>, entry: MissingField): void {
  const other = byName.get(entry.fieldName);
  byName.set(entry.fieldName, {
    entry: other && compareWeight(other.entry, entry) <= 0 ? other.entry : entry,
    collectionOrder: Math.min(entry.collectionOrder, other?.collectionOrder ?? entry.collectionOrder),
  });
}

function compareWeight(a: MissingField, b: MissingField): number {
  return (
    Number(b.blocking) - Number(a.blocking) ||
    a.collectionOrder - b.collectionOrder ||
    Number(a.stepId === null) - Number(b.stepId === null) ||
    compareText(a.requirementId, b.requirementId)
  );
}
