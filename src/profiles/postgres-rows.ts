import type { FieldDefinition } from "../schema/field-definition.ts";
import { fromSchemaRow } from "../schema/postgres-schema-columns.ts";
import type { FieldRequirement } from "../schema/requirement.ts";
import { instantFromJson } from "../storage/postgres/json-instant.ts";
import type { Asset } from "./asset.ts";
import type { MergeRecord } from "./change-set.ts";
import type { ChannelIdentity, Consent, CustomerRecord, CustomerSummary, ProfileRecord } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";
import type { LineageItem, ReachedItem } from "./lineage.ts";
import {
  ASSET_COLUMNS,
  CONSENT_COLUMNS,
  CUSTOMER_COLUMNS,
  FIELD_COLUMNS,
  IDENTITY_COLUMNS,
  type Packed,
  unpacker,
} from "./postgres-columns.ts";
import type { CommittedItem, GapContext, WriteContext } from "./profile-store.ts";

/* Rows come as arrays in the order of their column lists; see `postgres-read-statements.ts`. */

type Row = Record<string, unknown>;
type Edge = readonly [type: string, id: string | null, metadata: unknown, isGone?: boolean];

const customerOf = unpacker(CUSTOMER_COLUMNS);
const identityOf = unpacker(IDENTITY_COLUMNS);
const consentOf = unpacker(CONSENT_COLUMNS);
const fieldOf = unpacker(FIELD_COLUMNS, { sources: [], isOrphaned: false });
const assetOf = unpacker(ASSET_COLUMNS, { sources: [], isOrphaned: false, analysisFieldIds: [] });

function addSources(row: Row, edges: readonly Edge[]): void {
  row["sources"] = edges.map(([type, id, metadata]) => ({ type, id, metadata }));
  row["isOrphaned"] = edges.some(([, , , isGone]) => isGone === true);
}

export function reviveField(values: unknown): FieldVersion {
  const packed = values as Packed;
  const row = fieldOf(packed);
  addSources(row, packed[FIELD_COLUMNS.length] as Edge[]);
  return row as unknown as FieldVersion;
}

export function reviveAsset(values: unknown): Asset {
  const packed = values as Packed;
  const row = assetOf(packed);
  addSources(row, packed[ASSET_COLUMNS.length] as Edge[]);
  row["analysisFieldIds"] = packed[ASSET_COLUMNS.length + 1];
  return row as unknown as Asset;
}

export function reviveCommittedItem(row: Readonly<Row>): CommittedItem {
  const commitmentSecret = String(row["commitment_secret"]);
  const { field, checksum } = row;
  if (field === null) return { commitmentSecret, kind: "profile_asset", checksum: String(checksum) };
  return { commitmentSecret, kind: "profile_field", field: reviveField(field) };
}

function reviveCustomer(values: unknown): CustomerRecord {
  return customerOf(values as Packed) as unknown as CustomerRecord;
}

function reviveIdentities(rows: unknown): ChannelIdentity[] {
  return (rows as Packed[]).map(identityOf) as unknown as ChannelIdentity[];
}

function reviveFields(rows: unknown): FieldVersion[] {
  return (rows as Packed[]).map(reviveField);
}

function reviveAssets(rows: unknown): Asset[] {
  return (rows as Packed[]).map(reviveAsset);
}

export function reviveProfile(row: Row): ProfileRecord {
  return {
    customer: reviveCustomer(row["customer"]),
    identities: reviveIdentities(row["identities"]),
    consents: (row["consents"] as Packed[]).map(consentOf) as unknown as Consent[],
    fields: reviveFields(row["fields"]),
    assets: reviveAssets(row["assets"]),
  };
}

export function reviveSummary(row: Row): CustomerSummary {
  const { mergedIntoId: _, deletedAt: __, wrappedKey: ___, ...header } = reviveCustomer(row["customer"]);
  return { ...header, identities: reviveIdentities(row["identities"]) };
}

export function reviveReachedItems(rows: unknown): ReachedItem[] {
  return (rows as Packed[]).map((packed) => {
    const [id, type, customerId, name, status, deleted, collectedAt, edges, distance] = packed;
    const sources = (edges as Edge[]).map(([sourceType, sourceId, metadata]) => ({
      type: sourceType,
      id: sourceId,
      metadata,
    }));
    const item = {
      id,
      type,
      customerId,
      name,
      status,
      deleted,
      collectedAt: instantFromJson(String(collectedAt)),
      sources,
    };
    return { item: item as LineageItem, distance: Number(distance) };
  });
}

export function reviveWriteContext(row: Row): WriteContext {
  return {
    customer: reviveCustomer(row["customer"]),
    tenantMode: row["tenant_mode"] as WriteContext["tenantMode"],
    agentMode: row["agent_mode"] as WriteContext["agentMode"],
    definitions: (row["definitions"] as FieldDefinition[]).map(fromSchemaRow),
    piiNames: row["pii_names"] as string[],
    currentFields: reviveFields(row["current_fields"]),
    currentAssets: reviveAssets(row["current_assets"]),
    items: row["items"] as WriteContext["items"],
  };
}

export function reviveGapContext(row: Row): GapContext {
  return {
    customer: reviveCustomer(row["customer"]),
    requirements: (row["requirements"] as FieldRequirement[]).map(fromSchemaRow),
    definitions: (row["definitions"] as FieldDefinition[]).map(fromSchemaRow),
    fields: reviveFields(row["fields"]),
  };
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
