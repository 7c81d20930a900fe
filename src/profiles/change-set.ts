import type { AuditEventInsert } from "../audit/audit-event.ts";
import type { Instant } from "../clock.ts";
import type { CustomerId, ItemId, MergeId } from "../identifiers.ts";
import type { AssetInsert } from "./asset.ts";
import type { ChannelIdentity, Consent, CustomerRecord } from "./customer.ts";
import type { FieldInsert } from "./field-version.ts";
import type { ItemKind, ItemLifecycle } from "./item.ts";

/** The new lifecycle of an item that exists. */
export interface LifecycleChange extends ItemLifecycle {
  readonly id: ItemId;
}

/**
 * Everything one operation changes about one customer. A store applies it whole or not at all, and only
 * when the customer is still at `expectedVersion`, so whatever was read to plan it still holds. One that would leave a
 * name with two active versions, or an item with a lifecycle that contradicts itself, is refused as `internal_error`.
 */
export interface ChangeSet {
  readonly customerId: CustomerId;
  readonly expectedVersion: number;
  /** The header afterwards; its version is `expectedVersion + 1`. */
  readonly customer: CustomerRecord;
  readonly endFields?: readonly LifecycleChange[];
  readonly endAssets?: readonly LifecycleChange[];
  readonly insertFields?: readonly FieldInsert[];
  readonly insertAssets?: readonly AssetInsert[];
  readonly insertIdentities?: readonly ChannelIdentity[];
  /** By channel and channel user id, which must be the customer's own already. */
  readonly updateIdentities?: readonly ChannelIdentity[];
  /** Frees every channel identity of the customer, and the external ids of those merged into it, for others. */
  readonly releaseKeys?: boolean;
  readonly insertConsents?: readonly Consent[];
  readonly audit: readonly AuditEventInsert[];
}

/** Removes items physically; refused when something still derives from one of them. */
export interface PurgeSet {
  readonly customerId: CustomerId;
  readonly expectedVersion: number;
  readonly customer: CustomerRecord;
  readonly kind: ItemKind;
  readonly itemIds: readonly ItemId[];
  readonly audit: readonly AuditEventInsert[];
}

/** What must be known to take a merge back. Holds states and ids, no values. */
export interface MergePreImage {
  readonly source: CustomerRecord;
  readonly target: CustomerRecord;
  /** Header of the survivor right after the merge: while it stands unchanged, an undo restores exactly. */
  readonly mergedVersion: number;
  readonly movedFields: readonly LifecycleChange[];
  readonly movedAssets: readonly LifecycleChange[];
  /** The survivor's own versions that lost against a moved one. */
  readonly endedFields: readonly LifecycleChange[];
  readonly sourceIdentities: readonly ChannelIdentity[];
  readonly targetIdentities: readonly ChannelIdentity[];
  readonly movedConsents: readonly string[];
}

export interface MergeRecord {
  readonly mergeId: MergeId;
  readonly sourceCustomerId: CustomerId;
  readonly targetCustomerId: CustomerId;
  readonly mergedAt: Instant;
  readonly undoneAt: Instant | null;
  readonly preImage: MergePreImage;
}

/** What moves between two customers when they are merged or a merge is undone, in one transaction. */
export interface MergeChange {
  readonly from: { readonly expectedVersion: number; readonly customer: CustomerRecord };
  readonly to: { readonly expectedVersion: number; readonly customer: CustomerRecord };
  /** Items that go from one to the other, with their lifecycle afterwards. */
  readonly moveFields: readonly LifecycleChange[];
  readonly moveAssets: readonly LifecycleChange[];
  /** Items that stay where they are but change their lifecycle. */
  readonly endFields: readonly LifecycleChange[];
  /** Go from one to the other, with their flags afterwards. */
  readonly moveIdentities: readonly ChannelIdentity[];
  /** Stay with the receiving (merge) or giving (undo) customer, with their flags afterwards. */
  readonly updateIdentities: readonly ChannelIdentity[];
  readonly moveConsents: readonly string[];
  /** Undoing a merge that was undone already is stale. */
  readonly record: { readonly insert: MergeRecord } | { readonly markUndone: MergeId; readonly at: Instant };
  readonly audit: readonly AuditEventInsert[];
}

/** `stale` says that a customer moved on since it was read, and that nothing was written. */
export type ApplyOutcome = "applied" | "stale";
