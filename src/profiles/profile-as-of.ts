import type { Instant } from "../clock.ts";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { LifecycleChange, MergeRecord } from "./change-set.ts";
import type { ProfileRecord } from "./customer.ts";
import { type ItemLifecycle, statusAt } from "./item.ts";

/**
 * The profile as the vault knew it at a moment, from its whole history: what had been recorded and had not ended.
 * Merges after the moment are taken back: what a merge brought is left out, what lost against it is active again.
 * What keeps no history is as it is today: header members (or those of the newest merge's pre-image when the moment
 * lies before it), flags of identities, whether a source is gone and whether a name is personal data. What was purged
 * is left out, and a merge that was taken back since never was.
 *
 * @param mergesInto merges into this customer that stand, newest first
 * @returns `undefined` when the vault did not know the customer yet
 */
export function profileAsOf(
  profile: ProfileRecord,
  at: Instant,
  mergesInto: readonly MergeRecord[],
): ProfileRecord | undefined {
  if (profile.customer.createdAt > at) return undefined;
  const before = mergesInto.filter((merge) => merge.mergedAt > at).reduce(takeBack, profile);
  return {
    ...before,
    identities: before.identities.filter((identity) => identity.createdAt <= at),
    consents: before.consents.filter((consent) => consent.recordedAt <= at),
    fields: before.fields.filter((field) => statusAt(field, at) === "active").map(current),
    assets: before.assets.filter((asset) => statusAt(asset, at) === "active").map(current),
  };
}

/** The item as a reader of that moment saw it: active, with nothing that happened to it later. */
function current<Item extends ItemLifecycle>(item: Item): Item {
  return {
    ...item,
    status: "active",
    supersededById: null,
    supersededAt: null,
    expiredAt: null,
    orphanedAt: null,
    endedAt: null,
    deletedAt: null,
  };
}

function takeBack(profile: ProfileRecord, merge: MergeRecord): ProfileRecord {
  const { preImage } = merge;
  const moved = new Set<string>([...preImage.movedFields, ...preImage.movedAssets].map((item) => item.id));
  const restored = new Map<ItemId, LifecycleChange>(preImage.endedFields.map((field) => [field.id, field]));
  const consents = new Set(preImage.movedConsents);
  const identities = new Set(preImage.sourceIdentities.map((each) => `${each.channel} ${each.channelUserId}`));
  return {
    customer: { ...preImage.target, version: profile.customer.version },
    identities: profile.identities.filter((each) => !identities.has(`${each.channel} ${each.channelUserId}`)),
    consents: profile.consents.filter((consent) => !consents.has(consent.id)),
    fields: profile.fields
      .filter((field) => !moved.has(field.id))
      .map((field) => ({ ...field, ...restored.get(field.id) })),
    assets: profile.assets.filter((asset) => !moved.has(asset.id)),
  };
}

/** The profile a customer had before it was merged away, as its pre-image and the survivor's history tell it. */
export function profileBeforeMerge(survivor: ProfileRecord, merge: MergeRecord): ProfileRecord {
  const { preImage } = merge;
  const fieldStates = new Map<ItemId, LifecycleChange>(preImage.movedFields.map((field) => [field.id, field]));
  const assetStates = new Map<ItemId, LifecycleChange>(preImage.movedAssets.map((asset) => [asset.id, asset]));
  const consents = new Set(preImage.movedConsents);
  const customerId: CustomerId = merge.sourceCustomerId;
  return {
    customer: preImage.source,
    identities: preImage.sourceIdentities,
    consents: survivor.consents.filter((consent) => consents.has(consent.id)),
    fields: survivor.fields
      .filter((field) => fieldStates.has(field.id))
      .map((field) => ({ ...field, ...fieldStates.get(field.id), customerId })),
    assets: survivor.assets
      .filter((asset) => assetStates.has(asset.id))
      .map((asset) => ({ ...asset, ...assetStates.get(asset.id), customerId })),
  };
}
