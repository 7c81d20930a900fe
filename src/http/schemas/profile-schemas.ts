import { z } from "zod";
import type { AgentId, ItemId } from "../../identifiers.ts";
import { ASSET_TYPES } from "../../profiles/asset.ts";
import {
  CHANNEL_USER_ID_LENGTH_MAX,
  CHANNELS,
  CONSENT_TYPE_LENGTH_MAX,
  EXTERNAL_ID_LENGTH_MAX,
  VERIFICATION_LEVELS,
} from "../../profiles/customer.ts";
import { FIELD_SOURCES, FIELDS_PER_WRITE_MAX } from "../../profiles/field-version.ts";
import {
  ITEM_KINDS,
  ITEM_STATUSES,
  SOURCE_ID_LENGTH_MAX,
  SOURCE_TYPES,
  SOURCES_PER_ITEM_MAX,
  type SourceType,
} from "../../profiles/item.ts";
import { FIELD_VALUE_TYPES, VALIDATION_MODES } from "../../schema/field-definition.ts";
import { fieldName, storableText } from "../../schema/input-shape.ts";
import { VALIDATION_ERROR_TYPES } from "../../schema/validation.ts";
import { pageSchema } from "../page-schema.ts";
import { idSchema, instantInput, instantOutput } from "../value-schemas.ts";
import { id, jsonObject, metadataInput } from "./basic-schemas.ts";
import { seal } from "./register-schemas.ts";

/* What requests say. */

export const channelIdentityInput = z.strictObject({
  channel: z.enum(CHANNELS),
  channelUserId: storableText(CHANNEL_USER_ID_LENGTH_MAX),
  verified: z.boolean().optional(),
  primary: z.boolean().optional(),
});

export const customerKeysInput = z.strictObject({
  channelIdentity: channelIdentityInput.optional(),
  externalId: storableText(EXTERNAL_ID_LENGTH_MAX).optional(),
});

export const customerPatchInput = z
  .strictObject({
    externalId: storableText(EXTERNAL_ID_LENGTH_MAX).nullable().optional(),
    verificationLevel: z.enum(VERIFICATION_LEVELS).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, "Name at least one member to change.");

export const itemSourceInput = z
  .strictObject({
    type: z.enum(SOURCE_TYPES),
    id: storableText(SOURCE_ID_LENGTH_MAX).optional(),
    metadata: metadataInput().optional(),
  })
  .refine(({ type, id: sourceId }) => !namesItem(type) || idSchema().safeParse(sourceId).success, {
    path: ["id"],
    message: "Must be the UUID of an item.",
  })
  .overwrite((source) => (namesItem(source.type) ? { ...source, id: source.id?.toLowerCase() } : source));

function namesItem(type: SourceType): boolean {
  return type === "profile_field" || type === "profile_asset";
}

const sourcesInput = z.array(itemSourceInput).max(SOURCES_PER_ITEM_MAX);

const fieldInput = z.strictObject({
  id: idSchema<ItemId>().optional(),
  name: fieldName(),
  value: z
    .unknown()
    .refine(
      (value) => value !== undefined && value !== null,
      "Is missing; delete a field instead of setting it to null.",
    )
    .meta({ description: "Any JSON but null; coerced to the definition's type." }),
  valueType: z.enum(FIELD_VALUE_TYPES).optional(),
  source: z.enum(FIELD_SOURCES),
  sources: sourcesInput.optional(),
  confidence: z.number().min(0).max(1).optional(),
  verified: z.boolean().optional(),
  verificationMethod: storableText(100).optional(),
  verifiedBy: storableText(255).optional(),
  expiresAt: instantInput.optional(),
  collectedAt: instantInput.optional(),
  requiresConfirmation: z.boolean().optional(),
  sourceSessionId: storableText(255).optional(),
  sourceScenarioId: storableText(255).optional(),
  sourceStepId: storableText(255).optional(),
  metadata: metadataInput().optional(),
  supersedeExisting: z.boolean().optional(),
});

export const fieldWriteInput = z.strictObject({
  agentId: idSchema<AgentId>().optional(),
  mode: z.enum(VALIDATION_MODES).optional(),
  fields: z.array(fieldInput).min(1).max(FIELDS_PER_WRITE_MAX),
});

export const verificationInput = z.strictObject({
  method: storableText(100),
  by: storableText(255),
  evidenceItemId: idSchema<ItemId>().optional(),
});

export const consentInput = z.strictObject({
  consentType: storableText(CONSENT_TYPE_LENGTH_MAX),
  granted: z.boolean(),
  sourceSessionId: storableText(255).optional(),
  ipAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
});

export const statusFilter = z.enum([...ITEM_STATUSES, "any"]);

/* What answers say. */

const itemSource = z.strictObject({
  type: z.enum(SOURCE_TYPES),
  id: z.string().nullable(),
  metadata: jsonObject,
});

const lifecycle = {
  status: z.enum(ITEM_STATUSES),
  supersededById: id.nullable(),
  supersededAt: instantOutput.nullable(),
  expiredAt: instantOutput.nullable(),
  orphanedAt: instantOutput.nullable(),
  recordedAt: instantOutput,
  endedAt: instantOutput.nullable(),
  deletedAt: instantOutput.nullable(),
};

export const fieldVersion = z
  .strictObject({
    id,
    customerId: id,
    name: z.string(),
    value: z.unknown().meta({ description: "JSON of the value type; null when masked" }),
    valueType: z.enum(FIELD_VALUE_TYPES),
    source: z.enum(FIELD_SOURCES),
    sources: z.array(itemSource),
    isOrphaned: z.boolean(),
    sourceSessionId: z.string().nullable(),
    sourceScenarioId: z.string().nullable(),
    sourceStepId: z.string().nullable(),
    verified: z.boolean(),
    verificationMethod: z.string().nullable(),
    verifiedAt: instantOutput.nullable(),
    verifiedBy: z.string().nullable(),
    confidence: z.number(),
    requiresConfirmation: z.boolean(),
    collectedAt: instantOutput,
    expiresAt: instantOutput.nullable(),
    fieldDefinitionId: id.nullable(),
    metadata: jsonObject,
    isPii: z.boolean(),
    encrypted: z.boolean(),
    masked: z.boolean(),
    ...lifecycle,
  })
  .meta({ id: "FieldVersion" });

/** Of a history: with where the event is sealed that the version came to be with. */
const sealedFieldVersion = fieldVersion.extend({ seal }).meta({ id: "SealedFieldVersion" });

export const asset = z
  .strictObject({
    id,
    customerId: id,
    name: z.string(),
    assetType: z.enum(ASSET_TYPES),
    storageProvider: z.string(),
    storagePath: z.string(),
    mimeType: z.string(),
    sizeBytes: z.int(),
    checksum: z.string(),
    uploadedAt: instantOutput,
    uploadedInSessionId: z.string().nullable(),
    uploadedInScenarioId: z.string().nullable(),
    sources: z.array(itemSource),
    isOrphaned: z.boolean(),
    derivedFromTool: z.string().nullable(),
    verified: z.boolean(),
    verificationResult: jsonObject.nullable(),
    retentionPolicy: z.string(),
    expiresAt: instantOutput.nullable(),
    metadata: jsonObject,
    analysisFieldIds: z.array(id),
    ...lifecycle,
  })
  .meta({ id: "Asset" });

const sealedAsset = asset.extend({ seal }).meta({ id: "SealedAsset" });

export const channelIdentity = z
  .strictObject({
    channel: z.enum(CHANNELS),
    channelUserId: z.string(),
    verified: z.boolean(),
    verifiedAt: instantOutput.nullable(),
    primary: z.boolean(),
    createdAt: instantOutput,
  })
  .meta({ id: "ChannelIdentity" });

export const consent = z
  .strictObject({
    id,
    consentType: z.string(),
    granted: z.boolean(),
    grantedAt: instantOutput.nullable(),
    revokedAt: instantOutput.nullable(),
    sourceSessionId: z.string().nullable(),
    ipAddress: z.string().nullable(),
    recordedAt: instantOutput,
  })
  .meta({ id: "Consent" });

const customerHeaderMembers = {
  customerId: id,
  externalId: z.string().nullable(),
  verificationLevel: z.enum(VERIFICATION_LEVELS),
  createdAt: instantOutput,
  updatedAt: instantOutput,
  lastInteractionAt: instantOutput.nullable(),
  version: z.int(),
};

export const customerHeader = z.strictObject(customerHeaderMembers).meta({ id: "CustomerHeader" });

const customerSummary = z
  .strictObject({ ...customerHeaderMembers, identities: z.array(channelIdentity) })
  .meta({ id: "CustomerSummary" });

export const profile = z
  .strictObject({
    ...customerHeaderMembers,
    fields: z.record(z.string(), fieldVersion).meta({ description: "The active version of each field by name" }),
    assets: z.array(asset),
    identities: z.array(channelIdentity),
    consents: z.array(consent),
  })
  .meta({ id: "Profile" });

export const profileWithHistory = profile
  .extend({
    fieldHistory: z.record(z.string(), z.array(sealedFieldVersion)).optional(),
    assetHistory: z.array(sealedAsset).optional(),
  })
  .meta({ id: "ProfileWithHistory" });

export const validationIssue = z.strictObject({
  fieldName: z.string(),
  errorType: z.enum(VALIDATION_ERROR_TYPES),
  message: z.string(),
});

export const fieldWriteAnswer = z
  .strictObject({
    results: z.array(
      z.strictObject({
        name: z.string(),
        outcome: z.enum(["accepted", "rejected"]),
        field: fieldVersion.optional(),
        errors: z.array(validationIssue),
      }),
    ),
    version: z.int(),
  })
  .meta({ id: "FieldWriteAnswer" });

const lineageMembers = {
  id,
  type: z.enum(ITEM_KINDS),
  customerId: id,
  name: z.string(),
  status: z.enum(ITEM_STATUSES),
  deleted: z.boolean(),
  collectedAt: instantOutput,
  sources: z.array(itemSource),
  seal,
};

export const derivationChain = z
  .strictObject({
    items: z.array(z.strictObject(lineageMembers)).meta({ description: "Root first" }),
    truncated: z.boolean(),
    cycle: z.boolean(),
  })
  .meta({ id: "DerivationChain" });

export const dependents = z
  .strictObject({ items: z.array(z.strictObject({ ...lineageMembers, distance: z.int() })), truncated: z.boolean() })
  .meta({ id: "Dependents" });

export const mergeSummary = z
  .strictObject({
    mergeId: id,
    sourceCustomerId: id,
    targetCustomerId: id,
    mergedAt: instantOutput,
    undoneAt: instantOutput.nullable(),
  })
  .meta({ id: "Merge" });

export const passReport = z
  .strictObject({
    count: z.int(),
    items: z.array(z.strictObject({ itemId: id, kind: z.enum(ITEM_KINDS), customerId: id, name: z.string() })),
  })
  .meta({ id: "PassReport" });

export const fieldHistoryPage = pageSchema(sealedFieldVersion);
export const assetPage = pageSchema(asset);
export const customerPage = pageSchema(customerSummary);
