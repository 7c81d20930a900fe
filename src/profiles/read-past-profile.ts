import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import { customerNotFound } from "./change-customer.ts";
import type { MergeRecord } from "./change-set.ts";
import type { ProfileRecord } from "./customer.ts";
import { customerMerged } from "./plan-customer-changes.ts";
import { profileAsOf, profileBeforeMerge } from "./profile-as-of.ts";
import type { ProfileStore } from "./profile-store.ts";

/** How often the past is read anew when customers are merged, or merges undone, while it is read. */
const ATTEMPTS_MAX = 5;

/**
 * The profile as the vault knew it at a moment. What a merge brought is told apart by the merge, so the merges are looked
 * at before and after the profile: of two moments they would show items of another person, or none.
 *
 * @throws `customer_not_found` (also when the vault did not know the customer then), `customer_merged`, `write_conflict`
 */
export async function readPastProfile(
  store: ProfileStore,
  customerId: CustomerId,
  at: Instant,
): Promise<ProfileRecord> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const known = await attemptToRead(store, customerId, at);
    if (known === "stale") continue;
    const past = profileAsOf(known.record, at, known.mergesInto);
    if (!past) throw new VaultError("customer_not_found", "The vault did not know the customer then.");
    return past;
  }
  throw new VaultError("write_conflict", "Customers kept being merged while the past was read.");
}

interface Known {
  readonly record: ProfileRecord;
  readonly mergesInto: readonly MergeRecord[];
}

async function attemptToRead(store: ProfileStore, customerId: CustomerId, at: Instant): Promise<Known | "stale"> {
  const mergesInto = await store.listMergesInto(customerId);
  const record = await store.findProfile({ by: "id", customerId }, "history");
  if (!record) throw customerNotFound();
  if (record.customer.mergedIntoId === null) {
    const isSame = idsOf(await store.listMergesInto(customerId)) === idsOf(mergesInto);
    return isSame ? { record, mergesInto } : "stale";
  }
  const before = await readBeforeMerge(store, record, at);
  return before === "stale" ? before : { record: before, mergesInto };
}

function idsOf(merges: readonly MergeRecord[]): string {
  return merges.map(({ mergeId }) => mergeId).join();
}

async function readBeforeMerge(
  store: ProfileStore,
  { customer }: ProfileRecord,
  at: Instant,
): Promise<ProfileRecord | "stale"> {
  const { customerId, mergedIntoId } = customer;
  const merges = mergedIntoId === null ? [] : await store.listMergesInto(mergedIntoId);
  const merge = merges.find((each) => each.sourceCustomerId === customerId);
  const way = [customerId];
  let survivor: ProfileRecord | undefined;
  for (let next = mergedIntoId; next !== null; next = survivor?.customer.mergedIntoId ?? null) {
    way.push(next);
    survivor = await store.findProfile({ by: "id", customerId: next }, "history");
  }
  if (!merge || !(await isStillMergedAlong(store, way))) return "stale";
  if (survivor && merge.mergedAt > at) return profileBeforeMerge(survivor, merge);
  throw customerMerged(customer);
}

/** Whether each of the customers is merged into the one after it, and the last one into nobody. */
async function isStillMergedAlong(store: ProfileStore, way: readonly CustomerId[]): Promise<boolean> {
  for (const [index, customerId] of way.entries()) {
    const context = await store.loadWriteContext({ customerId, ...NOTHING_ELSE });
    if ((context?.customer.mergedIntoId ?? null) !== (way[index + 1] ?? null)) return false;
  }
  return true;
}

const NOTHING_ELSE = { agentId: null, names: [], assetNames: [], itemIds: [], lock: false } as const;
