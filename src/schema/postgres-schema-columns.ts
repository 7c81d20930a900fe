import { instantFromJson } from "../storage/postgres/json-instant.ts";
import type { FieldDefinition } from "./field-definition.ts";
import type { FieldRequirement } from "./requirement.ts";

type ColumnType = "uuid" | "text" | "text[]" | "boolean" | "integer" | "double precision" | "timestamptz";

/* The compiler asks for a column for every member, so none can be forgotten in a statement. */
type Columns<Row> = { readonly [Key in keyof Required<Row>]: ColumnType };

const DEFINITION_COLUMNS: Columns<FieldDefinition> = {
  id: "uuid",
  agentId: "uuid",
  name: "text",
  displayName: "text",
  description: "text",
  valueType: "text",
  validationRegex: "text",
  validationToolId: "text",
  allowedValues: "text[]",
  validationMode: "text",
  requiredVerification: "boolean",
  verificationMethods: "text[]",
  collectionPrompt: "text",
  extractionExamples: "text[]",
  extractionPromptHint: "text",
  isPii: "boolean",
  encryptionRequired: "boolean",
  retentionDays: "integer",
  freshnessSeconds: "integer",
  enabled: "boolean",
  suggestionState: "text",
  version: "integer",
  createdAt: "timestamptz",
  updatedAt: "timestamptz",
};

const REQUIREMENT_COLUMNS: Columns<FieldRequirement> = {
  id: "uuid",
  agentId: "uuid",
  scenarioId: "uuid",
  stepId: "uuid",
  ruleId: "uuid",
  fieldName: "text",
  requiredLevel: "text",
  fallbackAction: "text",
  whenCondition: "text",
  dependsOnFields: "text[]",
  collectionOrder: "integer",
  needsHumanReview: "boolean",
  extractionConfidence: "double precision",
  origin: "text",
  createdAt: "timestamptz",
  updatedAt: "timestamptz",
};

/** The fragments of SQL that one table's statements are made of. */
export interface TableSql {
  /** `id, agent_id, ...` */
  readonly names: string;
  /** `i."id", i."agentId", ...`: the same members of a JSON record. */
  members(alias: string): string;
  /** A parameter that holds a JSON array of rows, as rows. */
  recordSet(parameter: string, alias: string): string;
  /** One row as a JSON object whose members are those of the record; instants are as the database writes them. */
  json(alias: string): string;
  /** True when the new row (`excluded`) says something else than the stored one (`alias`). */
  differs(alias: string): string;
  /** `display_name = excluded.display_name, ...` for what a write may change. */
  readonly assignments: string;
}

function tableSql<Row>(columns: Columns<Row>, fixed: readonly (keyof Row)[]): TableSql {
  const keys = Object.keys(columns) as (keyof Row & string)[];
  const content = keys.filter((key) => !fixed.includes(key)).map(columnOf);
  return {
    names: keys.map(columnOf).join(", "),
    members: (alias) => keys.map((key) => `${alias}."${key}"`).join(", "),
    recordSet: (parameter, alias) =>
      `jsonb_to_recordset(${parameter}::jsonb) as ${alias}(${keys.map((key) => `"${key}" ${columns[key]}`).join(", ")})`,
    json: (alias) => `json_build_object(${keys.map((key) => `'${key}', ${alias}.${columnOf(key)}`).join(", ")})`,
    differs: (alias) =>
      `(${content.map((name) => `${alias}.${name}`).join(", ")}) is distinct from
      (${content.map((name) => `excluded.${name}`).join(", ")})`,
    assignments: content.map((name) => `${name} = excluded.${name}`).join(", "),
  };
}

function columnOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** For statements of other domains too, which join definitions and requirements to what they read. */
export const DEFINITION_SQL: TableSql = tableSql(DEFINITION_COLUMNS, [
  "id",
  "agentId",
  "name",
  "version",
  "createdAt",
  "updatedAt",
]);
export const REQUIREMENT_SQL: TableSql = tableSql(REQUIREMENT_COLUMNS, [
  "id",
  "agentId",
  "scenarioId",
  "stepId",
  "ruleId",
  "fieldName",
  "createdAt",
  "updatedAt",
]);

/** A row of `DEFINITION_SQL.json` or `REQUIREMENT_SQL.json` as the record it stands for. */
export function fromSchemaRow<Row extends FieldDefinition | FieldRequirement>(row: Row): Row {
  return { ...row, createdAt: instantFromJson(row.createdAt), updatedAt: instantFromJson(row.updatedAt) };
}
