import { VaultError } from "../errors.ts";
import type { CustomerId, MergeId } from "../identifiers.ts";
import { customerNotFound } from "./change-customer.ts";
import type { MergeChange, MergeRecord } from "./change-set.ts";
import type { ProfileRecord } from "./customer.ts";
import { assertNotMerged, assertVersion, type ExpectedVersion } from "./plan-customer-changes.ts";
import { planMerge } from "./plan-merge.ts";
import { planUndo } from "./plan-merge-undo.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";
import type { ProfileStore } from "./profile-store.ts";

export type MergeSummary = Omit<MergeRecord, "preImage">;

/** How often a merge is planned anew when one of the two customers changed meanwhile. */
const ATTEMPTS_MAX = 5;

/** Joins two customers that turned out to be one person, and takes that back. */
export class MergeService {
  readonly #options: ProfileServiceOptions;

  constructor(options: ProfileServiceOptions) {
    this.#options = options;
  }

  /**
   * Merges `sourceCustomerId` into `targetCustomerId`, which survives.
   * Rejects with `customer_not_found`, `customer_merged`, `merge_not_possible` for a customer and itself,
   * `version_mismatch` (of the target), `write_conflict`.
   */
  async merge(
    targetCustomerId: CustomerId,
    sourceCustomerId: CustomerId,
    options: { expectedVersion?: ExpectedVersion } = {},
  ): Promise<MergeSummary> {
    if (targetCustomerId === sourceCustomerId) {
      throw new VaultError("merge_not_possible", "A customer cannot be merged into itself.");
    }
    const record = await this.#untilApplied(async (store) => {
      const source = await this.#require(store, sourceCustomerId);
      const target = await this.#require(store, targetCustomerId);
      assertNotMerged(source.customer);
      assertNotMerged(target.customer);
      try {
        assertVersion(target.customer, options.expectedVersion);
      } catch (error) {
        // What changed the target since the source was read may have been a merge of the two.
        assertNotMerged((await this.#require(store, sourceCustomerId)).customer);
        throw error;
      }
      return planMerge(source, target, this.#options.useCase);
    });
    return summaryOf(record);
  }

  /**
   * Takes a merge back: exactly, when the survivor did not change since, else without touching what came later.
   * Rejects with `merge_not_found` (also when it was undone already), `customer_not_found` when the survivor was
   * deleted, `merge_not_possible`, `external_id_taken` when another customer got the merged one's, `write_conflict`.
   */
  async undo(mergeId: MergeId): Promise<MergeSummary> {
    const { useCase } = this.#options;
    const record = await this.#untilApplied(async (store) => {
      const merge = await requireMerge(store, mergeId);
      try {
        const merged = await this.#require(store, merge.sourceCustomerId);
        const survivor = await this.#require(store, merge.targetCustomerId);
        const change = planUndo(merge, merged.customer, { survivor, useCase });
        return { change, record: { ...merge, undoneAt: change.audit[0]?.timestamp ?? useCase.clock.now() } };
      } catch (error) {
        // Another caller may have taken it back between these reads, so that the customers are apart already, or gone.
        await requireMerge(store, mergeId);
        throw error;
      }
    });
    return summaryOf(record);
  }

  async #untilApplied(
    plan: (store: ProfileStore) => Promise<{ change: MergeChange; record: MergeRecord }>,
  ): Promise<MergeRecord> {
    const { store } = this.#options;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const { change, record } = await plan(store);
      if ((await store.applyMerge(change)) === "applied") return record;
    }
    throw new VaultError("write_conflict", "The customers kept changing while the merge was prepared.");
  }

  async #require(store: ProfileStore, customerId: CustomerId): Promise<ProfileRecord> {
    const record = await store.findProfile({ by: "id", customerId }, "history");
    if (!record) throw customerNotFound();
    return record;
  }
}

async function requireMerge(store: ProfileStore, mergeId: MergeId): Promise<MergeRecord> {
  const merge = await store.getMerge(mergeId);
  if (!merge || merge.undoneAt !== null) throw new VaultError("merge_not_found", "No such merge to undo.");
  return merge;
}

function summaryOf({ preImage: _, ...summary }: MergeRecord): MergeSummary {
  return summary;
}
