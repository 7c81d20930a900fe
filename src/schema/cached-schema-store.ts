import type { AgentId, ScenarioId, TenantId } from "../identifiers.ts";
import { type CachedReads, CacheMiss } from "../storage/cache/cached-reads.ts";
import { CommittedWrites } from "../storage/cache/watched-writes.ts";
import type { FieldDefinition } from "./field-definition.ts";
import { type FieldRequirement, isSelected, type RequirementSelector } from "./requirement.ts";
import { SchemaCacheKeys } from "./schema-cache-keys.ts";
import { SchemaListKind } from "./schema-cache-kind.ts";
import type { SchemaStore } from "./schema-store.ts";
import { WatchedSchemaStore } from "./watched-schema-store.ts";

export interface SchemaLives {
  readonly definitionsMs: number;
  readonly requirementsMs: number;
}

export interface CachedSchemaStoreOptions {
  readonly tenantId: TenantId;
  /** Outside any transaction. */
  readonly inner: SchemaStore;
  readonly reads: CachedReads;
  readonly lives: SchemaLives;
}

/**
 * A store that keeps an agent's definitions and a scenario's requirements in the hot tier, each list whole: disabled
 * definitions too, so that what is asked for is chosen in memory by the rule of the store. Rules outside scenarios and
 * settings of agents are read from the database.
 */
export class CachedSchemaStore extends WatchedSchemaStore {
  readonly #reads: CachedReads;
  readonly #keys: SchemaCacheKeys;
  readonly #definitions: SchemaListKind<FieldDefinition>;
  readonly #requirements: SchemaListKind<FieldRequirement>;

  constructor({ tenantId, inner, reads, lives }: CachedSchemaStoreOptions) {
    const keys = new SchemaCacheKeys(tenantId);
    super({ inner, keys, writes: new CommittedWrites(reads, tenantId) });
    this.#reads = reads;
    this.#keys = keys;
    this.#definitions = new SchemaListKind({ tenantId, keyType: "definitions" }, keys.tag, lives.definitionsMs);
    this.#requirements = new SchemaListKind({ tenantId, keyType: "requirements" }, keys.tag, lives.requirementsMs);
  }

  override async getDefinition(agentId: AgentId, name: string): Promise<FieldDefinition | undefined> {
    return (await this.#definitionsOf(agentId)).find((definition) => definition.name === name);
  }

  override async listDefinitions(
    agentId: AgentId,
    options?: { readonly enabledOnly?: boolean },
  ): Promise<readonly FieldDefinition[]> {
    const definitions = await this.#definitionsOf(agentId);
    return options?.enabledOnly === false ? definitions : definitions.filter(({ enabled }) => enabled);
  }

  override async listRequirements(
    scenarioId: ScenarioId,
    selector: RequirementSelector,
  ): Promise<readonly FieldRequirement[]> {
    const key = this.#keys.requirements(scenarioId);
    const load = () => this.inner.listRequirements(scenarioId, { kind: "all" });
    const requirements = await this.#list(key, this.#requirements, load);
    return requirements.filter((requirement) => isSelected(requirement, selector));
  }

  #definitionsOf(agentId: AgentId): Promise<readonly FieldDefinition[]> {
    const load = () => this.inner.listDefinitions(agentId, { enabledOnly: false });
    return this.#list(this.#keys.definitions(agentId), this.#definitions, load);
  }

  async #list<Item>(
    key: string,
    kind: SchemaListKind<Item>,
    load: () => Promise<readonly Item[]>,
  ): Promise<readonly Item[]> {
    const found = await this.#reads.find(key, kind);
    return found instanceof CacheMiss ? this.#reads.load(key, kind, { miss: found, load }) : found;
  }
}
