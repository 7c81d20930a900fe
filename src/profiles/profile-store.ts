import type { AuditEventInsert } from "../audit/audit-event.ts";
import type { Instant } from "../clock.ts";
import type { AgentId, CustomerId, ItemId, MergeId, ScenarioId } from "../identifiers.ts";
import type { FieldDefinition, ValidationMode } from "../schema/field-definition.ts";
import type { FieldRequirement, RequirementSelector } from "../schema/requirement.ts";
import type { PiiFlags } from "../schema/schema-stores.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { Asset } from "./asset.ts";
import type { ApplyOutcome, ChangeSet, MergeChange, MergeRecord, PurgeSet } from "./change-set.ts";
import type { Channel, ChannelIdentity, CustomerRecord, CustomerSummary, ProfileRecord } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";
import type { ItemKind, StatusFilter } from "./item.ts";
import type { DependentItem, DerivationChain } from "./lineage.ts";

/*
 * Every store below is bound to one tenant when it is made: no method takes a tenant, none can read or
 * write another tenant's rows, and an id of another tenant behaves exactly like an unknown one.
 * Reads return copies. Every method may reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */

export type CustomerLookup =
  | { readonly by: "id"; readonly customerId: CustomerId }
  | { readonly by: "externalId"; readonly externalId: string }
  | { readonly by: "identity"; readonly channel: Channel; readonly channelUserId: string };

/** One filter at a time. */
export interface CustomerFilter {
  readonly identity?: { readonly channel: Channel; readonly channelUserId: string } | undefined;
  readonly externalId?: string | undefined;
  /**
   * The beginning of an active text field's value that is neither personal nor encrypted: without regard to case or
   * to how accents are composed, and of its first 100 characters.
   */
  readonly textPrefix?: string | undefined;
}

export interface ProfileReader {
  /**
   * One customer with everything that belongs to it, in one round trip. `active` leaves out versions that
   * are not active; `history` holds every version and asset with its tombstones.
   *
   * By id a merged customer is found too (its `mergedIntoId` is set); by external id the survivor of its merges
   * is found instead; identities move with a merge. Deleted customers are never found.
   */
  findProfile(lookup: CustomerLookup, scope: "active" | "history"): Promise<ProfileRecord | undefined>;
  /**
   * Live customers, newest first (by customer id, descending). Rejects with `invalid_cursor`, also when the filter
   * changed, and with `invalid_request` for more than one filter.
   */
  listCustomers(filter: CustomerFilter, page: PageRequest): Promise<Page<CustomerSummary>>;
}

export interface FieldReader {
  /** The newest version with the status (by `collectedAt`, then by insertion), tombstones left out. */
  getField(customerId: CustomerId, name: string, status: StatusFilter): Promise<FieldVersion | undefined>;
  /**
   * Every version of a name, newest first (by `collectedAt`, then by insertion), tombstones included, for a
   * live customer; empty for an unknown name or customer. Rejects with `invalid_cursor`.
   */
  listFieldHistory(customerId: CustomerId, name: string, page: PageRequest): Promise<Page<FieldVersion>>;
}

/** An item that the register has a commitment to: whoever has the secret and what was committed to can check it. */
export type CommittedItem = {
  /** 32 bytes in base64url. */
  readonly commitmentSecret: string;
} & (
  | { readonly kind: "profile_field"; readonly field: FieldVersion }
  | { readonly kind: "profile_asset"; readonly checksum: string }
);

export interface CommitmentReader {
  /**
   * An item in any status, tombstones included, of a customer who was not deleted. `undefined` for an unknown item, and
   * for one whose secret is gone. One round trip.
   */
  getCommittedItem(itemId: ItemId): Promise<CommittedItem | undefined>;
}

export const STORAGE_PATHS_MAX = 500;

export interface AssetReader {
  /** In any status, tombstones left out. */
  getAsset(customerId: CustomerId, assetId: ItemId): Promise<Asset | undefined>;
  /** Those of at most `STORAGE_PATHS_MAX` paths of the vault's own blob store that an asset holds which was not deleted. */
  findOwnedPaths(paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** Newest first (by `uploadedAt`, then by insertion), tombstones left out. Rejects with `invalid_cursor`. */
  listAssets(customerId: CustomerId, status: StatusFilter, page: PageRequest): Promise<Page<Asset>>;
}

export interface LineageReader {
  /**
   * An item and what it was made from, root first, in topological order (every source before what derives from
   * it), through all kinds and statuses, tombstones included. At most 10 items: those nearest to the item.
   * `undefined` when there is no such item. One round trip.
   */
  getDerivationChain(itemId: ItemId): Promise<DerivationChain | undefined>;
  /**
   * What was made from an item, in any status but without tombstones: directly, or with `transitive` at any
   * depth up to 10. By distance, then insertion. `undefined` when there is no such item.
   */
  listDependents(
    itemId: ItemId,
    options: { transitive: boolean; limit: number },
  ): Promise<{ readonly items: readonly DependentItem[]; readonly truncated: boolean } | undefined>;
  /**
   * The items, what they derive from directly and what derives directly from them, each once with its owner, in no
   * order: of any customer, tombstones included. At most `limit`, which may leave out any of them.
   */
  findLinkedItems(itemIds: readonly ItemId[], limit: number): Promise<readonly LinkedItem[]>;
}

export interface LinkedItem {
  readonly id: ItemId;
  readonly customerId: CustomerId;
}

/** What planning a write of fields or assets needs to know, read in one round trip. */
export interface WriteContextQuery {
  readonly customerId: CustomerId;
  readonly agentId: AgentId | null;
  /** Field names about to be written. */
  readonly names: readonly string[];
  /** Names of assets about to be superseded. */
  readonly assetNames: readonly string[];
  /** Items named as sources, and ids the caller chose for new items. */
  readonly itemIds: readonly ItemId[];
  /** Locks the customer row until the end of the surrounding transaction. */
  readonly lock: boolean;
}

export interface StoredItem {
  readonly id: ItemId;
  readonly customerId: CustomerId;
  readonly kind: ItemKind;
  readonly deleted: boolean;
}

export interface WriteContext {
  readonly customer: CustomerRecord;
  readonly tenantMode: ValidationMode | null;
  readonly agentMode: ValidationMode | null;
  /** The agent's definitions of the names, in any state. */
  readonly definitions: readonly FieldDefinition[];
  /** Those of the names that any agent's definition flags as personal data. */
  readonly piiNames: readonly string[];
  /** Versions of the names that are neither superseded nor deleted, newest first. */
  readonly currentFields: readonly FieldVersion[];
  /** Assets of the asset names that are neither superseded nor deleted, newest first. */
  readonly currentAssets: readonly Asset[];
  /** Those of the item ids that exist, tombstones included. */
  readonly items: readonly StoredItem[];
}

/** What the check of a scenario's requirements needs to know, read in one round trip. */
export interface GapContext {
  readonly customer: CustomerRecord;
  readonly requirements: readonly FieldRequirement[];
  /** Definitions of the required names by the requirements' agents. */
  readonly definitions: readonly FieldDefinition[];
  /** Active versions of every field (conditions may read any), and of required names the newest version else. */
  readonly fields: readonly FieldVersion[];
}

export interface ContextReader {
  /** Finds merged customers too, not deleted ones. */
  loadWriteContext(query: WriteContextQuery): Promise<WriteContext | undefined>;
  loadGapContext(
    customerId: CustomerId,
    scenarioId: ScenarioId,
    selector: RequirementSelector,
  ): Promise<GapContext | undefined>;
  /** Wrapped data keys by customer, merged and deleted customers included; those without a key are left out. */
  getWrappedKeys(customerIds: readonly CustomerId[]): Promise<ReadonlyMap<CustomerId, string>>;
}

export interface NewCustomer {
  readonly customer: CustomerRecord;
  readonly identity: ChannelIdentity | null;
  readonly audit: readonly AuditEventInsert[];
}

export interface ProfileWriter {
  /**
   * Inserts a customer with its first identity. `taken` when the external id or the identity belongs to a
   * customer already, and then nothing was written; under any number of concurrent callers one is `created`.
   * Rejects with `audit_event_exists`.
   */
  createCustomer(customer: NewCustomer): Promise<"created" | "taken">;
  /**
   * Applies a change set atomically. Rejects with `external_id_taken`, `identity_taken`, `item_exists` (also for an
   * item of the other kind) or `audit_event_exists` when another row owns the key, and then nothing was written.
   * What the change set says about items and identities of other customers is ignored.
   */
  apply(changes: ChangeSet): Promise<ApplyOutcome>;
  /**
   * Removes the customer's own items of the kind; what they had superseded keeps its status and loses the link.
   * Rejects with `has_dependents` when an item that is no tombstone derives from one of the items, unless it is
   * removed with it.
   */
  purge(changes: PurgeSet): Promise<ApplyOutcome>;
  applyMerge(change: MergeChange): Promise<ApplyOutcome>;
}

export interface MergeReader {
  getMerge(mergeId: MergeId): Promise<MergeRecord | undefined>;
  /** Merges that stand (not undone) into the customer, newest first. */
  listMergesInto(customerId: CustomerId): Promise<readonly MergeRecord[]>;
}

export interface TouchedItem {
  readonly itemId: ItemId;
  readonly kind: ItemKind;
  readonly customerId: CustomerId;
  readonly name: string;
}

/** Set-based passes over a tenant, or over one customer of it. Both are idempotent and work in bounded batches. */
export interface LifecycleStore {
  /**
   * Active fields and assets past their `expiresAt` become expired. Returns what was touched, at most `limit` items,
   * and none only when none is due, whoever else runs a pass.
   */
  expireDue(pass: LifecyclePass): Promise<readonly TouchedItem[]>;
  /**
   * Active fields and assets with a field or asset source that is missing or deleted become orphaned. Superseded
   * and expired items stay as they are; what derives from an orphan is not touched, since the orphan still exists.
   * Returns like `expireDue`.
   */
  markOrphans(pass: LifecyclePass): Promise<readonly TouchedItem[]>;
}

export interface LifecyclePass {
  readonly customerId: CustomerId | null;
  readonly now: Instant;
  readonly limit: number;
  /** Makes the audit event of one touched item. */
  readonly auditOf: (item: TouchedItem) => AuditEventInsert;
}

export interface ProfileStore
  extends ProfileReader,
    FieldReader,
    AssetReader,
    LineageReader,
    CommitmentReader,
    ContextReader,
    MergeReader,
    ProfileWriter,
    LifecycleStore,
    PiiFlags {
  /**
   * Runs `work` on a store whose calls are one transaction: all of it is kept, or none when `work` rejects. One within
   * another is a part of it. `work` has to let through what a call rejects with, since an engine may be unable to go
   * on after it; the store is of no use once `work` has ended.
   */
  transaction<T>(work: (store: ProfileStore) => Promise<T>): Promise<T>;
}
