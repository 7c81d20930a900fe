import { type Instant, laterOf } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { ItemId } from "../identifiers.ts";
import type { LifecycleChange, MergeChange, MergePreImage, MergeRecord } from "./change-set.ts";
import { type ChannelIdentity, type CustomerRecord, type ProfileRecord, strongerLevel } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";
import { type ItemLifecycle, isCurrentlyActive, lifecycleOf } from "./item.ts";
import { mergeEvent } from "./plan-merge.ts";
import type { UseCaseContext } from "./profile-audit.ts";

/**
 * Takes a merge back. When the survivor did not change since, both profiles are restored exactly, versions and
 * stamps included. Otherwise what came to the survivor later stays with it, and what was deleted stays deleted.
 *
 * @param survivor read with its whole history
 * @throws `merge_not_possible` when the survivor was itself merged away since, which has to be undone first
 */
export function planUndo(
  record: MergeRecord,
  merged: CustomerRecord,
  { survivor, useCase }: { survivor: ProfileRecord; useCase: UseCaseContext },
): MergeChange {
  const { preImage } = record;
  if (merged.mergedIntoId !== survivor.customer.customerId || survivor.customer.mergedIntoId !== null) {
    throw new VaultError("merge_not_possible", "A later merge of the surviving customer has to be undone first.");
  }
  const exact = survivor.customer.version === preImage.mergedVersion;
  const at = [merged.updatedAt, survivor.customer.updatedAt].reduce(laterOf, useCase.clock.now());
  return {
    from: {
      expectedVersion: survivor.customer.version,
      customer: exact ? preImage.target : restoredSurvivor(preImage, survivor.customer, at),
    },
    to: { expectedVersion: merged.version, customer: restoredHeader(preImage.source, merged, { at, exact }) },
    moveFields: returnedItems(preImage.movedFields, survivor.fields),
    moveAssets: returnedItems(preImage.movedAssets, survivor.assets),
    endFields: settleLosers(survivor.fields, preImage),
    moveIdentities: preImage.sourceIdentities.filter((each) => holds(survivor.identities, each)),
    updateIdentities: preImage.targetIdentities.filter((each) => exact && holds(survivor.identities, each)),
    moveConsents: preImage.movedConsents,
    record: { markUndone: record.mergeId, at },
    audit: [mergeEvent("merge_undone", record, { useCase, at })],
  };
}

/** The states before the merge, without items that were purged since and links to them; a deletion since then stands. */
function returnedItems(
  before: readonly LifecycleChange[],
  now: readonly (ItemLifecycle & { readonly id: ItemId })[],
): LifecycleChange[] {
  const held = new Map(now.map((item) => [item.id, item]));
  return before.flatMap((state) => {
    const item = held.get(state.id);
    if (!item) return [];
    const { supersededById } = state;
    const linked = {
      ...state,
      supersededById: supersededById !== null && held.has(supersededById) ? supersededById : null,
    };
    if (item.deletedAt === null || state.deletedAt !== null) return [linked];
    return [{ ...linked, endedAt: state.endedAt ?? item.deletedAt, deletedAt: item.deletedAt }];
  });
}

/**
 * What becomes of the survivor's versions that lost against one that leaves. It was superseded in its turn by what
 * supersedes them now; when by nothing, the loser is active again, unless it was deleted or its name has an active
 * version that came later. So merges into one customer can be taken back in any order.
 */
function settleLosers(fields: readonly FieldVersion[], preImage: MergePreImage): LifecycleChange[] {
  const leaving = new Set(preImage.movedFields.map((field) => field.id));
  // The link to a winner that was purged since is gone, so the pre-image has to tell.
  const lost = new Set(preImage.endedFields.map((field) => field.id));
  const staying = fields.filter((field) => !leaving.has(field.id));
  const active = new Map(staying.filter(isCurrentlyActive).map((field) => [field.name, field.id]));
  const isLoser = ({ id, status, supersededById }: FieldVersion): boolean =>
    supersededById === null ? status === "superseded" && lost.has(id) : leaving.has(supersededById);
  return staying.filter(isLoser).map((field) => {
    const supersededById = successorOf(field, fields, leaving) ?? active.get(field.name) ?? null;
    if (supersededById !== null || field.deletedAt !== null)
      return { id: field.id, ...lifecycleOf(field), supersededById };
    active.set(field.name, field.id);
    return { id: field.id, ...activeAgain(field) };
  });
}

/** The first version after `field` that stays, along the links from each to the one that superseded it. */
function successorOf(
  field: FieldVersion,
  fields: readonly FieldVersion[],
  leaving: ReadonlySet<ItemId>,
): ItemId | null {
  const held = new Map(fields.map((each) => [each.id, each]));
  let successor = field.supersededById;
  while (successor !== null && leaving.has(successor)) successor = held.get(successor)?.supersededById ?? null;
  return successor;
}

function activeAgain(item: ItemLifecycle): ItemLifecycle {
  return { ...lifecycleOf(item), status: "active", supersededById: null, supersededAt: null, endedAt: null };
}

function restoredHeader(
  before: CustomerRecord,
  merged: CustomerRecord,
  { at, exact }: { at: Instant; exact: boolean },
): CustomerRecord {
  return exact ? before : { ...before, updatedAt: at, version: merged.version + 1 };
}

function restoredSurvivor(preImage: MergePreImage, now: CustomerRecord, at: Instant): CustomerRecord {
  const cameWithMerge = preImage.target.externalId === null && now.externalId === preImage.source.externalId;
  const mergedLevel = strongerLevel(preImage.source.verificationLevel, preImage.target.verificationLevel);
  return {
    ...now,
    externalId: cameWithMerge ? null : now.externalId,
    verificationLevel:
      now.verificationLevel === mergedLevel ? preImage.target.verificationLevel : now.verificationLevel,
    updatedAt: at,
    version: now.version + 1,
  };
}

function holds(identities: readonly ChannelIdentity[], identity: ChannelIdentity): boolean {
  return identities.some((each) => each.channel === identity.channel && each.channelUserId === identity.channelUserId);
}
