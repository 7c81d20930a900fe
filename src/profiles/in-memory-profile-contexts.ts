import type { CustomerId, ScenarioId } from "../identifiers.ts";
import type { FieldDefinition, ValidationMode } from "../schema/field-definition.ts";
import {
  compareRequirements,
  type FieldRequirement,
  isSelected,
  type RequirementSelector,
} from "../schema/requirement.ts";
import { compareText } from "../text-order.ts";
import type { ProfileTables } from "./in-memory-profile-tables.ts";
import { isCurrentlyActive } from "./item.ts";
import type { GapContext, WriteContext, WriteContextQuery } from "./profile-store.ts";

interface AgentSettingsRow {
  readonly agentId: string;
  readonly validationMode: ValidationMode | null;
}

export function loadWriteContext(
  tables: ProfileTables,
  query: WriteContextQuery,
  tenantMode: ValidationMode | null,
): WriteContext | undefined {
  const customer = tables.liveCustomer(query.customerId);
  if (!customer) return undefined;
  const named = tables.base
    .table<FieldDefinition>("field_definitions")
    .filter((definition) => query.names.includes(definition.name));
  const settings = tables.base.table<AgentSettingsRow>("agent_settings").find((row) => row.agentId === query.agentId);
  const isCurrent = (item: { status: string; deletedAt: string | null }): boolean =>
    item.status !== "superseded" && item.deletedAt === null;
  return {
    customer,
    tenantMode,
    agentMode: settings?.validationMode ?? null,
    definitions: named.filter((definition) => definition.agentId === query.agentId),
    piiNames: [...new Set(named.filter((definition) => definition.isPii).map((definition) => definition.name))],
    currentFields: tables
      .fieldsOf(query.customerId, (row) => query.names.includes(row.name) && isCurrent(row))
      .map((row) => tables.fieldOf(row)),
    currentAssets: tables
      .assetsOf(query.customerId, (row) => query.assetNames.includes(row.name) && isCurrent(row))
      .map((row) => tables.assetOf(row)),
    items: [...new Set(query.itemIds)].flatMap((id) => {
      const row = tables.item(id);
      if (!row) return [];
      const { type: kind, customerId, deleted } = tables.lineageItemOf(row);
      return [{ id, customerId, kind, deleted }];
    }),
  };
}

export function loadGapContext(
  tables: ProfileTables,
  customerId: CustomerId,
  { scenarioId, selector }: { scenarioId: ScenarioId; selector: RequirementSelector },
): GapContext | undefined {
  const customer = tables.liveCustomer(customerId);
  if (!customer) return undefined;
  const requirements = tables.base
    .table<FieldRequirement>("scenario_field_requirements")
    .filter((row) => row.scenarioId === scenarioId && isSelected(row, selector))
    .sort(compareRequirements);
  const names = new Set(requirements.map((row) => row.fieldName));
  const required = new Set(requirements.map((row) => `${row.agentId}/${row.fieldName}`));
  const live = tables.fieldsOf(customerId, (row) => row.deletedAt === null);
  const active = live.filter(isCurrentlyActive);
  const activeNames = new Set(active.map((row) => row.name));
  const newest = new Map(live.toReversed().map((row) => [row.name, row]));
  const lapsed = [...newest.values()].filter((row) => names.has(row.name) && !activeNames.has(row.name));
  return {
    customer,
    requirements,
    definitions: tables.base
      .table<FieldDefinition>("field_definitions")
      .filter((definition) => required.has(`${definition.agentId}/${definition.name}`))
      .sort((a, b) => compareText(a.name, b.name) || compareText(a.agentId, b.agentId)),
    fields: [...active, ...lapsed].sort((a, b) => compareText(a.name, b.name)).map((row) => tables.fieldOf(row)),
  };
}
