import { VaultError } from "../errors.ts";
import type { AgentId, ScenarioId, TenantId } from "../identifiers.ts";
import { instantFromJson } from "../storage/postgres/json-instant.ts";
import { ConstraintViolation, type SqlSession, type SqlStatement } from "../storage/postgres/sql-database.ts";
import { DEFINITIONS_PER_AGENT_MAX, type FieldDefinition } from "./field-definition.ts";
import { fromSchemaRow } from "./postgres-schema-columns.ts";
import {
  DELETE_DEFINITION,
  DELETE_REQUIREMENTS,
  DELETE_RULE_REQUIREMENTS,
  FIND_DEFINITIONS,
  GET_AGENT_SETTINGS,
  GET_DEFINITION,
  IS_PII_NAME,
  LIST_DEFINITIONS,
  LIST_ENABLED_DEFINITIONS,
  LIST_REQUIREMENTS,
  LIST_RULE_REQUIREMENTS,
  LOCK_DEFINITIONS,
  LOCK_SCENARIO,
  PUT_AGENT_SETTINGS,
  PUT_DEFINITION,
  PUT_REQUIREMENT,
  REPLACE_REQUIREMENTS,
} from "./postgres-schema-statements.ts";
import {
  type FieldRequirement,
  REQUIREMENTS_PER_SCENARIO_MAX,
  type RequirementScope,
  type RequirementSelector,
} from "./requirement.ts";
import { requireReplaceable } from "./requirement-scope-check.ts";
import { type AgentSettings, DEFINITION_KEYS_MAX, type DefinitionKey, type SchemaStore } from "./schema-store.ts";

type Row<Record> = { readonly row: Record };

export class PostgresSchemaStore implements SchemaStore {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;

  constructor(session: SqlSession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  async getDefinition(agentId: AgentId, name: string): Promise<FieldDefinition | undefined> {
    const [definition] = await this.#definitions(GET_DEFINITION, [agentId, name]);
    return definition;
  }

  listDefinitions(agentId: AgentId, { enabledOnly = true } = {}): Promise<readonly FieldDefinition[]> {
    return this.#definitions(enabledOnly ? LIST_ENABLED_DEFINITIONS : LIST_DEFINITIONS, [agentId]);
  }

  async findDefinitions(keys: readonly DefinitionKey[]): Promise<readonly FieldDefinition[]> {
    if (keys.length > DEFINITION_KEYS_MAX) throw limitExceeded(DEFINITION_KEYS_MAX);
    return keys.length === 0 ? [] : this.#definitions(FIND_DEFINITIONS, [JSON.stringify(keys)]);
  }

  async isPiiName(name: string): Promise<boolean> {
    return (await this.#session.query(IS_PII_NAME, [this.#tenantId, name])).length > 0;
  }

  async putDefinition(definition: FieldDefinition): Promise<FieldDefinition> {
    const rows = JSON.stringify([{ ...definition, version: 1 }]);
    const [stored] = await translated(this.#definitions(PUT_DEFINITION, [rows, DEFINITIONS_PER_AGENT_MAX]));
    if (!stored) throw limitExceeded(DEFINITIONS_PER_AGENT_MAX);
    return stored;
  }

  async lockDefinitions(name: string): Promise<void> {
    await this.#session.query(LOCK_DEFINITIONS, [this.#tenantId, name]);
  }

  async deleteDefinition(agentId: AgentId, name: string): Promise<boolean> {
    const deleted = await this.#session.query(DELETE_DEFINITION, [this.#tenantId, agentId, name]);
    return deleted.length > 0;
  }

  listRequirements(scenarioId: ScenarioId, selector: RequirementSelector): Promise<readonly FieldRequirement[]> {
    return this.#requirements(LIST_REQUIREMENTS[selector.kind], [scenarioId, ...stepOf(selector)]);
  }

  listRuleRequirements(ruleId: string): Promise<readonly FieldRequirement[]> {
    return this.#requirements(LIST_RULE_REQUIREMENTS, [ruleId]);
  }

  async putRequirement(requirement: FieldRequirement): Promise<FieldRequirement> {
    const values = [JSON.stringify([requirement]), REQUIREMENTS_PER_SCENARIO_MAX];
    const [stored] = await translated(this.#requirements(PUT_REQUIREMENT, values));
    if (!stored) throw limitExceeded(REQUIREMENTS_PER_SCENARIO_MAX);
    return stored;
  }

  async replaceRequirements(
    scenarioId: ScenarioId,
    scope: RequirementScope,
    requirements: readonly FieldRequirement[],
  ): Promise<readonly FieldRequirement[]> {
    requireReplaceable(scenarioId, scope, requirements);
    const values = [this.#tenantId, scenarioId, ...stepOf(scope), JSON.stringify(requirements)];
    const replacement = this.#session.transaction(async (transaction) => {
      await transaction.query(LOCK_SCENARIO, [this.#tenantId, scenarioId]);
      return transaction.query<Row<FieldRequirement>>(REPLACE_REQUIREMENTS[scope.kind], values);
    });
    return (await translated(replacement)).map(({ row }) => fromSchemaRow(row));
  }

  async deleteRequirements(scenarioId: ScenarioId, scope: RequirementScope): Promise<number> {
    const values = [this.#tenantId, scenarioId, ...stepOf(scope)];
    return (await this.#session.query(DELETE_REQUIREMENTS[scope.kind], values)).length;
  }

  async deleteRuleRequirements(ruleId: string): Promise<number> {
    return (await this.#session.query(DELETE_RULE_REQUIREMENTS, [this.#tenantId, ruleId])).length;
  }

  async getAgentSettings(agentId: AgentId): Promise<AgentSettings | undefined> {
    const [found] = await this.#session.query<Row<AgentSettings>>(GET_AGENT_SETTINGS, [this.#tenantId, agentId]);
    return found && { ...found.row, updatedAt: instantFromJson(found.row.updatedAt) };
  }

  async putAgentSettings({ agentId, validationMode, updatedAt }: AgentSettings): Promise<void> {
    const values = [this.#tenantId, agentId, validationMode, updatedAt];
    await translated(this.#session.query(PUT_AGENT_SETTINGS, values));
  }

  async #definitions(statement: SqlStatement, values: readonly unknown[]): Promise<FieldDefinition[]> {
    const rows = await this.#session.query<Row<FieldDefinition>>(statement, [this.#tenantId, ...values]);
    return rows.map(({ row }) => fromSchemaRow(row));
  }

  async #requirements(statement: SqlStatement, values: readonly unknown[]): Promise<FieldRequirement[]> {
    const rows = await this.#session.query<Row<FieldRequirement>>(statement, [this.#tenantId, ...values]);
    return rows.map(({ row }) => fromSchemaRow(row));
  }
}

function stepOf(selector: RequirementSelector): (string | null)[] {
  return selector.kind === "step" || selector.kind === "effective" ? [selector.stepId] : [];
}

function limitExceeded(limit: number): VaultError {
  return new VaultError("limit_exceeded", "Too many rows.", { details: { limit } });
}

async function translated<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (!(error instanceof ConstraintViolation)) throw error;
    if (error.rule === "foreign_key") throw new VaultError("tenant_not_found", "No such tenant.", { cause: error });
    if (error.constraint.endsWith("_pkey")) {
      throw new VaultError("item_exists", "Another row has this id.", { cause: error });
    }
    throw new VaultError("internal_error", `${error.constraint} refused a row that was checked.`, { cause: error });
  }
}
