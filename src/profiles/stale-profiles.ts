import type { CustomerId, ItemId } from "../identifiers.ts";
import type { CacheInvalidationReason } from "../telemetry/profile-cache-events.ts";
import type { ChangeSet, MergeChange } from "./change-set.ts";
import type { ChannelIdentity, CustomerRecord } from "./customer.ts";
import { isItemSource } from "./item.ts";
import type { CustomerLookup, NewCustomer, TouchedItem } from "./profile-store.ts";

/** Whom a write concerns, of those whose profile somebody may hold. */
export interface StaleProfiles {
  readonly operation: CacheInvalidationReason;
  readonly customerIds: readonly CustomerId[];
  /** What may have been known to lead nowhere. */
  readonly lookups?: readonly CustomerLookup[] | undefined;
  /** Whoever owns these, or an item that is linked with one of them. */
  readonly linkedTo?: readonly ItemId[] | undefined;
  /** All customers of the tenant. */
  readonly everyone?: boolean | undefined;
}

export function staleAfterCreation({ customer, identity }: NewCustomer): StaleProfiles {
  const lookups = [...keyOf(customer), ...(identity ? [lookupOf(identity)] : [])];
  return { operation: "create_customer", customerIds: [customer.customerId], lookups };
}

/** What is known of a customer at the version that a write expects. */
export interface KnownCustomer {
  readonly externalId: string | null;
  /** Items that are its own; others may be too. */
  readonly itemIds: ReadonlySet<string>;
}

export function staleAfterChanges(changes: ChangeSet, known: KnownCustomer | undefined): StaleProfiles {
  const { customer, insertFields = [], insertAssets = [], endFields = [], endAssets = [] } = changes;
  const inserted = [...insertFields, ...insertAssets];
  const ownIds = new Set<string>([...inserted, ...endFields, ...endAssets].map(({ id }) => id));
  const isForeign = (id: string) => !ownIds.has(id) && known?.itemIds.has(id) !== true;
  // An asset tells what derives from it, and an item whether what it derives from is gone: whoever owns the other end.
  const deriving = inserted.filter(({ sources }) =>
    sources.some((source) => isItemSource(source) && isForeign(source.id)),
  );
  const deleted = [...endFields, ...endAssets].filter(({ deletedAt }) => deletedAt !== null);
  return {
    operation: "change_customer",
    customerIds: [changes.customerId],
    // What led to the customer before still does, or is told from its body that it does not.
    lookups: [
      ...(known?.externalId === customer.externalId ? [] : keyOf(customer)),
      ...(changes.insertIdentities ?? []).map(lookupOf),
    ],
    linkedTo: [...deriving, ...deleted].map(({ id }) => id),
  };
}

/** What moves keeps its id and what links it with others, and nothing is deleted by it. */
export function staleAfterMerge({ from, to, moveIdentities }: MergeChange): StaleProfiles {
  return {
    operation: "merge",
    customerIds: [from.customer.customerId, to.customer.customerId],
    lookups: [...keyOf(from.customer), ...keyOf(to.customer), ...moveIdentities.map(lookupOf)],
  };
}

/** @param touched `undefined` when nobody knows what was */
export function staleAfterPass(
  operation: "expire" | "orphan",
  passed: CustomerId | null,
  touched: readonly TouchedItem[] | undefined,
): StaleProfiles {
  if (touched) return { operation, customerIds: [...new Set(touched.map(({ customerId }) => customerId))] };
  return { operation, customerIds: passed === null ? [] : [passed], everyone: passed === null };
}

function keyOf({ externalId }: CustomerRecord): CustomerLookup[] {
  return externalId === null ? [] : [{ by: "externalId", externalId }];
}

function lookupOf({ channel, channelUserId }: ChannelIdentity): CustomerLookup {
  return { by: "identity", channel, channelUserId };
}
