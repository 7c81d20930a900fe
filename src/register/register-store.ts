import type { AuditEvent } from "../audit/audit-event.ts";
import type { Instant } from "../clock.ts";
import type { AuditEventId, TenantId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { Subtree } from "./merkle/subtree.ts";

/*
 * What the vault keeps about registers beside the ledgers themselves, which are in the cold tier. Nothing in here is
 * believed when it is read: places and hashes are hints, confirmed by a proof that leads to a trusted root.
 *
 * Every method rejects with `storage_unavailable`, `storage_timeout` and `closed`, and one that has a limit with
 * `limit_exceeded`.
 */

/** The one register that a tenant has. */
export interface RegisterRecord {
  /** 32 hexadecimal digits. */
  readonly registerId: string;
  /** `own` is sealed here; `replica` is the verified copy of a register that is sealed elsewhere. */
  readonly kind: "own" | "replica";
  readonly createdAt: Instant;
}

/**
 * Who may seal, until when. Every new holder has a higher epoch than any before. A lease that lasts for more than
 * `LEASE_MS_MAX` from now on was taken by a clock that was wrong, and counts as one that ran out.
 */
export interface SealingLease {
  readonly holder: string;
  readonly epoch: bigint;
  readonly until: Instant;
}

/** Where a transaction is. */
export interface TransactionPlace {
  /** 64 hexadecimal digits. */
  readonly txId: string;
  readonly height: bigint;
  /** Within the docket, from 0. */
  readonly position: number;
}

/** A transaction as it is looked up. */
export interface IndexedTransaction extends TransactionPlace {
  /** `null` when it tells of no event. */
  readonly eventId: AuditEventId | null;
  /** The event's type, or the transaction's when it tells of no event. */
  readonly type: string;
  /** The pseudonym of the customer: 64 hexadecimal digits. */
  readonly subject: string | null;
  /** The item, definition or key that the event is about; not known of a register that is sealed elsewhere. */
  readonly subjectId: string | null;
}

/** A complete subtree of the log that a docket completed. */
export interface TreeNode extends Subtree {
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** Everything that is looked up by of one docket. */
export interface DocketIndex {
  readonly height: bigint;
  readonly transactions: readonly IndexedTransaction[];
  readonly nodes: readonly TreeNode[];
}

export interface TransactionFilter {
  readonly subject?: string | undefined;
  readonly type?: string | undefined;
}

export interface StoredCheckpoint {
  readonly size: bigint;
  /** The signed note. */
  readonly note: string;
  readonly signedAt: Instant;
}

/** Of a customer, or of the tenant itself: the secret that makes pseudonyms and commitments, wrapped. */
export interface WrappedSecret {
  /** The customer's id, or the tenant's for events that are about no customer. */
  readonly subjectId: string;
  readonly wrapped: string;
}

/** Asks for the lease. */
export interface LeaseRequest {
  readonly holder: string;
  readonly now: Instant;
  /** At most `LEASE_MS_MAX` from `now` on. */
  readonly until: Instant;
}

/** The longest that can be configured. */
export const LEASE_MS_MAX = 3_600_000;
export const UNSEALED_EVENTS_MAX = 1_000;
export const SEAL_LOOKUPS_MAX = 1_000;
export const SUBTREES_MAX = 256;
/** Of one look into the directory. */
export const TENANTS_MAX = 1_000;

/** The register of the one tenant that the store is bound to. */
export interface RegisterStore {
  get(): Promise<RegisterRecord | undefined>;
  /** Among concurrent calls the first record is everybody's: resolves to the one that is there. */
  init(record: RegisterRecord): Promise<RegisterRecord>;

  /**
   * The lease, with a new epoch, if nobody else holds one that lasts beyond `now`; a holder who has it gets it again until
   * `until`, with the same epoch unless it ran out, or was out of reach. `undefined` when somebody else has it, and without a register.
   */
  acquireLease(request: LeaseRequest): Promise<SealingLease | undefined>;
  /** Lets others have it at once. Nothing happens when the holder does not have it. */
  releaseLease(holder: string): Promise<void>;

  /**
   * Events of the journal that no `index` has named yet, by their position in the journal; 1 to `UNSEALED_EVENTS_MAX`.
   * Events that are committed late come late; none is ever left out.
   */
  listUnsealed(limit: number): Promise<readonly AuditEvent[]>;
  /**
   * Takes a docket into the index, and its events out of the unsealed ones, all in one step. What an event of this journal
   * is about becomes the `subjectId` of a transaction that has none. Again for the same docket it does no harm. Events of
   * the same ids that are not in this journal are none of its business.
   */
  index(docket: DocketIndex): Promise<void>;
  /**
   * The heights of those of the dockets whose transactions are not in the index as they are here, ascending: one is missing,
   * altered or elsewhere, or there is one more. One round trip; at most `SEAL_LOOKUPS_MAX` transactions in all.
   */
  findMisindexed(dockets: readonly DocketIndex[]): Promise<readonly bigint[]>;
  /** Like `index`, in the place of whatever the index says of the docket and of its transactions; all in one step. */
  reindex(docket: DocketIndex): Promise<void>;
  /** How many dockets are in the index, counted from height 0 without a gap. */
  indexedCount(): Promise<bigint>;

  find(txId: string): Promise<IndexedTransaction | undefined>;
  /** By event id; up to `SEAL_LOOKUPS_MAX` of them in one round trip, those that are not sealed left out. */
  findByEvents(eventIds: readonly AuditEventId[]): Promise<ReadonlyMap<AuditEventId, IndexedTransaction>>;
  /** The first transaction about each item, by item id; otherwise like `findByEvents`. */
  findBySubjectIds(subjectIds: readonly string[]): Promise<ReadonlyMap<string, IndexedTransaction>>;
  /** By height and position, ascending. Rejects with `invalid_cursor`, also when the filter changed. */
  list(filter: TransactionFilter, page: PageRequest): Promise<Page<IndexedTransaction>>;
  /** Those that are there, in any order; one round trip, at most 256 subtrees. */
  nodes(subtrees: readonly Subtree[]): Promise<readonly TreeNode[]>;
  /** Keeps each, once, in the place of what is there; at most 256. What `index` brings never replaces what is there. */
  putNodes(nodes: readonly TreeNode[]): Promise<void>;

  /** A second one of the same size is left out. */
  addCheckpoint(checkpoint: StoredCheckpoint): Promise<void>;
  /** By size, descending. Rejects with `invalid_cursor`. */
  listCheckpoints(page: PageRequest): Promise<Page<StoredCheckpoint>>;

  /** Those that are there; one round trip, at most 1,000 ids. */
  getSecrets(subjectIds: readonly string[]): Promise<readonly WrappedSecret[]>;
  /** Keeps those whose subject has none yet, and resolves to all of them as they are kept then. */
  initSecrets(secrets: readonly WrappedSecret[]): Promise<readonly WrappedSecret[]>;
  /**
   * Destroys the secret for good: no `initSecrets` makes a new one for the subject, and `getSecrets` has none. Whether
   * there was one.
   */
  destroySecret(subjectId: string, at: Instant): Promise<boolean>;
}

/** A tenant whose journal has events that are not sealed. */
export interface PendingTenant {
  readonly tenantId: TenantId;
  /** Of the first of them. */
  readonly oldest: Instant;
  /** Whether there are as many as were asked about. */
  readonly isFull: boolean;
}

/** Which tenants are looked for: by id, from the one after `after` on; `limit` is 1 to `TENANTS_MAX`. */
export interface TenantQuery {
  readonly limit: number;
  readonly after?: TenantId | undefined;
}

export interface TenantRegister {
  readonly tenantId: TenantId;
  readonly register: RegisterRecord;
}

/** What is known of the registers of all tenants. */
export interface RegisterDirectory {
  /**
   * Tenants with unsealed events and without a replica. One round trip whose cost follows the number of tenants and not
   * that of their events.
   *
   * @param query.full how many unsealed events make a tenant full; 1 to `UNSEALED_EVENTS_MAX`
   */
  listPending(query: TenantQuery & { readonly full: number }): Promise<readonly PendingTenant[]>;
  /** Tenants that have a register. */
  listRegisters(query: TenantQuery): Promise<readonly TenantRegister[]>;
}
