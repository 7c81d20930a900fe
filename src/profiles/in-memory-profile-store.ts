import type { CustomerId, ItemId, MergeId, ScenarioId, TenantId } from "../identifiers.ts";
import type { RequirementSelector } from "../schema/requirement.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import { encodeCursor, type Page, type PageRequest, pageOf } from "../storage/page.ts";
import { TENANTS, type TenantRecord } from "../tenants/tenant-record.ts";
import { compareText } from "../text-order.ts";
import { type Asset, VAULT_STORAGE } from "./asset.ts";
import type { ApplyOutcome, ChangeSet, MergeChange, MergeRecord, PurgeSet } from "./change-set.ts";
import type { CustomerRecord, CustomerSummary, ProfileRecord } from "./customer.ts";
import { customerListName, decodeCustomerCursor } from "./customer-list.ts";
import type { FieldVersion } from "./field-version.ts";
import { linkedItems, walk } from "./in-memory-lineage.ts";
import { applyMergeChange } from "./in-memory-merge-writes.ts";
import { loadGapContext, loadWriteContext } from "./in-memory-profile-contexts.ts";
import { identityKey, ProfileTables } from "./in-memory-profile-tables.ts";
import { applyChanges, createCustomer, purgeItems, runPass } from "./in-memory-profile-writes.ts";
import { isCurrentlyActive, isItemSource, type StatusFilter } from "./item.ts";
import { decodeItemCursor, encodeItemCursor, type ItemPlace } from "./item-list.ts";
import {
  DEPENDENTS_DEPTH_MAX,
  DERIVATION_CHAIN_LENGTH_MAX,
  type DependentItem,
  type DerivationChain,
  orderChain,
} from "./lineage.ts";
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
import { searchTextOf, searchTextOfField } from "./search-text.ts";

/** The reference model: every other engine is compared with it. */
export class InMemoryProfileStore implements ProfileStore {
  readonly #session: InMemorySession;
  readonly #tenantId: TenantId;

  constructor(session: InMemorySession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  #run<T>(work: (tables: ProfileTables) => T): Promise<T> {
    return this.#session.run((tables) => work(new ProfileTables(tables)));
  }

  transaction<T>(work: (store: ProfileStore) => Promise<T>): Promise<T> {
    return this.#session.transaction((session) => work(new InMemoryProfileStore(session, this.#tenantId)));
  }

  findProfile(lookup: CustomerLookup, scope: "active" | "history"): Promise<ProfileRecord | undefined> {
    return this.#run((tables) => {
      const customer = findCustomer(tables, lookup);
      return customer && tables.profileOf(customer, scope);
    });
  }

  async listCustomers(filter: CustomerFilter, page: PageRequest): Promise<Page<CustomerSummary>> {
    const list = customerListName(filter);
    const below = decodeCustomerCursor(list, page.cursor);
    const rows = await this.#run((tables) =>
      tables.customers
        .filter((customer) => customer.deletedAt === null && customer.mergedIntoId === null)
        .filter((customer) => matchesFilter(tables, customer, filter))
        .filter((customer) => below === undefined || customer.customerId < below)
        .sort((a, b) => compareText(b.customerId, a.customerId))
        .slice(0, page.limit + 1)
        .map((customer) => summaryOf(tables, customer)),
    );
    return pageOf(rows, page.limit, (last) => encodeCursor(list, [last.customerId]));
  }

  getField(customerId: CustomerId, name: string, status: StatusFilter): Promise<FieldVersion | undefined> {
    return this.#run((tables) => {
      if (!tables.liveCustomer(customerId)) return undefined;
      const row = tables.fieldsOf(
        customerId,
        (field) => field.name === name && field.deletedAt === null && hasStatus(field.status, status),
      )[0];
      return row && tables.fieldOf(row);
    });
  }

  async listFieldHistory(customerId: CustomerId, name: string, page: PageRequest): Promise<Page<FieldVersion>> {
    const list = `history:${customerId}:${name}`;
    const below = decodeItemCursor(list, page.cursor);
    const rows = await this.#run((tables) =>
      tables.liveCustomer(customerId)
        ? tables
            .fieldsOf(customerId, (field) => field.name === name)
            .filter((row) => isBelow(row.collectedAt, row.sequence, below))
            .slice(0, page.limit + 1)
            .map((row) => ({ row, item: tables.fieldOf(row) }))
        : [],
    );
    const cut = pageOf(rows, page.limit, ({ row }) =>
      encodeItemCursor(list, { instant: row.collectedAt, sequence: row.sequence.toString() }),
    );
    return { items: cut.items.map(({ item }) => item), nextCursor: cut.nextCursor };
  }

  getAsset(customerId: CustomerId, assetId: ItemId): Promise<Asset | undefined> {
    return this.#run((tables) => {
      const row = tables.assets.get(assetId);
      if (!row || row.customerId !== customerId || row.deletedAt !== null) return undefined;
      return tables.liveCustomer(customerId) && tables.assetOf(row);
    });
  }

  async listAssets(customerId: CustomerId, status: StatusFilter, page: PageRequest): Promise<Page<Asset>> {
    const list = `assets:${customerId}:${status}`;
    const below = decodeItemCursor(list, page.cursor);
    const rows = await this.#run((tables) =>
      tables.liveCustomer(customerId)
        ? tables
            .assetsOf(customerId, (asset) => asset.deletedAt === null && hasStatus(asset.status, status))
            .filter((row) => isBelow(row.uploadedAt, row.sequence, below))
            .slice(0, page.limit + 1)
            .map((row) => ({ row, item: tables.assetOf(row) }))
        : [],
    );
    const cut = pageOf(rows, page.limit, ({ row }) =>
      encodeItemCursor(list, { instant: row.uploadedAt, sequence: row.sequence.toString() }),
    );
    return { items: cut.items.map(({ item }) => item), nextCursor: cut.nextCursor };
  }

  getDerivationChain(itemId: ItemId): Promise<DerivationChain | undefined> {
    return this.#run((tables) => {
      const reached = walk(tables, itemId, {
        depth: DERIVATION_CHAIN_LENGTH_MAX,
        next: (id) => (tables.item(id)?.sources ?? []).filter(isItemSource).map((source) => source.id),
      });
      return reached && orderChain(reached.slice(0, DERIVATION_CHAIN_LENGTH_MAX + 1));
    });
  }

  listDependents(
    itemId: ItemId,
    options: { transitive: boolean; limit: number },
  ): Promise<{ items: readonly DependentItem[]; truncated: boolean } | undefined> {
    return this.#run((tables) => {
      const reached = walk(tables, itemId, {
        depth: options.transitive ? DEPENDENTS_DEPTH_MAX : 1,
        next: (id) => tables.childrenOf(id).map((child) => child.id),
      });
      if (!reached) return undefined;
      const live = reached.filter(({ item, distance }) => distance > 0 && !item.deleted);
      const items = live.slice(0, options.limit).map(({ item, distance }) => ({ ...item, distance }));
      return { items, truncated: live.length > options.limit };
    });
  }

  findLinkedItems(itemIds: readonly ItemId[], limit: number): Promise<readonly LinkedItem[]> {
    return this.#run((tables) => linkedItems(tables, itemIds).slice(0, limit));
  }

  loadWriteContext(query: WriteContextQuery): Promise<WriteContext | undefined> {
    return this.#run((tables) => {
      const tenantMode = tables.base.table<TenantRecord>(TENANTS.name).get(this.#tenantId)?.validationMode ?? null;
      return loadWriteContext(tables, query, tenantMode);
    });
  }

  loadGapContext(
    customerId: CustomerId,
    scenarioId: ScenarioId,
    selector: RequirementSelector,
  ): Promise<GapContext | undefined> {
    return this.#run((tables) => loadGapContext(tables, customerId, { scenarioId, selector }));
  }

  findOwnedPaths(paths: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#run((tables) => {
      const owned = tables.assets.filter(
        (row) => row.deletedAt === null && row.storageProvider === VAULT_STORAGE && paths.includes(row.storagePath),
      );
      return new Set(owned.map((row) => row.storagePath));
    });
  }

  getWrappedKeys(customerIds: readonly CustomerId[]): Promise<ReadonlyMap<CustomerId, string>> {
    return this.#run((tables) => {
      const keys = new Map<CustomerId, string>();
      for (const customerId of customerIds) {
        const wrappedKey = tables.customers.get(customerId)?.wrappedKey;
        if (typeof wrappedKey === "string") keys.set(customerId, wrappedKey);
      }
      return keys;
    });
  }

  getCommittedItem(itemId: ItemId): Promise<CommittedItem | undefined> {
    return this.#run((tables) => tables.committedItem(itemId));
  }

  getMerge(mergeId: MergeId): Promise<MergeRecord | undefined> {
    return this.#run((tables) => tables.merges.get(mergeId));
  }

  listMergesInto(customerId: CustomerId): Promise<readonly MergeRecord[]> {
    return this.#run((tables) =>
      tables.merges
        .filter((merge) => merge.targetCustomerId === customerId && merge.undoneAt === null)
        .sort((a, b) => compareText(b.mergedAt, a.mergedAt) || compareText(b.mergeId, a.mergeId)),
    );
  }

  createCustomer(customer: NewCustomer): Promise<"created" | "taken"> {
    const kept = asKept(customer);
    return this.#run((tables) => createCustomer(tables, kept));
  }

  apply(changes: ChangeSet): Promise<ApplyOutcome> {
    const kept = asKept(changes);
    return this.#run((tables) => applyChanges(tables, kept));
  }

  purge(changes: PurgeSet): Promise<ApplyOutcome> {
    const kept = asKept(changes);
    return this.#run((tables) => purgeItems(tables, kept));
  }

  applyMerge(change: MergeChange): Promise<ApplyOutcome> {
    const kept = asKept(change);
    return this.#run((tables) => applyMergeChange(tables, kept));
  }

  setPiiFlag(name: string, isPii: boolean): Promise<number> {
    return this.#run((tables) => {
      const rows = tables.fields.filter((row) => row.name === name && row.isPii !== isPii);
      for (const row of rows) tables.fields.put(row.id, { ...row, isPii });
      return rows.length;
    });
  }

  expireDue(pass: LifecyclePass): Promise<readonly TouchedItem[]> {
    return this.#run((tables) => runPass(tables, "expired", pass));
  }

  markOrphans(pass: LifecyclePass): Promise<readonly TouchedItem[]> {
    return this.#run((tables) => runPass(tables, "orphaned", pass));
  }
}

/** A copy, since rows are frozen and the caller's objects are not ours to freeze; JSON, which is what is kept. */
function asKept<T>(written: T): T {
  return JSON.parse(JSON.stringify(written)) as T;
}

function findCustomer(tables: ProfileTables, lookup: CustomerLookup): CustomerRecord | undefined {
  switch (lookup.by) {
    case "id":
      return tables.liveCustomer(lookup.customerId);
    case "identity": {
      const identity = tables.identities.get(identityKey(lookup));
      return identity && tables.liveCustomer(identity.customerId);
    }
    case "externalId": {
      let customer = tables.customers.find((row) => row.externalId === lookup.externalId && row.deletedAt === null);
      while (customer?.mergedIntoId) customer = tables.liveCustomer(customer.mergedIntoId);
      return customer;
    }
  }
}

function matchesFilter(tables: ProfileTables, customer: CustomerRecord, filter: CustomerFilter): boolean {
  if (filter.externalId !== undefined && customer.externalId !== filter.externalId) return false;
  if (filter.identity && tables.identities.get(identityKey(filter.identity))?.customerId !== customer.customerId) {
    return false;
  }
  if (filter.textPrefix === undefined) return true;
  const prefix = searchTextOf(filter.textPrefix);
  const matches = tables.fieldsOf(
    customer.customerId,
    (field) => isCurrentlyActive(field) && !field.isPii && searchTextOfField(field)?.startsWith(prefix) === true,
  );
  return matches.length > 0;
}

function summaryOf(tables: ProfileTables, customer: CustomerRecord): CustomerSummary {
  const { mergedIntoId: _, deletedAt: __, wrappedKey: ___, ...header } = customer;
  return { ...header, identities: tables.identitiesOf(customer.customerId) };
}

function hasStatus(status: string, wanted: StatusFilter): boolean {
  return wanted === "any" || status === wanted;
}

function isBelow(instant: string, sequence: bigint, place: ItemPlace | undefined): boolean {
  if (place === undefined) return true;
  return instant < place.instant || (instant === place.instant && sequence < BigInt(place.sequence));
}
