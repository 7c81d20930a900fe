import type { Instant } from "../clock.ts";
import type { CustomerId, ItemId } from "../identifiers.ts";
import { type ItemKind, type ItemSource, type ItemStatus, isItemSource } from "./item.ts";

/** Items of a derivation chain, the item itself included. */
export const DERIVATION_CHAIN_LENGTH_MAX = 10;
export const DEPENDENTS_DEPTH_MAX = 10;
export const DEPENDENTS_LIMIT_MAX = 1000;

export interface LineageItem {
  readonly id: ItemId;
  readonly type: ItemKind;
  readonly customerId: CustomerId;
  readonly name: string;
  readonly status: ItemStatus;
  readonly deleted: boolean;
  /** `collectedAt` of a field, `uploadedAt` of an asset. */
  readonly collectedAt: Instant;
  /** Every source edge of the item, those out of the chain (sessions, tools, external records) too. */
  readonly sources: readonly ItemSource[];
}

export interface DerivationChain {
  /** Root first. */
  readonly items: readonly LineageItem[];
  /** True when ancestors were left out for the length limit. */
  readonly truncated: boolean;
  /** True when the stored graph has a cycle, which a write never makes. */
  readonly cycle: boolean;
}

export interface DependentItem extends LineageItem {
  /** 1 for what derives directly from the asked item. */
  readonly distance: number;
}

/** An item with its shortest distance from the start, as an engine collects it. */
export interface ReachedItem {
  readonly item: LineageItem;
  readonly distance: number;
}

/**
 * Puts the items reached from one item into a derivation chain: the nearest ones up to the limit, every source
 * before what derives from it, farther ancestors first where the graph leaves it open.
 *
 * @param reached the item itself at distance 0 and its ancestors, each once with its shortest distance
 */
export function orderChain(reached: readonly ReachedItem[]): DerivationChain {
  const nearest = [...reached].sort((a, b) => a.distance - b.distance).slice(0, DERIVATION_CHAIN_LENGTH_MAX);
  const farthestFirst = nearest.sort((a, b) => b.distance - a.distance).map(({ item }) => item);
  const pending = new Map(farthestFirst.map((item) => [item.id, item]));
  const items: LineageItem[] = [];
  let progress = true;
  while (pending.size > 0 && progress) {
    progress = false;
    for (const item of farthestFirst) {
      if (!pending.has(item.id) || item.sources.some((source) => isPending(pending, source))) continue;
      pending.delete(item.id);
      items.push(item);
      progress = true;
      break;
    }
  }
  const cycle = pending.size > 0;
  items.push(...farthestFirst.filter((item) => pending.has(item.id)));
  return { items, truncated: reached.length > items.length, cycle };
}

function isPending(pending: ReadonlyMap<ItemId, LineageItem>, source: ItemSource): boolean {
  return isItemSource(source) && pending.has(source.id);
}
