import { VaultError } from "../errors.ts";
import type { AgentId, ScenarioId } from "../identifiers.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTable, InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { compareText } from "../text-order.ts";
import { DEFINITIONS_PER_AGENT_MAX, type FieldDefinition } from "./field-definition.ts";
import {
  compareRequirements,
  type FieldRequirement,
  isSelected,
  REQUIREMENTS_PER_SCENARIO_MAX,
  type RequirementScope,
  type RequirementSelector,
  requirementKey,
} from "./requirement.ts";
import { requireReplaceable } from "./requirement-scope-check.ts";
import { type AgentSettings, DEFINITION_KEYS_MAX, type DefinitionKey, type SchemaStore } from "./schema-store.ts";

/** The reference model of `SchemaStore`. Rows are keyed by what makes them unique; a second table holds their ids. */
export class InMemorySchemaStore implements SchemaStore {
  readonly #session: InMemorySession;

  constructor(session: InMemorySession) {
    this.#session = session;
  }

  getDefinition(agentId: AgentId, name: string): Promise<FieldDefinition | undefined> {
    return this.#session.run((tables) => definitions(tables).get(definitionKey({ agentId, name })));
  }

  listDefinitions(agentId: AgentId, { enabledOnly = true } = {}): Promise<readonly FieldDefinition[]> {
    return this.#session.run((tables) =>
      definitions(tables)
        .filter((row) => row.agentId === agentId && (row.enabled || !enabledOnly))
        .sort((a, b) => compareText(a.name, b.name)),
    );
  }

  findDefinitions(keys: readonly DefinitionKey[]): Promise<readonly FieldDefinition[]> {
    return this.#session.run((tables) => {
      if (keys.length > DEFINITION_KEYS_MAX) throw limitExceeded("definition keys", DEFINITION_KEYS_MAX);
      const distinct = [...new Set(keys.map(definitionKey))];
      return distinct.sort(compareText).flatMap((key) => definitions(tables).get(key) ?? []);
    });
  }

  isPiiName(name: string): Promise<boolean> {
    return this.#session.run(
      (tables) => definitions(tables).find((row) => row.name === name && row.isPii) !== undefined,
    );
  }

  putDefinition(definition: FieldDefinition): Promise<FieldDefinition> {
    return this.#session.run((tables) => {
      const table = definitions(tables);
      const key = definitionKey(definition);
      const stored = table.get(key);
      if (!stored) {
        requireRoom(table.filter((row) => row.agentId === definition.agentId).length, DEFINITIONS_PER_AGENT_MAX);
        claimId(tables, "field_definition_ids", { id: definition.id, key });
      } else if (sameContent(stored, definition, ["id", "version", "createdAt", "updatedAt"])) {
        return stored;
      }
      const { id, createdAt } = stored ?? definition;
      const row = { ...structuredClone(definition), id, createdAt, version: (stored?.version ?? 0) + 1 };
      table.put(key, row);
      return row;
    });
  }

  /** Transactions of a tenant run one after the other. */
  async lockDefinitions(_name: string): Promise<void> {}

  deleteDefinition(agentId: AgentId, name: string): Promise<boolean> {
    return this.#session.run((tables) => {
      const key = definitionKey({ agentId, name });
      const stored = definitions(tables).get(key);
      if (stored) tables.table("field_definition_ids").delete(stored.id);
      return definitions(tables).delete(key);
    });
  }

  listRequirements(scenarioId: ScenarioId, selector: RequirementSelector): Promise<readonly FieldRequirement[]> {
    return this.#session.run((tables) => selected(tables, scenarioId, selector).sort(compareRequirements));
  }

  listRuleRequirements(ruleId: string): Promise<readonly FieldRequirement[]> {
    return this.#session.run((tables) => ofRule(tables, ruleId).sort(compareRequirements));
  }

  putRequirement(requirement: FieldRequirement): Promise<FieldRequirement> {
    return this.#session.run((tables) => {
      const { scenarioId, ruleId } = requirement;
      if (!requirements(tables).get(requirementKey(requirement))) {
        const others = scenarioId ? selected(tables, scenarioId, { kind: "all" }) : ofRule(tables, ruleId);
        requireRoom(others.length, REQUIREMENTS_PER_SCENARIO_MAX);
      }
      return upsert(tables, requirement);
    });
  }

  replaceRequirements(
    scenarioId: ScenarioId,
    scope: RequirementScope,
    list: readonly FieldRequirement[],
  ): Promise<readonly FieldRequirement[]> {
    return this.#session.run((tables) => {
      requireReplaceable(scenarioId, scope, list);
      const kept = new Set(list.map(requirementKey));
      for (const row of selected(tables, scenarioId, scope)) {
        if (!kept.has(requirementKey(row))) remove(tables, row);
      }
      return list.map((requirement) => upsert(tables, requirement)).sort(compareRequirements);
    });
  }

  deleteRequirements(scenarioId: ScenarioId, scope: RequirementScope): Promise<number> {
    return this.#session.run((tables) => removeAll(tables, selected(tables, scenarioId, scope)));
  }

  deleteRuleRequirements(ruleId: string): Promise<number> {
    return this.#session.run((tables) => removeAll(tables, ofRule(tables, ruleId)));
  }

  getAgentSettings(agentId: AgentId): Promise<AgentSettings | undefined> {
    return this.#session.run((tables) => tables.table<AgentSettings>("agent_settings").get(agentId));
  }

  putAgentSettings(settings: AgentSettings): Promise<void> {
    return this.#session.run((tables) =>
      tables.table<AgentSettings>("agent_settings").put(settings.agentId, { ...settings }),
    );
  }
}

function definitions(tables: InMemoryTables): InMemoryTable<FieldDefinition> {
  return tables.table("field_definitions");
}

function requirements(tables: InMemoryTables): InMemoryTable<FieldRequirement> {
  return tables.table("scenario_field_requirements");
}

function definitionKey({ agentId, name }: DefinitionKey): string {
  return `${agentId}/${name}`;
}

function selected(tables: InMemoryTables, scenarioId: ScenarioId, selector: RequirementSelector): FieldRequirement[] {
  return requirements(tables).filter((row) => row.scenarioId === scenarioId && isSelected(row, selector));
}

function ofRule(tables: InMemoryTables, ruleId: string | null): FieldRequirement[] {
  return requirements(tables).filter((row) => row.scenarioId === null && row.ruleId === ruleId);
}

function upsert(tables: InMemoryTables, requirement: FieldRequirement): FieldRequirement {
  const key = requirementKey(requirement);
  const stored = requirements(tables).get(key);
  if (!stored) claimId(tables, "scenario_field_requirement_ids", { id: requirement.id, key });
  else if (sameContent(stored, requirement, ["id", "createdAt", "updatedAt"])) return stored;
  const { id, createdAt } = stored ?? requirement;
  const row = { ...structuredClone(requirement), id, createdAt };
  requirements(tables).put(key, row);
  return row;
}

function removeAll(tables: InMemoryTables, rows: readonly FieldRequirement[]): number {
  for (const row of rows) remove(tables, row);
  return rows.length;
}

function remove(tables: InMemoryTables, row: FieldRequirement): void {
  tables.table("scenario_field_requirement_ids").delete(row.id);
  requirements(tables).delete(requirementKey(row));
}

function claimId(tables: InMemoryTables, table: string, { id, key }: { id: string; key: string }): void {
  const ids = tables.table<{ key: string }>(table);
  if (ids.get(id)) throw new VaultError("item_exists", "Another row has this id.", { details: { id } });
  ids.put(id, { key });
}

function requireRoom(count: number, limit: number): void {
  if (count >= limit) throw limitExceeded("rows", limit);
}

function limitExceeded(what: string, limit: number): VaultError {
  return new VaultError("limit_exceeded", `Too many ${what}.`, { details: { limit } });
}

/** True when two rows say the same, whatever their bookkeeping columns hold. */
function sameContent<Row extends object>(a: Row, b: Row, bookkeeping: readonly (keyof Row)[]): boolean {
  const keys = Object.keys(a) as (keyof Row)[];
  return keys.every((key) => bookkeeping.includes(key) || JSON.stringify(a[key]) === JSON.stringify(b[key]));
}
