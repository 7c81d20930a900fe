import type { Instant } from "../clock.ts";
import type { AgentId, ScenarioId } from "../identifiers.ts";
import type { FieldDefinition, ValidationMode } from "./field-definition.ts";
import type { FieldRequirement, RequirementScope, RequirementSelector } from "./requirement.ts";

/*
 * Every store below is bound to one tenant and one session when it is made: no method takes a tenant, none can
 * read or write another tenant's rows, and an id of another tenant behaves exactly like an unknown one. Made with
 * the session of a transaction, all its calls belong to that transaction. Reads return copies. Every method may
 * reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */

export interface DefinitionReader {
  /** In any state, also disabled, suggested and rejected ones. */
  getDefinition(agentId: AgentId, name: string): Promise<FieldDefinition | undefined>;
  /**
   * The agent's definitions in any suggestion state, by name in ascending code units; only the enabled ones unless
   * `enabledOnly` is false. Empty for an unknown agent. At most `DEFINITIONS_PER_AGENT_MAX`.
   */
  listDefinitions(agentId: AgentId, options?: { readonly enabledOnly?: boolean }): Promise<readonly FieldDefinition[]>;
  /**
   * Those of the named definitions that exist, in any state, by agent id, then name; each once. Takes at most
   * `DEFINITION_KEYS_MAX` keys, else rejects with `limit_exceeded`.
   */
  findDefinitions(keys: readonly DefinitionKey[]): Promise<readonly FieldDefinition[]>;
  /** Whether any agent's definition of the name, in whatever state, flags it as personal data. */
  isPiiName(name: string): Promise<boolean>;
}

export const DEFINITION_KEYS_MAX = 1_000;

export interface DefinitionKey {
  readonly agentId: AgentId;
  readonly name: string;
}

export interface DefinitionWriter {
  /**
   * Waits until no other transaction holds the definitions of this name, of whatever agent, and holds them until the
   * end of this one. To be called first in it: what it reads then is what the others left.
   */
  lockDefinitions(name: string): Promise<void>;
  /**
   * Creates the definition, or replaces the one its agent has under the name. Returns what is stored: a new row has
   * the given id, version 1 and the given instants; a replaced one keeps its id and `createdAt`, its version goes up
   * by one and `updatedAt` is taken over; when nothing would change, the stored row is returned as it is.
   *
   * Rejects with `limit_exceeded` when the agent has `DEFINITIONS_PER_AGENT_MAX` others (concurrent writers may
   * overshoot by their number), `item_exists` when a definition of another name has the id, and `tenant_not_found`.
   */
  putDefinition(definition: FieldDefinition): Promise<FieldDefinition>;
  /** Returns whether it existed. */
  deleteDefinition(agentId: AgentId, name: string): Promise<boolean>;
}

export interface RequirementReader {
  /** The selected requirements of a scenario by collection order, then field name, then id. */
  listRequirements(scenarioId: ScenarioId, selector: RequirementSelector): Promise<readonly FieldRequirement[]>;
  /** The requirements of a rule that belong to no scenario, in the same order. */
  listRuleRequirements(ruleId: string): Promise<readonly FieldRequirement[]>;
}

/**
 * A requirement's key is its agent, scenario, step, rule and field name, where an unset part equals another unset
 * one. A write under an existing key keeps the stored id and `createdAt`, and `updatedAt` too when nothing changes.
 */
export interface RequirementWriter {
  /**
   * Creates the requirement, or replaces the one with its key. Returns what is stored.
   *
   * Rejects with `limit_exceeded` when its scenario (or its rule, outside scenarios) has
   * `REQUIREMENTS_PER_SCENARIO_MAX` others (concurrent writers may overshoot by their number), `item_exists` when a
   * requirement with another key has the id, and `tenant_not_found`.
   */
  putRequirement(requirement: FieldRequirement): Promise<FieldRequirement>;
  /**
   * Makes the list the whole content of a scenario, or of the named part of it, atomically: what is not in the list
   * is deleted. Of concurrent replacements of one scenario the last one stands as a whole. Returns what is stored in
   * the order of `listRequirements`. An empty list deletes all.
   *
   * Rejects with `invalid_requirement` when two requirements have the same key or one lies outside the scenario or
   * the scope, with `limit_exceeded` for more than `REQUIREMENTS_PER_SCENARIO_MAX`, `item_exists` and `tenant_not_found`
   * as above; nothing was changed then.
   */
  replaceRequirements(
    scenarioId: ScenarioId,
    scope: RequirementScope,
    requirements: readonly FieldRequirement[],
  ): Promise<readonly FieldRequirement[]>;
  /** Returns how many there were. */
  deleteRequirements(scenarioId: ScenarioId, scope: RequirementScope): Promise<number>;
  /** Deletes the requirements of a rule that belong to no scenario. Returns how many there were. */
  deleteRuleRequirements(ruleId: string): Promise<number>;
}

export interface AgentSettings {
  readonly agentId: AgentId;
  /** `null` inherits from the tenant. */
  readonly validationMode: ValidationMode | null;
  readonly updatedAt: Instant;
}

export interface AgentSettingsStore {
  getAgentSettings(agentId: AgentId): Promise<AgentSettings | undefined>;
  /** Creates or replaces. Rejects with `tenant_not_found`. */
  putAgentSettings(settings: AgentSettings): Promise<void>;
}

export interface SchemaStore
  extends DefinitionReader,
    DefinitionWriter,
    RequirementReader,
    RequirementWriter,
    AgentSettingsStore {}
