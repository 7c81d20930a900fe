import { type Instant, laterOf } from "../clock.ts";
import type { ItemId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import { COMMITMENT_SECRET_BYTES, commitmentOf } from "../register/commitments.ts";
import type { Asset } from "./asset.ts";
import type { ChangeSet, PurgeSet } from "./change-set.ts";
import type { CustomerRecord } from "./customer.ts";
import type { Verification } from "./field-input.ts";
import type { FieldInsert, FieldVersion } from "./field-version.ts";
import { type ItemKind, type ItemSource, newLifecycle, superseded, tombstoned } from "./item.ts";
import { auditEvent, type UseCaseContext } from "./profile-audit.ts";
import type { ValueSealer } from "./value-sealer.ts";

/** The header after any change: one version on, touched at `at`. */
export function touched(customer: CustomerRecord, at: Instant): CustomerRecord {
  return { ...customer, updatedAt: at, version: customer.version + 1 };
}

/** When a change takes effect: now, but never before the last change of the same customer. */
export function effectiveAt(customer: CustomerRecord, useCase: UseCaseContext): Instant {
  return laterOf(useCase.clock.now(), customer.updatedAt);
}

export interface Attestation {
  readonly act: "verify" | "confirm";
  readonly verification: Verification;
  readonly evidence: ItemKind | undefined;
  /** The value in clear, for the commitment. */
  readonly value: JsonValue;
  /** Present when the value is stored encrypted. */
  readonly sealer: ValueSealer | undefined;
}

/**
 * Verifying or confirming a value makes a new version of it, since a version never changes: what was known before
 * stays readable as it was. The new version keeps the value, its origin and its sources, and adds the evidence.
 */
export function planAttestation(
  customer: CustomerRecord,
  field: FieldVersion,
  { useCase, ...attestation }: Attestation & { useCase: UseCaseContext },
): { changes: ChangeSet; field: FieldVersion } {
  const at = effectiveAt(customer, useCase);
  const version = attestedVersion(field, { ...attestation, useCase, at });
  const { commitmentSecret, ...stored } = version;
  const changes: ChangeSet = {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: touched(customer, at),
    endFields: [{ id: field.id, ...superseded(field, version.id, at) }],
    insertFields: [version],
    audit: [
      auditEvent(useCase, {
        eventType: attestation.act === "verify" ? "field_verified" : "field_confirmed",
        customerId: customer.customerId,
        subjectId: version.id,
        at,
        data: {
          name: field.name,
          method: attestation.verification.method,
          evidenceItemId: attestation.verification.evidenceItemId ?? null,
          supersedes: [field.id],
          valueCommitment: commitmentOf(commitmentSecret, version.id, attestation.value),
        },
      }),
    ],
  };
  return { changes, field: { ...stored, isOrphaned: field.isOrphaned } };
}

function attestedVersion(
  field: FieldVersion,
  { act, verification, evidence, value, sealer, useCase, at }: Attestation & { useCase: UseCaseContext; at: Instant },
): FieldInsert {
  const { isOrphaned: _, ...kept } = field;
  const id = useCase.ids.uuid<ItemId>();
  const verified = act === "verify";
  return {
    ...kept,
    id,
    sealedValue: field.sealedValue === null ? null : (sealer?.seal(id, field.name, value) ?? null),
    sources: withEvidence(field.sources, verification.evidenceItemId, evidence),
    ...(verified && {
      verified,
      verificationMethod: verification.method,
      verifiedAt: at,
      verifiedBy: verification.by,
    }),
    requiresConfirmation: false,
    metadata: verified
      ? field.metadata
      : { ...field.metadata, confirmation: { method: verification.method, by: verification.by, at } },
    ...newLifecycle(at),
    commitmentSecret: Buffer.from(useCase.ids.bytes(COMMITMENT_SECRET_BYTES)).toString("base64url"),
  };
}

function withEvidence(
  sources: readonly ItemSource[],
  evidenceItemId: ItemId | undefined,
  kind: ItemKind | undefined,
): readonly ItemSource[] {
  if (evidenceItemId === undefined || kind === undefined) return sources;
  if (sources.some((source) => source.id === evidenceItemId)) return sources;
  return [...sources, { type: kind, id: evidenceItemId, metadata: { role: "evidence" } }];
}

/** Tombstones of fields: gone for readers, kept for history, lineage and the register. */
export function planFieldDeletion(
  customer: CustomerRecord,
  fields: readonly FieldVersion[],
  useCase: UseCaseContext,
): ChangeSet {
  const at = effectiveAt(customer, useCase);
  return {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: touched(customer, at),
    endFields: fields.map((field) => ({ id: field.id, ...tombstoned(field, at) })),
    audit: fields.map((field) =>
      auditEvent(useCase, {
        eventType: "field_deleted",
        customerId: customer.customerId,
        subjectId: field.id,
        at,
        data: { name: field.name, status: field.status },
      }),
    ),
  };
}

export function planAssetDeletion(customer: CustomerRecord, asset: Asset, useCase: UseCaseContext): ChangeSet {
  const at = effectiveAt(customer, useCase);
  return {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: touched(customer, at),
    endAssets: [{ id: asset.id, ...tombstoned(asset, at) }],
    audit: [
      auditEvent(useCase, {
        eventType: "asset_deleted",
        customerId: customer.customerId,
        subjectId: asset.id,
        at,
        data: { name: asset.name },
      }),
    ],
  };
}

/** Physical removal, for which the register keeps who did it and why. */
export function planPurge(
  customer: CustomerRecord,
  items: readonly { readonly id: ItemId; readonly name: string }[],
  { kind, reason, useCase }: { kind: ItemKind; reason: string; useCase: UseCaseContext },
): PurgeSet {
  const at = effectiveAt(customer, useCase);
  return {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: touched(customer, at),
    kind,
    itemIds: items.map((item) => item.id),
    audit: items.map((item) =>
      auditEvent(useCase, {
        eventType: kind === "profile_field" ? "field_purged" : "asset_purged",
        customerId: customer.customerId,
        subjectId: item.id,
        at,
        data: { name: item.name, reason },
      }),
    ),
  };
}
