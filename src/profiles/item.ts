import type { Instant } from "../clock.ts";
import { invariant } from "../errors.ts";
import type { ItemId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";

export const ITEM_STATUSES = ["active", "superseded", "expired", "orphaned"] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];
/** A status to filter by; `any` is every status. */
export type StatusFilter = ItemStatus | "any";

/** The two kinds of item that have versions and can be a source of others. */
export const ITEM_KINDS = ["profile_field", "profile_asset"] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

export const SOURCE_TYPES = ["profile_field", "profile_asset", "session", "tool", "external"] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

export const SOURCES_PER_ITEM_MAX = 16;
export const SOURCE_ID_LENGTH_MAX = 255;

/** One edge of the lineage graph, from an item to what it was made from. */
export interface ItemSource {
  readonly type: SourceType;
  /** The UUID of an item of this tenant, or for session, tool and external any id of the caller's own, or none. */
  readonly id: string | null;
  readonly metadata: JsonObject;
}

export function isItemSource(source: ItemSource): source is ItemSource & { type: ItemKind; id: ItemId } {
  return source.type === "profile_field" || source.type === "profile_asset";
}

/** Where an item is in its life. Only these members of an item ever change. */
export interface ItemLifecycle {
  readonly status: ItemStatus;
  readonly supersededById: ItemId | null;
  readonly supersededAt: Instant | null;
  readonly expiredAt: Instant | null;
  readonly orphanedAt: Instant | null;
  /** When the vault learned the item. */
  readonly recordedAt: Instant;
  /** When the item stopped being current, for whatever reason. */
  readonly endedAt: Instant | null;
  /** When the item was deleted, leaving a tombstone that keeps the lineage of others readable. */
  readonly deletedAt: Instant | null;
}

/**
 * The legal moves: active -> superseded, expired or orphaned; expired and orphaned -> superseded.
 * Superseded is final, and nothing becomes active again: a value comes back as a new version.
 */
function canMove(from: ItemStatus, to: ItemStatus): boolean {
  switch (from) {
    case "active":
      return to !== "active";
    case "expired":
    case "orphaned":
      return to === "superseded";
    case "superseded":
      return false;
  }
}

/** The lifecycle after a newer version took the item's place. Stamps of an earlier expiry or orphaning stay. */
export function superseded(item: ItemLifecycle, byId: ItemId, at: Instant): ItemLifecycle {
  invariant(canMove(item.status, "superseded"), `an item that is ${item.status} is not superseded again`);
  return {
    ...lifecycleOf(item),
    status: "superseded",
    supersededById: byId,
    supersededAt: at,
    endedAt: item.endedAt ?? at,
  };
}

export function tombstoned(item: ItemLifecycle, at: Instant): ItemLifecycle {
  return { ...lifecycleOf(item), endedAt: item.endedAt ?? at, deletedAt: at };
}

export function newLifecycle(recordedAt: Instant): ItemLifecycle {
  return {
    status: "active",
    supersededById: null,
    supersededAt: null,
    expiredAt: null,
    orphanedAt: null,
    recordedAt,
    endedAt: null,
    deletedAt: null,
  };
}

/** True for a version that readers of current values see. */
export function isCurrentlyActive(item: ItemLifecycle): boolean {
  return item.status === "active" && item.deletedAt === null;
}

export function lifecycleOf(item: ItemLifecycle): ItemLifecycle {
  return {
    status: item.status,
    supersededById: item.supersededById,
    supersededAt: item.supersededAt,
    expiredAt: item.expiredAt,
    orphanedAt: item.orphanedAt,
    recordedAt: item.recordedAt,
    endedAt: item.endedAt,
    deletedAt: item.deletedAt,
  };
}

/** The status an item had at a past moment, or `undefined` when the vault did not know it or it had been deleted. */
export function statusAt(item: ItemLifecycle, at: Instant): ItemStatus | undefined {
  if (item.recordedAt > at) return undefined;
  if (item.deletedAt !== null && item.deletedAt <= at) return undefined;
  if (item.supersededAt !== null && item.supersededAt <= at) return "superseded";
  if (item.expiredAt !== null && item.expiredAt <= at) return "expired";
  if (item.orphanedAt !== null && item.orphanedAt <= at) return "orphaned";
  return "active";
}
