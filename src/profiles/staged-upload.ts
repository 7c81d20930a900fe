import { VAULT_STORAGE } from "./asset.ts";
import type { BlobInfo } from "./blob-store.ts";
import type { AssetLocation } from "./plan-asset.ts";

/**
 * Bytes that are kept durably but belong to no asset yet. Taken in before the transaction that records the asset, for
 * a slow sender must not hold one open. Its visible members are what two uploads of the same file have in common.
 */
export class StagedUpload {
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly #key: string;
  #isKept = false;

  constructor(key: string, info: BlobInfo) {
    this.#key = key;
    this.sizeBytes = info.sizeBytes;
    this.checksum = info.checksum;
  }

  get isKept(): boolean {
    return this.#isKept;
  }

  /** Called once the asset that owns the bytes is committed. */
  keep(): void {
    this.#isKept = true;
  }

  location(): AssetLocation {
    return {
      storageProvider: VAULT_STORAGE,
      storagePath: this.#key,
      sizeBytes: this.sizeBytes,
      checksum: this.checksum,
    };
  }
}
