import type { AuditEventInsert } from "../audit/audit-event.ts";
import { addMs, type Instant } from "../clock.ts";
import type { ConsentId, CustomerId } from "../identifiers.ts";
import type { Asset, AssetInsert } from "../profiles/asset.ts";
import type { ChangeSet } from "../profiles/change-set.ts";
import type { ChannelIdentity, Consent, CustomerRecord } from "../profiles/customer.ts";
import type { FieldInsert, FieldVersion } from "../profiles/field-version.ts";
import { type ItemSource, newLifecycle } from "../profiles/item.ts";
import { SYSTEM_ACTOR } from "../tenants/actor.ts";
import { seededIds } from "./seeded-ids.ts";

/* Records as the planners make them, with every optional member unset until a test sets it. */

export const NOW = "2026-03-03T09:30:00.000Z" as Instant;

/** `NOW` and so many milliseconds. */
export function at(ms: number): Instant {
  return addMs(NOW, ms);
}

const ids = seededIds(1);

export function newId<T extends string>(): T {
  return ids.uuid<T>();
}

export function newCustomer(over: Partial<CustomerRecord> = {}): CustomerRecord {
  return {
    customerId: newId(),
    externalId: null,
    verificationLevel: "unverified",
    createdAt: NOW,
    updatedAt: NOW,
    lastInteractionAt: null,
    version: 1,
    mergedIntoId: null,
    deletedAt: null,
    wrappedKey: null,
    ...over,
  };
}

export function newIdentity(channelUserId: string, over: Partial<ChannelIdentity> = {}): ChannelIdentity {
  return {
    channel: "whatsapp",
    channelUserId,
    verified: false,
    verifiedAt: null,
    primary: false,
    createdAt: NOW,
    ...over,
  };
}

export function newConsent(over: Partial<Consent> = {}): Consent {
  return {
    id: newId<ConsentId>(),
    consentType: "marketing",
    granted: true,
    grantedAt: NOW,
    revokedAt: null,
    sourceSessionId: null,
    ipAddress: null,
    recordedAt: NOW,
    ...over,
  };
}

export function newField(customerId: CustomerId, over: Partial<FieldInsert> = {}): FieldInsert {
  return {
    id: newId(),
    customerId,
    name: "city",
    value: "Lyon",
    valueType: "string",
    source: "user_provided",
    sources: [],
    sourceSessionId: null,
    sourceScenarioId: null,
    sourceStepId: null,
    verified: false,
    verificationMethod: null,
    verifiedAt: null,
    verifiedBy: null,
    confidence: 1,
    requiresConfirmation: false,
    collectedAt: NOW,
    expiresAt: null,
    fieldDefinitionId: null,
    metadata: {},
    isPii: false,
    sealedValue: null,
    ...newLifecycle(NOW),
    commitmentSecret: "c2VjcmV0",
    ...over,
  };
}

export function newAsset(customerId: CustomerId, over: Partial<AssetInsert> = {}): AssetInsert {
  return {
    id: newId(),
    customerId,
    name: "id_card",
    assetType: "image",
    storageProvider: "vault",
    storagePath: "a/b",
    mimeType: "image/png",
    sizeBytes: 3,
    checksum: "ab".repeat(32),
    uploadedAt: NOW,
    uploadedInSessionId: null,
    uploadedInScenarioId: null,
    sources: [],
    derivedFromTool: null,
    verified: false,
    verificationResult: null,
    retentionPolicy: "permanent",
    expiresAt: null,
    metadata: {},
    ...newLifecycle(NOW),
    commitmentSecret: "c2VjcmV0",
    ...over,
  };
}

export function newEvent(over: Partial<AuditEventInsert> = {}): AuditEventInsert {
  return {
    id: newId(),
    eventType: "customer_updated",
    customerId: null,
    subjectId: null,
    actor: SYSTEM_ACTOR,
    requestId: null,
    eventData: {},
    timestamp: NOW,
    ...over,
  };
}

/** A change set on a customer as it was read, with one audit event. */
export function changeSet(customer: CustomerRecord, parts: Partial<ChangeSet> = {}): ChangeSet {
  const { customerId, version } = customer;
  return {
    customerId,
    expectedVersion: version,
    customer: { ...customer, version: version + 1 },
    audit: [newEvent({ customerId })],
    ...parts,
  };
}

/** What reads return of a field as it was inserted, while none of its sources is gone. */
export function readField({ commitmentSecret: _, ...field }: FieldInsert): FieldVersion {
  return { ...field, isOrphaned: false };
}

/** What reads return of an asset as it was inserted, while none of its sources is gone and no field derives from it. */
export function readAsset({ commitmentSecret: _, ...asset }: AssetInsert): Asset {
  return { ...asset, isOrphaned: false, analysisFieldIds: [] };
}

export function itemSource(item: { readonly id: string; readonly valueType?: unknown }): ItemSource {
  return { type: item.valueType === undefined ? "profile_asset" : "profile_field", id: item.id, metadata: {} };
}
