import type { Instant } from "../clock.ts";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { ItemKind, ItemSource, ItemStatus } from "./item.ts";

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
