import type { Instant } from "../clock.ts";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { ItemLifecycle, ItemSource } from "./item.ts";

export const ASSET_TYPES = ["image", "pdf", "document", "audio", "video", "other"] as const;
export type AssetType = (typeof ASSET_TYPES)[number];

export const ASSET_NAME_LENGTH_MAX = 255;
export const STORAGE_PATH_LENGTH_MAX = 1024;
/** The storage provider of bytes the vault keeps itself. */
export const VAULT_STORAGE = "vault";

/** A document or recording of a customer. The bytes are in a blob store or held elsewhere. */
export interface Asset extends ItemLifecycle {
  readonly id: ItemId;
  readonly customerId: CustomerId;
  readonly name: string;
  readonly assetType: AssetType;
  readonly storageProvider: string;
  readonly storagePath: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, 64 hex digits in lower case. */
  readonly checksum: string;
  readonly uploadedAt: Instant;
  readonly uploadedInSessionId: string | null;
  readonly uploadedInScenarioId: string | null;
  readonly sources: readonly ItemSource[];
  readonly isOrphaned: boolean;
  readonly derivedFromTool: string | null;
  readonly verified: boolean;
  readonly verificationResult: JsonObject | null;
  /** `permanent`, `session_end` or `<n>_days`. */
  readonly retentionPolicy: string;
  readonly expiresAt: Instant | null;
  readonly metadata: JsonObject;
  /** Field versions derived from this asset, oldest first: the inverse of their source edges. */
  readonly analysisFieldIds: readonly ItemId[];
}

/** An asset as it is first written; the secret keys the commitment that the audit event carries. */
export interface AssetInsert extends Omit<Asset, "isOrphaned" | "analysisFieldIds"> {
  /** 32 bytes as base64url, destroyed on erasure. */
  readonly commitmentSecret: string;
}
