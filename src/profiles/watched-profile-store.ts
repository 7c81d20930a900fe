import type { CustomerId, ItemId, MergeId, ScenarioId } from "../identifiers.ts";
import type { RequirementSelector } from "../schema/requirement.ts";
import type { StaleEntries } from "../storage/cache/cached-reads.ts";
import type { Staleness, WatchedWrites } from "../storage/cache/watched-writes.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { Asset } from "./asset.ts";
import type { ApplyOutcome, ChangeSet, MergeChange, MergeRecord, PurgeSet } from "./change-set.ts";
import type { CustomerSummary, ProfileRecord } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";
import type { StatusFilter } from "./item.ts";
import type { DependentItem, DerivationChain } from "./lineage.ts";
import type { ProfileCacheKeys } from "./profile-cache-keys.ts";
import type {
  CommittedItem,
  CustomerFilter,
  CustomerLookup,
  GapContext,
  LifecyclePass,
  LinkedItem,
  NewCustomer,
  ProfileStore,
  TouchedItem,
  WriteContext,
  WriteContextQuery,
} from "./profile-store.ts";
import {
  type KnownCustomer,
  type StaleProfiles,
  staleAfterChanges,
  staleAfterCreation,
  staleAfterMerge,
  staleAfterPass,
} from "./stale-profiles.ts";

export interface WatchedProfileStoreOptions {
  readonly inner: ProfileStore;
  /** Outside any transaction: asked for what can be known only once a write is committed. */
  readonly committed: ProfileStore;
  readonly keys: ProfileCacheKeys;
  readonly writes: WatchedWrites;
}

/** Linked items that are looked at one by one; a write that concerns more makes everything old. */
const LINKED_ITEMS_MAX = 1_000;

/** A store that reads nothing from the cache, and whose writes make the cache forget whom they concern. */
export class WatchedProfileStore implements ProfileStore {
  protected readonly inner: ProfileStore;
  readonly #committed: ProfileStore;
  readonly #keys: ProfileCacheKeys;
  readonly #writes: WatchedWrites;
  /** What the last context told of its customer, which is so as long as the customer is at that version. */
  #known: (KnownCustomer & { readonly customerId: CustomerId; readonly version: number }) | undefined;

  constructor({ inner, committed, keys, writes }: WatchedProfileStoreOptions) {
    this.inner = inner;
    this.#committed = committed;
    this.#keys = keys;
    this.#writes = writes;
  }

  transaction<T>(work: (store: ProfileStore) => Promise<T>): Promise<T> {
    const outer = { committed: this.#committed, keys: this.#keys, writes: this.#writes };
    return this.inner.transaction((inner) => work(new WatchedProfileStore({ ...outer, inner })));
  }

  findProfile(lookup: CustomerLookup, scope: "active" | "history"): Promise<ProfileRecord | undefined> {
    return this.inner.findProfile(lookup, scope);
  }

  listCustomers(filter: CustomerFilter, page: PageRequest): Promise<Page<CustomerSummary>> {
    return this.inner.listCustomers(filter, page);
  }

  getField(customerId: CustomerId, name: string, status: StatusFilter): Promise<FieldVersion | undefined> {
    return this.inner.getField(customerId, name, status);
  }

  listFieldHistory(customerId: CustomerId, name: string, page: PageRequest): Promise<Page<FieldVersion>> {
    return this.inner.listFieldHistory(customerId, name, page);
  }

  getAsset(customerId: CustomerId, assetId: ItemId): Promise<Asset | undefined> {
    return this.inner.getAsset(customerId, assetId);
  }

  findOwnedPaths(paths: readonly string[]): Promise<ReadonlySet<string>> {
    return this.inner.findOwnedPaths(paths);
  }

  listAssets(customerId: CustomerId, status: StatusFilter, page: PageRequest): Promise<Page<Asset>> {
    return this.inner.listAssets(customerId, status, page);
  }

  getDerivationChain(itemId: ItemId): Promise<DerivationChain | undefined> {
    return this.inner.getDerivationChain(itemId);
  }

  listDependents(
    itemId: ItemId,
    options: { transitive: boolean; limit: number },
  ): Promise<{ readonly items: readonly DependentItem[]; readonly truncated: boolean } | undefined> {
    return this.inner.listDependents(itemId, options);
  }

  findLinkedItems(itemIds: readonly ItemId[], limit: number): Promise<readonly LinkedItem[]> {
    return this.inner.findLinkedItems(itemIds, limit);
  }

  async loadWriteContext(query: WriteContextQuery): Promise<WriteContext | undefined> {
    const context = await this.inner.loadWriteContext(query);
    if (context) {
      const { customerId, version, externalId } = context.customer;
      const own = context.items.filter((item) => item.customerId === customerId);
      this.#known = { customerId, version, externalId, itemIds: new Set(own.map(({ id }) => id)) };
    }
    return context;
  }

  loadGapContext(
    customerId: CustomerId,
    scenarioId: ScenarioId,
    selector: RequirementSelector,
  ): Promise<GapContext | undefined> {
    return this.inner.loadGapContext(customerId, scenarioId, selector);
  }

  getWrappedKeys(customerIds: readonly CustomerId[]): Promise<ReadonlyMap<CustomerId, string>> {
    return this.inner.getWrappedKeys(customerIds);
  }

  getCommittedItem(itemId: ItemId): Promise<CommittedItem | undefined> {
    return this.inner.getCommittedItem(itemId);
  }

  getMerge(mergeId: MergeId): Promise<MergeRecord | undefined> {
    return this.inner.getMerge(mergeId);
  }

  listMergesInto(customerId: CustomerId): Promise<readonly MergeRecord[]> {
    return this.inner.listMergesInto(customerId);
  }

  /** What is `taken` exists, so whoever took it for missing is wrong, too. */
  createCustomer(customer: NewCustomer): Promise<"created" | "taken"> {
    return this.#watch(
      () => this.inner.createCustomer(customer),
      () => staleAfterCreation(customer),
    );
  }

  apply(changes: ChangeSet): Promise<ApplyOutcome> {
    const { customerId, expectedVersion } = changes;
    const last = this.#known;
    const known = last?.customerId === customerId && last.version === expectedVersion ? last : undefined;
    return this.#watch(
      () => this.inner.apply(changes),
      (outcome) => (outcome === "stale" ? undefined : staleAfterChanges(changes, known)),
    );
  }

  async purge(changes: PurgeSet): Promise<ApplyOutcome> {
    const { customerId, itemIds } = changes;
    // Their links go with them, so who is concerned has to be asked before.
    const linked = await this.inner.findLinkedItems(itemIds, LINKED_ITEMS_MAX);
    const everyone = linked.length === LINKED_ITEMS_MAX;
    const linkedTo = linked.filter((item) => item.customerId !== customerId).map(({ id }) => id);
    return this.#watch(
      () => this.inner.purge(changes),
      (outcome) =>
        outcome === "stale" ? undefined : { operation: "purge", customerIds: [customerId], linkedTo, everyone },
    );
  }

  applyMerge(change: MergeChange): Promise<ApplyOutcome> {
    return this.#watch(
      () => this.inner.applyMerge(change),
      (outcome) => (outcome === "stale" ? undefined : staleAfterMerge(change)),
    );
  }

  setPiiFlag(name: string, isPii: boolean): Promise<number> {
    return this.#watch(
      () => this.inner.setPiiFlag(name, isPii),
      (count) => (count === 0 ? undefined : { operation: "pii_flag", customerIds: [], everyone: true }),
    );
  }

  expireDue(pass: LifecyclePass): Promise<readonly TouchedItem[]> {
    return this.#watch(
      () => this.inner.expireDue(pass),
      (touched) => staleAfterPass("expire", pass.customerId, touched),
    );
  }

  markOrphans(pass: LifecyclePass): Promise<readonly TouchedItem[]> {
    return this.#watch(
      () => this.inner.markOrphans(pass),
      (touched) => staleAfterPass("orphan", pass.customerId, touched),
    );
  }

  #watch<T>(write: () => Promise<T>, staleAfter: (answer: T | undefined) => StaleProfiles | undefined): Promise<T> {
    return this.#writes.run({
      write,
      staleAfter: (answer) => {
        const stale = staleAfter(answer);
        return stale && this.#stalenessOf(stale);
      },
    });
  }

  #stalenessOf({
    operation,
    customerIds,
    lookups = [],
    linkedTo = [],
    everyone,
  }: StaleProfiles): Staleness | undefined {
    if (everyone) return { operation, keys: [], tags: [this.#keys.tag] };
    const keys = [
      ...customerIds.map((customerId) => this.#keys.profile(customerId)),
      ...lookups.map((lookup) => this.#keys.of(lookup)),
    ];
    if (keys.length === 0) return undefined;
    const late = linkedTo.length === 0 ? undefined : () => this.#linkedEntries(linkedTo);
    return { operation, keys, tags: [], late };
  }

  async #linkedEntries(itemIds: readonly ItemId[]): Promise<StaleEntries> {
    // The write is done, so a database that does not answer now is no reason for it to fail.
    const linked = await this.#committed.findLinkedItems(itemIds, LINKED_ITEMS_MAX).catch(() => undefined);
    if (linked === undefined || linked.length === LINKED_ITEMS_MAX) return { keys: [], tags: [this.#keys.tag] };
    const owners = new Set(linked.map(({ customerId }) => customerId));
    return { keys: [...owners].map((customerId) => this.#keys.profile(customerId)), tags: [] };
  }
}
