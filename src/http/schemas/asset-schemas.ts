import { z } from "zod";
import type { ItemId } from "../../identifiers.ts";
import { ASSET_NAME_LENGTH_MAX, ASSET_TYPES, STORAGE_PATH_LENGTH_MAX, VAULT_STORAGE } from "../../profiles/asset.ts";
import { SOURCES_PER_ITEM_MAX } from "../../profiles/item.ts";
import { isRetentionPolicy } from "../../profiles/plan-asset.ts";
import { storableText } from "../../schema/input-shape.ts";
import { idSchema, instantInput } from "../value-schemas.ts";
import { metadataInput } from "./basic-schemas.ts";
import { itemSourceInput } from "./profile-schemas.ts";

/* Without a flag for case, which a description of the API could not tell. */
const MIME_TYPE = /^[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*\/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*$/;
const SHA256_HEX = /^[0-9a-fA-F]{64}$/;

const sha256 = z.string().regex(SHA256_HEX, "Must be a SHA-256 in 64 hex digits.");
export const mimeType = z.string().max(127).regex(MIME_TYPE, "Must be a media type such as image/png.");

const assetMembers = {
  id: idSchema<ItemId>().optional(),
  name: storableText(ASSET_NAME_LENGTH_MAX),
  assetType: z.enum(ASSET_TYPES),
  sources: z.array(itemSourceInput).max(SOURCES_PER_ITEM_MAX).optional(),
  derivedFromTool: storableText(255).optional(),
  uploadedInSessionId: storableText(255).optional(),
  uploadedInScenarioId: storableText(255).optional(),
  verified: z.boolean().optional(),
  verificationResult: metadataInput().optional(),
  retentionPolicy: z
    .string()
    .refine(isRetentionPolicy, "Must be permanent, session_end or <n>_days.")
    .meta({ description: "permanent, session_end or <n>_days" })
    .optional(),
  expiresAt: instantInput.optional(),
  metadata: metadataInput().optional(),
  supersedeExisting: z.boolean().optional(),
};

/** The `metadata` part of a multipart upload; the `file` part brings the bytes. */
export const assetUploadInput = z.strictObject({
  ...assetMembers,
  mimeType: mimeType.optional().meta({ description: "Default: that of the file part" }),
  checksum: sha256.optional().meta({ description: "SHA-256 the bytes must have" }),
});

/** A multipart body, for its documentation: it is read part by part. */
export const assetUploadParts = z.strictObject({
  metadata: assetUploadInput,
  file: z.any().meta({ type: "string", format: "binary", description: "The bytes." }),
});

/** The JSON body for an asset whose bytes are held elsewhere. */
export const assetRegistrationInput = z.strictObject({
  ...assetMembers,
  mimeType,
  storageProvider: storableText(100).refine((name) => name !== VAULT_STORAGE, "Is the vault's own; upload the bytes."),
  storagePath: storableText(STORAGE_PATH_LENGTH_MAX),
  sizeBytes: z.int().min(0),
  checksum: sha256.transform((hex) => hex.toLowerCase()),
});
