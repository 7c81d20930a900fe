import type { Instant } from "../clock.ts";
import { laterOf } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { CustomerId, ItemId, MergeId } from "../identifiers.ts";
import type { LifecycleChange, MergeChange, MergePreImage, MergeRecord } from "./change-set.ts";
import { type ChannelIdentity, type CustomerRecord, type ProfileRecord, strongerLevel } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";
import { type ItemLifecycle, isCurrentlyActive, lifecycleOf, superseded } from "./item.ts";
import { auditEvent, type UseCaseContext } from "./profile-audit.ts";

/**
 * Merges `source` into `target`. Everything moves and keeps its id, so lineage stays valid. Of two active versions
 * of a name the verified one wins, then the more confident, then the newer; the loser is superseded by the winner.
 *
 * @param source, target read with their whole history
 */
export function planMerge(
  source: ProfileRecord,
  target: ProfileRecord,
  useCase: UseCaseContext,
): { change: MergeChange; record: MergeRecord } {
  const at = [source.customer.updatedAt, target.customer.updatedAt].reduce(laterOf, useCase.clock.now());
  const contest = contestOf(source, target, at);
  const record: MergeRecord = {
    mergeId: useCase.ids.uuid<MergeId>(),
    sourceCustomerId: source.customer.customerId,
    targetCustomerId: target.customer.customerId,
    mergedAt: at,
    undoneAt: null,
    preImage: preImageOf(source, target, contest.endedIds),
  };
  const survivor = mergedHeader(source.customer, target.customer, at);
  const primaryChannels = new Set(target.identities.filter((each) => each.primary).map((each) => each.channel));
  const change: MergeChange = {
    from: {
      expectedVersion: source.customer.version,
      customer: {
        ...source.customer,
        externalId: survivor.externalId === source.customer.externalId ? null : source.customer.externalId,
        mergedIntoId: target.customer.customerId,
        updatedAt: at,
        version: source.customer.version + 1,
      },
    },
    to: { expectedVersion: target.customer.version, customer: survivor },
    moveFields: source.fields.map((field) => contest.afterwards.get(field.id) ?? unchanged(field)),
    moveAssets: source.assets.map(unchanged),
    endFields: contest.endedIds.map((id) => contest.afterwards.get(id)).filter((each) => each !== undefined),
    moveIdentities: source.identities.map((each) => ({
      ...each,
      primary: each.primary && !primaryChannels.has(each.channel),
    })),
    updateIdentities: [],
    moveConsents: source.consents.map((consent) => consent.id),
    record: { insert: record },
    audit: [mergeEvent("customers_merged", record, { useCase, at })],
  };
  return { change, record };
}

function unchanged(item: ItemLifecycle & { readonly id: ItemId }): LifecycleChange {
  return { id: item.id, ...lifecycleOf(item) };
}

interface Contest {
  /** New lifecycles of the versions of either side that lost. */
  readonly afterwards: ReadonlyMap<ItemId, LifecycleChange>;
  /** Those of them that are the target's own. */
  readonly endedIds: readonly ItemId[];
}

function contestOf(source: ProfileRecord, target: ProfileRecord, at: Instant): Contest {
  const targetActive = new Map(target.fields.filter(isCurrentlyActive).map((field) => [field.name, field]));
  const afterwards = new Map<ItemId, LifecycleChange>();
  const endedIds: ItemId[] = [];
  for (const field of source.fields.filter(isCurrentlyActive)) {
    const rival = targetActive.get(field.name);
    if (!rival) continue;
    const [winner, loser] = beats(field, rival) ? [field, rival] : [rival, field];
    afterwards.set(loser.id, { id: loser.id, ...superseded(loser, winner.id, at) });
    if (loser === rival) endedIds.push(loser.id);
  }
  return { afterwards, endedIds };
}

/** Whether `challenger` wins against what the surviving customer holds; a draw leaves it in place. */
function beats(challenger: FieldVersion, holder: FieldVersion): boolean {
  if (challenger.verified !== holder.verified) return challenger.verified;
  if (challenger.confidence !== holder.confidence) return challenger.confidence > holder.confidence;
  return challenger.collectedAt > holder.collectedAt;
}

function mergedHeader(source: CustomerRecord, target: CustomerRecord, at: Instant): CustomerRecord {
  const interactions = [source.lastInteractionAt, target.lastInteractionAt].filter((each) => each !== null);
  return {
    ...target,
    externalId: target.externalId ?? source.externalId,
    verificationLevel: strongerLevel(source.verificationLevel, target.verificationLevel),
    lastInteractionAt: interactions.length === 0 ? null : interactions.reduce(laterOf),
    updatedAt: at,
    version: target.version + 1,
  };
}

function preImageOf(source: ProfileRecord, target: ProfileRecord, endedIds: readonly ItemId[]): MergePreImage {
  return {
    source: source.customer,
    target: target.customer,
    mergedVersion: target.customer.version + 1,
    movedFields: source.fields.map(unchanged),
    movedAssets: source.assets.map(unchanged),
    endedFields: target.fields.filter((field) => endedIds.includes(field.id)).map(unchanged),
    sourceIdentities: source.identities,
    targetIdentities: target.identities,
    movedConsents: source.consents.map((consent) => consent.id),
  };
}

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
  const held = new Map(survivor.fields.map((field) => [field.id, field]));
  const heldAssets = new Map(survivor.assets.map((asset) => [asset.id, asset]));
  const endFields = preImage.endedFields.filter((before) => canReturn(held, before, preImage));
  const source = restoredHeader(preImage.source, merged, { at, exact });
  return {
    from: {
      expectedVersion: survivor.customer.version,
      customer: exact ? preImage.target : restoredSurvivor(preImage, survivor.customer, at),
    },
    to: { expectedVersion: merged.version, customer: source },
    moveFields: preImage.movedFields.flatMap((before) => returned(before, held.get(before.id))),
    moveAssets: preImage.movedAssets.flatMap((before) => returned(before, heldAssets.get(before.id))),
    endFields,
    moveIdentities: preImage.sourceIdentities.filter((each) => holds(survivor.identities, each)),
    updateIdentities: preImage.targetIdentities.filter((each) => exact && holds(survivor.identities, each)),
    moveConsents: preImage.movedConsents,
    record: { markUndone: record.mergeId, at },
    audit: [mergeEvent("merge_undone", record, { useCase, at })],
  };
}

/** The state before the merge, unless the item was purged since; a deletion since then stands. */
function returned(before: LifecycleChange, now: (ItemLifecycle & { id: ItemId }) | undefined): LifecycleChange[] {
  if (!now) return [];
  if (now.deletedAt === null || before.deletedAt !== null) return [before];
  return [{ ...before, endedAt: before.endedAt ?? now.deletedAt, deletedAt: now.deletedAt }];
}

/** A version that lost in the merge comes back unless the survivor got a newer value of the name since. */
function canReturn(held: ReadonlyMap<ItemId, FieldVersion>, before: LifecycleChange, preImage: MergePreImage): boolean {
  const field = held.get(before.id);
  if (!field || field.deletedAt !== null) return false;
  const moved = new Set(preImage.movedFields.map((each) => each.id));
  return ![...held.values()].some(
    (other) => other.name === field.name && other.id !== field.id && !moved.has(other.id) && isCurrentlyActive(other),
  );
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

function mergeEvent(
  eventType: "customers_merged" | "merge_undone",
  record: MergeRecord,
  { useCase, at }: { useCase: UseCaseContext; at: Instant },
): MergeChange["audit"][number] {
  const customerId: CustomerId = record.targetCustomerId;
  return auditEvent(useCase, {
    eventType,
    customerId,
    subjectId: record.mergeId,
    at,
    data: { mergeId: record.mergeId, sourceCustomerId: record.sourceCustomerId, targetCustomerId: customerId },
  });
}
