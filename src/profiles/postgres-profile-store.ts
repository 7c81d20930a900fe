import { VaultError } from "../errors.ts";
import type { CustomerId, ItemId, MergeId, ScenarioId, TenantId } from "../identifiers.ts";
import type { RequirementSelector } from "../schema/requirement.ts";
import { encodeCursor, type Page, type PageRequest, pageOf } from "../storage/page.ts";
import { ConstraintViolation, type SqlSession, type SqlStatement } from "../storage/postgres/sql-database.ts";
import type { Asset } from "./asset.ts";
import type { ApplyOutcome, ChangeSet, MergeChange, MergeRecord, PurgeSet } from "./change-set.ts";
import type { CustomerSummary, ProfileRecord } from "./customer.ts";
import { customerListName, decodeCustomerCursor } from "./customer-list.ts";
import type { FieldVersion } from "./field-version.ts";
import type { StatusFilter } from "./item.ts";
import { decodeItemCursor, encodeItemCursor, type ItemPlace } from "./item-list.ts";
import { type DependentItem, type DerivationChain, orderChain } from "./lineage.ts";
import { compileChangeSet, isItemIdTaken } from "./postgres-change-set.ts";
import {
  gapContextValues,
  LOAD_GAP_CONTEXT,
  LOAD_WRITE_CONTEXT,
  OWNED_PATHS,
  WRAPPED_KEYS,
} from "./postgres-context-statements.ts";
import { DEPENDENTS, DERIVATION_CHAIN, LINKED_ITEMS } from "./postgres-lineage-statements.ts";
import { applyMergeChange, createCustomer, purgeItems, runPass } from "./postgres-profile-writes.ts";
import {
  ASSET_BY_ID,
  assetsByStatus,
  COMMITTED_ITEM,
  FIELD_HISTORY,
  fieldByStatus,
  LIST_CUSTOMERS,
  LIST_CUSTOMERS_BY_EXTERNAL_ID,
  LIST_CUSTOMERS_BY_IDENTITY,
  LIST_CUSTOMERS_BY_TEXT,
  PROFILE_BY_EXTERNAL_ID,
  PROFILE_BY_ID,
  PROFILE_BY_IDENTITY,
} from "./postgres-read-statements.ts";
import {
  reviveAsset,
  reviveCommittedItem,
  reviveField,
  reviveGapContext,
  reviveMerge,
  reviveProfile,
  reviveReachedItems,
  reviveSummary,
  reviveWriteContext,
} from "./postgres-rows.ts";
import {
  EXPIRE_DUE,
  HOLD_FIELD_WRITERS,
  LOCK_CUSTOMERS,
  MARK_ORPHANS,
  MERGE_BY_ID,
  MERGES_INTO,
  SET_PII_FLAG,
} from "./postgres-write-statements.ts";
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
import { lastWithPrefix, searchTextOf } from "./search-text.ts";

type JsonRow = Record<string, unknown>;

/** Profiles on PostgreSQL, a server's or PGlite's. Every read is one round trip, every change set one statement. */
export class PostgresProfileStore implements ProfileStore {
  readonly #tenantId: TenantId;
  readonly #session: SqlSession;

  constructor(session: SqlSession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  #rows(statement: SqlStatement, ...values: readonly unknown[]): Promise<JsonRow[]> {
    return this.#session.query<JsonRow>(statement, [this.#tenantId, ...values]);
  }

  transaction<T>(work: (store: ProfileStore) => Promise<T>): Promise<T> {
    return this.#session.transaction((session) => work(new PostgresProfileStore(session, this.#tenantId)));
  }

  async findProfile(lookup: CustomerLookup, scope: "active" | "history"): Promise<ProfileRecord | undefined> {
    const [row] = await this.#findProfile(lookup, scope);
    return row && reviveProfile(row);
  }

  #findProfile(lookup: CustomerLookup, scope: "active" | "history"): Promise<JsonRow[]> {
    switch (lookup.by) {
      case "id":
        return this.#rows(PROFILE_BY_ID[scope], lookup.customerId);
      case "externalId":
        return this.#rows(PROFILE_BY_EXTERNAL_ID[scope], lookup.externalId);
      case "identity":
        return this.#rows(PROFILE_BY_IDENTITY[scope], lookup.channel, lookup.channelUserId);
    }
  }

  async listCustomers(filter: CustomerFilter, page: PageRequest): Promise<Page<CustomerSummary>> {
    const list = customerListName(filter);
    const below = decodeCustomerCursor(list, page.cursor) ?? null;
    const rows = await this.#listCustomers(filter, [below, page.limit + 1]);
    const customers = rows.map(reviveSummary);
    return pageOf(customers, page.limit, (last) => encodeCursor(list, [last.customerId]));
  }

  #listCustomers(filter: CustomerFilter, place: readonly unknown[]): Promise<JsonRow[]> {
    const { identity, externalId, textPrefix } = filter;
    if (identity) return this.#rows(LIST_CUSTOMERS_BY_IDENTITY, ...place, identity.channel, identity.channelUserId);
    if (externalId !== undefined) return this.#rows(LIST_CUSTOMERS_BY_EXTERNAL_ID, ...place, externalId);
    if (textPrefix !== undefined) {
      const prefix = searchTextOf(textPrefix);
      return this.#rows(LIST_CUSTOMERS_BY_TEXT, ...place, prefix, lastWithPrefix(prefix));
    }
    return this.#rows(LIST_CUSTOMERS, ...place);
  }

  async getField(customerId: CustomerId, name: string, status: StatusFilter): Promise<FieldVersion | undefined> {
    const [row] = await this.#rows(fieldByStatus(status), customerId, name);
    return row && reviveField(row["item"]);
  }

  async listFieldHistory(customerId: CustomerId, name: string, page: PageRequest): Promise<Page<FieldVersion>> {
    const list = `history:${customerId}:${name}`;
    const below = decodeItemCursor(list, page.cursor);
    const rows = await this.#rows(FIELD_HISTORY, customerId, name, ...placeValues(below), page.limit + 1);
    const versions = rows.map((row) => ({ item: reviveField(row["item"]), sequence: String(row["sequence"]) }));
    const cut = pageOf(versions, page.limit, (last) =>
      encodeItemCursor(list, { instant: last.item.collectedAt, sequence: last.sequence }),
    );
    return { items: cut.items.map(({ item }) => item), nextCursor: cut.nextCursor };
  }

  async getAsset(customerId: CustomerId, assetId: ItemId): Promise<Asset | undefined> {
    const [row] = await this.#rows(ASSET_BY_ID, customerId, assetId);
    return row && reviveAsset(row["item"]);
  }

  async listAssets(customerId: CustomerId, status: StatusFilter, page: PageRequest): Promise<Page<Asset>> {
    const list = `assets:${customerId}:${status}`;
    const below = decodeItemCursor(list, page.cursor);
    const rows = await this.#rows(assetsByStatus(status), customerId, ...placeValues(below), page.limit + 1);
    const assets = rows.map((row) => ({ item: reviveAsset(row["item"]), sequence: String(row["sequence"]) }));
    const cut = pageOf(assets, page.limit, (last) =>
      encodeItemCursor(list, { instant: last.item.uploadedAt, sequence: last.sequence }),
    );
    return { items: cut.items.map(({ item }) => item), nextCursor: cut.nextCursor };
  }

  async getDerivationChain(itemId: ItemId): Promise<DerivationChain | undefined> {
    const [row] = await this.#rows(DERIVATION_CHAIN, itemId);
    const reached = reviveReachedItems(row?.["items"] ?? []);
    return reached[0]?.distance === 0 ? orderChain(reached) : undefined;
  }

  async listDependents(
    itemId: ItemId,
    options: { transitive: boolean; limit: number },
  ): Promise<{ items: readonly DependentItem[]; truncated: boolean } | undefined> {
    const depth = options.transitive ? Number.MAX_SAFE_INTEGER % 2 ** 31 : 1;
    const [row] = await this.#rows(DEPENDENTS, itemId, depth, options.limit);
    const [start, ...reached] = reviveReachedItems(row?.["items"] ?? []);
    if (start?.distance !== 0) return undefined;
    const items = reached.map(({ item, distance }) => ({ ...item, distance }));
    return { items: items.slice(0, options.limit), truncated: items.length > options.limit };
  }

  async findLinkedItems(itemIds: readonly ItemId[], limit: number): Promise<readonly LinkedItem[]> {
    return (await this.#rows(LINKED_ITEMS, itemIds, limit)) as unknown as LinkedItem[];
  }

  async loadWriteContext(query: WriteContextQuery): Promise<WriteContext | undefined> {
    // The lock is a statement of its own: the one that reads must begin after the lock is held to see what the
    // writer before left.
    if (query.lock) await this.#rows(LOCK_CUSTOMERS, [query.customerId]);
    const [row] = await this.#rows(
      LOAD_WRITE_CONTEXT,
      query.customerId,
      query.agentId,
      query.names,
      query.assetNames,
      query.itemIds,
    );
    return row && reviveWriteContext(row);
  }

  async loadGapContext(
    customerId: CustomerId,
    scenarioId: ScenarioId,
    selector: RequirementSelector,
  ): Promise<GapContext | undefined> {
    const [row] = await this.#rows(LOAD_GAP_CONTEXT, customerId, scenarioId, ...gapContextValues(selector));
    return row && reviveGapContext(row);
  }

  async findOwnedPaths(paths: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set((await this.#rows(OWNED_PATHS, paths)).map((row) => String(row["storage_path"])));
  }

  async getWrappedKeys(customerIds: readonly CustomerId[]): Promise<ReadonlyMap<CustomerId, string>> {
    const rows = await this.#rows(WRAPPED_KEYS, customerIds);
    return new Map(rows.map((row) => [row["id"] as CustomerId, String(row["wrapped_key"])]));
  }

  async getCommittedItem(itemId: ItemId): Promise<CommittedItem | undefined> {
    const [row] = await this.#rows(COMMITTED_ITEM, itemId);
    return row && reviveCommittedItem(row);
  }

  async getMerge(mergeId: MergeId): Promise<MergeRecord | undefined> {
    const [row] = await this.#rows(MERGE_BY_ID, mergeId);
    return row && reviveMerge(row["merge"]);
  }

  async listMergesInto(customerId: CustomerId): Promise<readonly MergeRecord[]> {
    return (await this.#rows(MERGES_INTO, customerId)).map((row) => reviveMerge(row["merge"]));
  }

  createCustomer(customer: NewCustomer): Promise<"created" | "taken"> {
    return this.#change((session) => createCustomer(session, this.#tenantId, customer));
  }

  async apply(changes: ChangeSet): Promise<ApplyOutcome> {
    const { statement, values } = compileChangeSet(changes);
    try {
      const [row] = await this.#rows(statement, changes.customerId, changes.expectedVersion, ...values);
      return row?.["applied"] === 1 ? "applied" : "stale";
    } catch (error) {
      throw translateViolation(error);
    }
  }

  purge(changes: PurgeSet): Promise<ApplyOutcome> {
    return this.#transact((session) => purgeItems(session, this.#tenantId, changes));
  }

  applyMerge(change: MergeChange): Promise<ApplyOutcome> {
    return this.#transact((session) => applyMergeChange(session, this.#tenantId, change));
  }

  #transact<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#change((session) => session.transaction(work));
  }

  /** What the constraints of the database mean to the caller. */
  async #change<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    try {
      return await work(this.#session);
    } catch (error) {
      throw translateViolation(error);
    }
  }

  setPiiFlag(name: string, isPii: boolean): Promise<number> {
    return this.#session.transaction(async (session) => {
      // A version that is being written must not escape: it is either there for the update, or written after the
      // definition can be seen by the statement that writes it.
      if (isPii) await session.query(HOLD_FIELD_WRITERS, []);
      return (await session.query(SET_PII_FLAG, [this.#tenantId, name, isPii])).length;
    });
  }

  expireDue(pass: LifecyclePass): Promise<readonly TouchedItem[]> {
    return this.#change((session) => runPass(session, this.#tenantId, { statement: EXPIRE_DUE, pass }));
  }

  markOrphans(pass: LifecyclePass): Promise<readonly TouchedItem[]> {
    return this.#change((session) => runPass(session, this.#tenantId, { statement: MARK_ORPHANS, pass }));
  }
}

function placeValues(place: ItemPlace | undefined): readonly [string | null, string | null] {
  return [place?.instant ?? null, place?.sequence ?? null];
}

function translateViolation(error: unknown): unknown {
  if (!(error instanceof ConstraintViolation)) return error;
  if (isItemIdTaken(error))
    return new VaultError("item_exists", "An item with this id exists already.", { cause: error });
  switch (error.constraint) {
    case "customers_external_id_key":
      return new VaultError("external_id_taken", "Another customer has this external id.", { cause: error });
    case "channel_identities_pkey":
      return new VaultError("identity_taken", "Another customer owns this channel identity.", { cause: error });
    case "audit_events_pkey":
      return new VaultError("audit_event_exists", "An audit event with this id exists.", { cause: error });
    default:
      return new VaultError("internal_error", "A stored constraint refused the change.", { cause: error });
  }
}
