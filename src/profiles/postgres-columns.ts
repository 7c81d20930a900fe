import { instantFromJson } from "../storage/postgres/json-instant.ts";

/** How a member of a record is kept: the one place that names a column and its type. */
interface Column {
  readonly key: string;
  readonly column: string;
  readonly type: "uuid" | "text" | "jsonb" | "boolean" | "integer" | "bigint" | "double precision" | "timestamptz";
}

function column(key: string, type: Column["type"], name: string = snakeCase(key)): Column {
  return { key, column: name, type };
}

function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export const LIFECYCLE_COLUMNS: readonly Column[] = [
  column("status", "text"),
  column("supersededById", "uuid"),
  column("supersededAt", "timestamptz"),
  column("expiredAt", "timestamptz"),
  column("orphanedAt", "timestamptz"),
  column("recordedAt", "timestamptz"),
  column("endedAt", "timestamptz"),
  column("deletedAt", "timestamptz"),
];

export const CUSTOMER_COLUMNS: readonly Column[] = [
  column("customerId", "uuid", "id"),
  column("externalId", "text"),
  column("verificationLevel", "text"),
  column("createdAt", "timestamptz"),
  column("updatedAt", "timestamptz"),
  column("lastInteractionAt", "timestamptz"),
  column("version", "integer"),
  column("mergedIntoId", "uuid"),
  column("deletedAt", "timestamptz"),
  column("wrappedKey", "text"),
];

export const IDENTITY_COLUMNS: readonly Column[] = [
  column("channel", "text"),
  column("channelUserId", "text"),
  column("verified", "boolean"),
  column("verifiedAt", "timestamptz"),
  column("primary", "boolean", "is_primary"),
  column("createdAt", "timestamptz"),
];

export const CONSENT_COLUMNS: readonly Column[] = [
  column("id", "uuid"),
  column("consentType", "text"),
  column("granted", "boolean"),
  column("grantedAt", "timestamptz"),
  column("revokedAt", "timestamptz"),
  column("sourceSessionId", "text"),
  column("ipAddress", "text"),
  column("recordedAt", "timestamptz"),
];

export const FIELD_COLUMNS: readonly Column[] = [
  column("id", "uuid"),
  column("customerId", "uuid"),
  column("name", "text"),
  column("value", "jsonb"),
  column("valueType", "text"),
  column("source", "text"),
  column("sourceSessionId", "text"),
  column("sourceScenarioId", "text"),
  column("sourceStepId", "text"),
  column("verified", "boolean"),
  column("verificationMethod", "text"),
  column("verifiedAt", "timestamptz"),
  column("verifiedBy", "text"),
  column("confidence", "double precision"),
  column("requiresConfirmation", "boolean"),
  column("collectedAt", "timestamptz"),
  column("expiresAt", "timestamptz"),
  column("fieldDefinitionId", "uuid"),
  column("metadata", "jsonb"),
  column("isPii", "boolean"),
  column("sealedValue", "text"),
  ...LIFECYCLE_COLUMNS,
];

/** Written with a version; the text is read to find it by, the secret to prove it. Erasing a version empties both. */
export const FIELD_INSERT_COLUMNS: readonly Column[] = [
  ...FIELD_COLUMNS,
  column("searchText", "text"),
  column("commitmentSecret", "text"),
];

export const ASSET_COLUMNS: readonly Column[] = [
  column("id", "uuid"),
  column("customerId", "uuid"),
  column("name", "text"),
  column("assetType", "text"),
  column("storageProvider", "text"),
  column("storagePath", "text"),
  column("mimeType", "text"),
  column("sizeBytes", "bigint"),
  column("checksum", "text"),
  column("uploadedAt", "timestamptz"),
  column("uploadedInSessionId", "text"),
  column("uploadedInScenarioId", "text"),
  column("derivedFromTool", "text"),
  column("verified", "boolean"),
  column("verificationResult", "jsonb"),
  column("retentionPolicy", "text"),
  column("expiresAt", "timestamptz"),
  column("metadata", "jsonb"),
  ...LIFECYCLE_COLUMNS,
];

/** Like the fields', written once. */
export const ASSET_INSERT_COLUMNS: readonly Column[] = [...ASSET_COLUMNS, column("commitmentSecret", "text")];

/** `f.id, f.customer_id, ...`: the values of a row in column order, for `json_build_array`. */
export function packed(alias: string, columns: readonly Column[]): string {
  return columns.map((each) => `${alias}.${each.column}`).join(", ");
}

export function columnNames(columns: readonly Column[]): string {
  return columns.map((each) => each.column).join(", ");
}

/** `r."id", r."customerId", ...`: the members of a JSON record set in column order. */
export function recordMembers(alias: string, columns: readonly Column[]): string {
  return columns.map((each) => `${alias}."${each.key}"`).join(", ");
}

/** A JSON array parameter as rows, its members typed like the columns. */
export function recordSet(parameter: string, alias: string, columns: readonly Column[]): string {
  return `jsonb_to_recordset(${parameter}::jsonb) as ${alias}(${columns
    .map((each) => `"${each.key}" ${each.type}`)
    .join(", ")})`;
}

/** A JSON object parameter as one row. */
export function recordRow(parameter: string, alias: string, columns: readonly Column[]): string {
  return `jsonb_to_record(${parameter}::jsonb) as ${alias}(${columns
    .map((each) => `"${each.key}" ${each.type}`)
    .join(", ")})`;
}

/** `status = r."status", ...`: assignments from a JSON record set. */
export function assignments(alias: string, columns: readonly Column[]): string {
  return columns.map((each) => `${each.column} = ${alias}."${each.key}"`).join(", ");
}

/** The values of one row in column order, and after them what the statement adds. */
export type Packed = readonly unknown[];

/** Makes the function that names a packed row's values again. Instants come as PostgreSQL writes them in JSON. */
export function unpacker(
  columns: readonly Column[],
  more: Record<string, unknown> = {},
): (values: Packed) => Record<string, unknown> {
  const keys = columns.map((each) => each.key);
  const isInstant = columns.map((each) => each.type === "timestamptz");
  // An object that is given dozens of members one by one becomes a hash table, which is slow to copy. The copy of an
  // object that was parsed with all of them stays a record.
  const members = { ...Object.fromEntries(keys.map((key) => [key, null])), ...more };
  const blank = JSON.parse(JSON.stringify(members)) as Record<string, unknown>;
  return (values) => {
    const row = { ...blank };
    for (let index = 0; index < keys.length; index++) {
      const value = values[index];
      row[keys[index] as string] = isInstant[index] && typeof value === "string" ? instantFromJson(value) : value;
    }
    return row;
  };
}
