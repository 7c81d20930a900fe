import type { Instant } from "../clock.ts";
import { laterOf } from "../clock.ts";
import type { CustomerId, ItemId, MergeId } from "../identifiers.ts";
import type { LifecycleChange, MergeChange, MergePreImage, MergeRecord } from "./change-set.ts";
import { type CustomerRecord, type ProfileRecord, strongerLevel } from "./customer.ts";
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

/** Both customers are named in `data`; the event is about the surviving one. */
export function mergeEvent(
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
