import { VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import type { ApplyOutcome } from "./change-set.ts";
import { assertNotMerged, assertVersion, type ExpectedVersion } from "./plan-customer-changes.ts";
import type { ProfileStore, WriteContext, WriteContextQuery } from "./profile-store.ts";

/** One try of an operation: what it found out, and whether what it planned could be applied. */
export type Attempt<T> =
  | { readonly outcome: ApplyOutcome; readonly result: T }
  /** What it read does not fit together, so that nothing could be planned. */
  | { readonly outcome: "stale"; readonly result?: undefined };

/**
 * Runs an operation on one customer. The first try reads and applies without a lock, two round trips in all; when
 * another writer came between, the second try holds the customer's row locked and cannot be overtaken.
 *
 * @throws `write_conflict` when the locked try was overtaken all the same, which takes an engine without locks
 */
export async function changeCustomer<T>(
  store: ProfileStore,
  attempt: (store: ProfileStore, lock: boolean) => Promise<Attempt<T>>,
): Promise<T> {
  const first = await attempt(store, false);
  if (first.outcome === "applied") return first.result;
  return store.transaction(async (transaction) => {
    const second = await attempt(transaction, true);
    if (second.outcome === "applied") return second.result;
    throw new VaultError("write_conflict", "Other writers changed the customer while this write was prepared.");
  });
}

export interface WriteTarget {
  readonly customerId: CustomerId;
  /** From `If-Match`. */
  readonly expectedVersion?: ExpectedVersion;
  readonly lock: boolean;
}

/**
 * Reads what planning a write needs.
 * @throws `customer_not_found`, `customer_merged`, `version_mismatch`
 */
export async function requireWriteContext(
  store: ProfileStore,
  target: WriteTarget,
  query: Partial<Pick<WriteContextQuery, "agentId" | "names" | "assetNames" | "itemIds">> = {},
): Promise<WriteContext> {
  const context = await store.loadWriteContext({
    customerId: target.customerId,
    agentId: query.agentId ?? null,
    names: query.names ?? NOTHING,
    assetNames: query.assetNames ?? NOTHING,
    itemIds: query.itemIds ?? NOTHING,
    lock: target.lock,
  });
  if (!context) throw customerNotFound();
  assertNotMerged(context.customer);
  assertVersion(context.customer, target.expectedVersion);
  return context;
}

/**
 * What a read finds of a customer that is there. Where it finds nothing it is made again after a look at the customer:
 * what one who was merged away had is with the survivor, and came back if the merge was undone between the two.
 * @throws `customer_not_found`, `customer_merged`
 */
export async function findOfCustomer<T>(
  store: ProfileStore,
  customerId: CustomerId,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const found = await find();
  if (found !== undefined) return found;
  await requireWriteContext(store, { customerId, lock: false });
  return find();
}

export function customerNotFound(): VaultError {
  return new VaultError("customer_not_found", "No such customer.");
}

const NOTHING: readonly never[] = [];
