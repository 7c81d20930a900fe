import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { isVaultError, VaultError } from "../errors.ts";
import { type CustomerId, type ItemId, uuidV7Ms } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import { type Asset, VAULT_STORAGE } from "./asset.ts";
import { changeCustomer, findOfCustomer, requireWriteContext } from "./change-customer.ts";
import type { StatusFilter } from "./item.ts";
import { type AssetInput, type AssetLocation, planAssetAddition } from "./plan-asset.ts";
import type { ExpectedVersion } from "./plan-customer-changes.ts";
import { planAssetDeletion, planPurge } from "./plan-field-changes.ts";
import { itemIdsOf } from "./plan-sources.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";
import { STORAGE_PATHS_MAX } from "./profile-store.ts";
import { StagedUpload } from "./staged-upload.ts";

export interface AssetUpload {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly sizeBytesMax: number;
  /** SHA-256 in hex that the bytes must have, when the caller knows it. */
  readonly checksum?: string | undefined;
}

interface Expectation {
  readonly expectedVersion?: ExpectedVersion;
}

/** Far longer than a request may take, so that an upload under way is never taken for a left-over. */
export const UNOWNED_AGE_MS = 3_600_000;

/** Use cases on the documents of customers. Every method may reject with `customer_not_found` or `customer_merged`. */
export class AssetService {
  readonly #options: ProfileServiceOptions;

  constructor(options: ProfileServiceOptions) {
    this.#options = options;
  }

  /**
   * Takes bytes into the vault and records them as an asset. Rejects with `payload_too_large`, `checksum_mismatch`,
   * `source_not_found`, `lineage_cycle`, `item_exists`, `version_mismatch`; then no bytes are left.
   */
  async upload(customerId: CustomerId, input: AssetInput & Expectation, upload: AssetUpload): Promise<Asset> {
    // Before any byte is kept: what cannot be recorded is not taken in.
    await requireWriteContext(this.#options.store, { customerId, expectedVersion: input.expectedVersion, lock: false });
    const staged = await this.stage(upload);
    try {
      return await this.adopt(customerId, input, staged);
    } catch (error) {
      await this.discard(staged, error);
      throw error;
    }
  }

  /**
   * Keeps bytes durably, for `adopt` or `discard`. Not part of any transaction.
   * Rejects with `payload_too_large`, `checksum_mismatch`; then no bytes are left.
   */
  async stage(upload: AssetUpload): Promise<StagedUpload> {
    const { blobs, tenantId, useCase } = this.#options;
    // The blob has a key of its own: an asset id chosen by a caller could name another asset's bytes.
    const key = `${tenantId}/${useCase.ids.uuid()}`;
    const info = await blobs.put(key, upload.bytes, { sizeBytesMax: upload.sizeBytesMax });
    if (upload.checksum === undefined || upload.checksum.toLowerCase() === info.checksum) {
      return new StagedUpload(key, info);
    }
    await blobs.delete(key);
    throw new VaultError("checksum_mismatch", "The bytes do not have the announced SHA-256.");
  }

  /** Records staged bytes as an asset. Rejects like `upload`, but for what concerns bytes. */
  async adopt(customerId: CustomerId, input: AssetInput & Expectation, staged: StagedUpload): Promise<Asset> {
    const asset = await this.#add(customerId, input, staged.location());
    await this.#options.afterCommit(async () => staged.keep());
    return asset;
  }

  /**
   * Removes staged bytes that no asset came to own. They stay when one owns them, and when one may: after a `failure`
   * of the database nobody knows whether the asset was committed, and bytes without an asset are the lesser evil.
   */
  async discard(staged: StagedUpload, failure?: unknown): Promise<void> {
    if (staged.isKept || DOUBTS.some((code) => isVaultError(failure, code))) return;
    await this.#options.blobs.delete(staged.location().storagePath);
  }

  /**
   * Removes bytes of the tenant that no asset came to own within `UNOWNED_AGE_MS`: what an upload left that was
   * interrupted by a crash or whose outcome nobody knew. Returns how many keys were removed.
   */
  async sweepUnowned(): Promise<number> {
    const { blobs, tenantId, useCase } = this.#options;
    const madeBefore = Date.parse(useCase.clock.now()) - UNOWNED_AGE_MS;
    let removed = 0;
    let batch: string[] = [];
    for await (const key of blobs.list(tenantId)) {
      const madeMs = uuidV7Ms(key.slice(tenantId.length + 1));
      if (madeMs === undefined || madeMs >= madeBefore) continue;
      batch.push(key);
      if (batch.length < STORAGE_PATHS_MAX) continue;
      removed += await this.#removeUnowned(batch);
      batch = [];
    }
    return removed + (await this.#removeUnowned(batch));
  }

  async #removeUnowned(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0;
    const owned = await this.#options.store.findOwnedPaths(keys);
    const unowned = new Set(keys.filter((key) => !owned.has(key)));
    for (const key of unowned) await this.#options.blobs.delete(key);
    return unowned.size;
  }

  /** Records an asset whose bytes are held elsewhere. Rejects like `upload`, but for what concerns bytes. */
  register(customerId: CustomerId, input: AssetInput & Expectation, location: AssetLocation): Promise<Asset> {
    return this.#add(customerId, input, location);
  }

  #add(customerId: CustomerId, input: AssetInput & Expectation, location: AssetLocation): Promise<Asset> {
    const { useCase } = this.#options;
    const id = input.id ?? useCase.ids.uuid<ItemId>();
    return changeCustomer(this.#options.store, async (store, lock) => {
      const context = await requireWriteContext(
        store,
        { customerId, expectedVersion: input.expectedVersion, lock },
        {
          assetNames: input.supersedeExisting ? [input.name] : [],
          itemIds: [...(input.id === undefined ? [] : [input.id]), ...(itemIdsOf(input.sources) as ItemId[])],
        },
      );
      const { changes, asset } = planAssetAddition(context, { ...input, id }, { location, useCase });
      return { outcome: await store.apply(changes), result: asset };
    });
  }

  /** In any status. Rejects with `asset_not_found`. */
  async get(customerId: CustomerId, assetId: ItemId): Promise<Asset> {
    const { store } = this.#options;
    const asset = await findOfCustomer(store, customerId, () => store.getAsset(customerId, assetId));
    if (!asset) throw assetNotFound();
    return asset;
  }

  /** Newest first. Rejects with `invalid_cursor`. */
  async list(customerId: CustomerId, status: StatusFilter, page: PageRequest): Promise<Page<Asset>> {
    const { store } = this.#options;
    const found = await findOfCustomer(store, customerId, async () => {
      const assets = await store.listAssets(customerId, status, page);
      return assets.items.length === 0 ? undefined : assets;
    });
    return found ?? { items: [], nextCursor: null };
  }

  /**
   * The bytes of an asset the vault keeps, checked against the recorded SHA-256 before the first one is served.
   * Rejects with `asset_not_found`, `asset_content_not_found`, `integrity_violation`.
   */
  async content(customerId: CustomerId, assetId: ItemId): Promise<{ asset: Asset; stream: Readable }> {
    const asset = await this.get(customerId, assetId);
    if (asset.storageProvider !== VAULT_STORAGE) throw contentNotFound();
    const checked = await this.#open(asset);
    const hash = createHash("sha256");
    for await (const chunk of checked) hash.update(chunk as Uint8Array);
    if (hash.digest("hex") !== asset.checksum) {
      throw violation("The stored bytes do not have the recorded SHA-256.", assetId);
    }
    return { asset, stream: await this.#open(asset) };
  }

  async #open({ id, customerId, storagePath }: Asset): Promise<Readable> {
    const stream = await this.#options.blobs.get(storagePath);
    if (stream) return stream;
    // Bytes go with their asset, which may have been deleted since it was read.
    await this.get(customerId, id);
    throw violation("The stored bytes are gone.", id);
  }

  /**
   * Deletes an asset: a tombstone, or with `purge` the record too. The bytes the vault keeps are removed after the
   * deletion is durable. Rejects with `asset_not_found`, `version_mismatch`, and when purging `has_dependents`.
   */
  async delete(
    customerId: CustomerId,
    assetId: ItemId,
    options: Expectation & { readonly purge?: { readonly reason: string } | undefined } = {},
  ): Promise<void> {
    const { useCase, blobs } = this.#options;
    const deleted = await changeCustomer(this.#options.store, async (store, lock) => {
      const target = { customerId, expectedVersion: options.expectedVersion, lock };
      const { customer } = await requireWriteContext(store, target);
      const asset = await store.getAsset(customerId, assetId);
      // Another writer may have merged, deleted or changed the customer since: then something else is to be said.
      if (!asset && !lock) return { outcome: "stale" };
      if (!asset) throw assetNotFound();
      const outcome = options.purge
        ? await store.purge(
            planPurge(customer, [asset], { kind: "profile_asset", reason: options.purge.reason, useCase }),
          )
        : await store.apply(planAssetDeletion(customer, asset, useCase));
      return { outcome, result: asset };
    });
    if (deleted.storageProvider !== VAULT_STORAGE) return;
    await this.#options.afterCommit(async () => void (await blobs.delete(deleted.storagePath)));
  }
}

function assetNotFound(): VaultError {
  return new VaultError("asset_not_found", "The customer has no such asset.");
}

/** Errors after which a commit may or may not have happened. */
const DOUBTS = ["storage_unavailable", "storage_timeout"] as const;

function violation(message: string, assetId: ItemId): VaultError {
  return new VaultError("integrity_violation", message, { details: { assetId } });
}

function contentNotFound(): VaultError {
  return new VaultError("asset_content_not_found", "The vault does not keep the bytes of this asset.");
}
