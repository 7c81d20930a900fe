import type { AgentId, ScenarioId } from "../identifiers.ts";
import type { WatchedWrites } from "../storage/cache/watched-writes.ts";
import type { FieldDefinition } from "./field-definition.ts";
import type { FieldRequirement, RequirementScope, RequirementSelector } from "./requirement.ts";
import type { SchemaCacheKeys } from "./schema-cache-keys.ts";
import type { AgentSettings, DefinitionKey, SchemaStore } from "./schema-store.ts";

export interface WatchedSchemaStoreOptions {
  readonly inner: SchemaStore;
  readonly keys: SchemaCacheKeys;
  readonly writes: WatchedWrites;
}

/** A store that reads nothing from the cache, and whose writes make the cache forget the list they change. */
export class WatchedSchemaStore implements SchemaStore {
  protected readonly inner: SchemaStore;
  readonly #keys: SchemaCacheKeys;
  readonly #writes: WatchedWrites;

  constructor({ inner, keys, writes }: WatchedSchemaStoreOptions) {
    this.inner = inner;
    this.#keys = keys;
    this.#writes = writes;
  }

  getDefinition(agentId: AgentId, name: string): Promise<FieldDefinition | undefined> {
    return this.inner.getDefinition(agentId, name);
  }

  listDefinitions(agentId: AgentId, options?: { readonly enabledOnly?: boolean }): Promise<readonly FieldDefinition[]> {
    return this.inner.listDefinitions(agentId, options);
  }

  findDefinitions(keys: readonly DefinitionKey[]): Promise<readonly FieldDefinition[]> {
    return this.inner.findDefinitions(keys);
  }

  isPiiName(name: string): Promise<boolean> {
    return this.inner.isPiiName(name);
  }

  lockDefinitions(name: string): Promise<void> {
    return this.inner.lockDefinitions(name);
  }

  putDefinition(definition: FieldDefinition): Promise<FieldDefinition> {
    return this.#changeDefinitions(definition.agentId, () => this.inner.putDefinition(definition));
  }

  deleteDefinition(agentId: AgentId, name: string): Promise<boolean> {
    return this.#changeDefinitions(agentId, () => this.inner.deleteDefinition(agentId, name));
  }

  listRequirements(scenarioId: ScenarioId, selector: RequirementSelector): Promise<readonly FieldRequirement[]> {
    return this.inner.listRequirements(scenarioId, selector);
  }

  listRuleRequirements(ruleId: string): Promise<readonly FieldRequirement[]> {
    return this.inner.listRuleRequirements(ruleId);
  }

  putRequirement(requirement: FieldRequirement): Promise<FieldRequirement> {
    const write = () => this.inner.putRequirement(requirement);
    const { scenarioId } = requirement;
    return scenarioId === null ? write() : this.#changeRequirements(scenarioId, write);
  }

  replaceRequirements(
    scenarioId: ScenarioId,
    scope: RequirementScope,
    requirements: readonly FieldRequirement[],
  ): Promise<readonly FieldRequirement[]> {
    return this.#changeRequirements(scenarioId, () => this.inner.replaceRequirements(scenarioId, scope, requirements));
  }

  deleteRequirements(scenarioId: ScenarioId, scope: RequirementScope): Promise<number> {
    return this.#changeRequirements(scenarioId, () => this.inner.deleteRequirements(scenarioId, scope));
  }

  deleteRuleRequirements(ruleId: string): Promise<number> {
    return this.inner.deleteRuleRequirements(ruleId);
  }

  getAgentSettings(agentId: AgentId): Promise<AgentSettings | undefined> {
    return this.inner.getAgentSettings(agentId);
  }

  putAgentSettings(settings: AgentSettings): Promise<void> {
    return this.inner.putAgentSettings(settings);
  }

  #changeDefinitions<T>(agentId: AgentId, write: () => Promise<T>): Promise<T> {
    const staleness = { operation: "definition", keys: [this.#keys.definitions(agentId)], tags: [] } as const;
    return this.#writes.run({ write, staleAfter: () => staleness });
  }

  #changeRequirements<T>(scenarioId: ScenarioId, write: () => Promise<T>): Promise<T> {
    const staleness = { operation: "requirement", keys: [this.#keys.requirements(scenarioId)], tags: [] } as const;
    return this.#writes.run({ write, staleAfter: () => staleness });
  }
}
