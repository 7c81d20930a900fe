import type { FieldDefinition } from "../schema/field-definition.ts";
import { fromSchemaRow } from "../schema/postgres-schema-columns.ts";
import type { FieldRequirement } from "../schema/requirement.ts";
import { instantFromJson } from "../storage/postgres/json-instant.ts";
import type { Asset } from "./asset.ts";
import type { MergeRecord } from "./change-set.ts";
import type { CustomerSummary, ProfileRecord } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";
import type { LineageItem } from "./lineage.ts";
import {
  ASSET_COLUMNS,
  CONSENT_COLUMNS,
  CUSTOMER_COLUMNS,
  FIELD_COLUMNS,
  IDENTITY_COLUMNS,
  instantReviver,
} from "./postgres-columns.ts";
import type { GapContext, WriteContext } from "./profile-store.ts";

/*
 * Rows come as JSON with the members of the records, but for instants, which PostgreSQL writes in its own form.
 * They are turned in place: the parsed JSON is nobody else's.
 */

type Row = Record<string, unknown>;

const reviveCustomer = instantReviver(CUSTOMER_COLUMNS);
const reviveIdentity = instantReviver(IDENTITY_COLUMNS);
const reviveConsent = instantReviver(CONSENT_COLUMNS);
const reviveFieldRow = instantReviver(FIELD_COLUMNS);
const reviveAssetRow = instantReviver(ASSET_COLUMNS);

function each(rows: unknown, revive: (row: Row) => void): void {
  for (const row of rows as Row[]) revive(row);
}

export function reviveField(row: unknown): FieldVersion {
  reviveFieldRow(row as Row);
  return row as FieldVersion;
}

export function reviveAsset(row: unknown): Asset {
  reviveAssetRow(row as Row);
  return row as Asset;
}

export function reviveProfile(row: unknown): ProfileRecord {
  const profile = row as Row;
  reviveCustomer(profile["customer"] as Row);
  each(profile["identities"], reviveIdentity);
  each(profile["consents"], reviveConsent);
  each(profile["fields"], reviveFieldRow);
  each(profile["assets"], reviveAssetRow);
  return row as ProfileRecord;
}

export function reviveSummary(row: unknown): CustomerSummary {
  const { mergedIntoId: _, deletedAt: __, wrappedKey: ___, ...summary } = row as Row;
  reviveCustomer(summary);
  each(summary["identities"], reviveIdentity);
  return summary as unknown as CustomerSummary;
}

export function reviveLineageItem(row: unknown): LineageItem {
  const item = row as Row;
  item["collectedAt"] = instantFromJson(String(item["collectedAt"]));
  return row as LineageItem;
}

export function reviveWriteContext(row: unknown): WriteContext {
  const context = row as Row;
  reviveCustomer(context["customer"] as Row);
  context["definitions"] = (context["definitions"] as FieldDefinition[]).map(fromSchemaRow);
  each(context["currentFields"], reviveFieldRow);
  each(context["currentAssets"], reviveAssetRow);
  return row as WriteContext;
}

export function reviveGapContext(row: unknown): GapContext {
  const context = row as Row;
  reviveCustomer(context["customer"] as Row);
  context["requirements"] = (context["requirements"] as FieldRequirement[]).map(fromSchemaRow);
  context["definitions"] = (context["definitions"] as FieldDefinition[]).map(fromSchemaRow);
  each(context["fields"], reviveFieldRow);
  return row as GapContext;
}

/** The pre-image was written by the vault itself and holds `Instant`s already. */
export function reviveMerge(row: unknown): MergeRecord {
  const merge = row as Row;
  for (const key of ["mergedAt", "undoneAt"]) {
    const text = merge[key];
    if (typeof text === "string") merge[key] = instantFromJson(text);
  }
  return row as MergeRecord;
}
