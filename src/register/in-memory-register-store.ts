import type { AuditEvent } from "../audit/audit-event.ts";
import { addMs, type Instant } from "../clock.ts";
import type { AuditEventId } from "../identifiers.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { type Page, type PageRequest, pageOf } from "../storage/page.ts";
import { countIndexed, dropIndexed, indexDocket, misindexed, unsealedEvents } from "./in-memory-register-index.ts";
import {
  byPlace,
  checkpointRows,
  nodeRows,
  putRegister,
  recordOf,
  registerOf,
  secretRows,
  transactionRows,
} from "./in-memory-register-tables.ts";
import { type Subtree, subtreeKey } from "./merkle/subtree.ts";
import { decodePlace, decodeSize, encodePlace, encodeSize, requireAtMost } from "./register-lookups.ts";
import {
  type DocketIndex,
  type IndexedTransaction,
  LEASE_MS_MAX,
  type LeaseRequest,
  type RegisterRecord,
  type RegisterStore,
  SEAL_LOOKUPS_MAX,
  type SealingLease,
  type StoredCheckpoint,
  SUBTREES_MAX,
  type TransactionFilter,
  type TreeNode,
  UNSEALED_EVENTS_MAX,
  type WrappedSecret,
} from "./register-store.ts";

/** The reference model of register stores. */
export class InMemoryRegisterStore implements RegisterStore {
  readonly #session: InMemorySession;

  constructor(session: InMemorySession) {
    this.#session = session;
  }

  get(): Promise<RegisterRecord | undefined> {
    return this.#session.run((tables) => {
      const row = registerOf(tables);
      return row && recordOf(row);
    });
  }

  init(record: RegisterRecord): Promise<RegisterRecord> {
    return this.#session.run((tables) => {
      const row = registerOf(tables) ?? { ...record, epoch: 0n, lease: null };
      putRegister(tables, row);
      return recordOf(row);
    });
  }

  acquireLease({ holder, now, until }: LeaseRequest): Promise<SealingLease | undefined> {
    return this.#session.run((tables) => {
      const row = registerOf(tables);
      if (!row) return undefined;
      const isCurrent = row.lease && row.lease.until > now && row.lease.until <= addMs(now, LEASE_MS_MAX);
      const current = isCurrent ? row.lease : undefined;
      if (current && current.holder !== holder) return undefined;
      const epoch = current ? row.epoch : row.epoch + 1n;
      const lease = { holder, epoch, until };
      putRegister(tables, { ...row, epoch, lease });
      return lease;
    });
  }

  async releaseLease(holder: string): Promise<void> {
    await this.#session.run((tables) => {
      const row = registerOf(tables);
      if (row?.lease?.holder === holder) putRegister(tables, { ...row, lease: null });
    });
  }

  async listUnsealed(limit: number): Promise<readonly AuditEvent[]> {
    requireAtMost(UNSEALED_EVENTS_MAX, limit);
    return await this.#session.run((tables) => unsealedEvents(tables).slice(0, limit));
  }

  async index(docket: DocketIndex): Promise<void> {
    requireAtMost(SEAL_LOOKUPS_MAX, docket.transactions.length);
    await this.#session.run((tables) => indexDocket(tables, docket));
  }

  async findMisindexed(dockets: readonly DocketIndex[]): Promise<readonly bigint[]> {
    requireAtMost(
      SEAL_LOOKUPS_MAX,
      dockets.reduce((sum, { transactions }) => sum + transactions.length, 0),
    );
    return await this.#session.run((tables) => misindexed(tables, dockets));
  }

  async reindex(docket: DocketIndex): Promise<void> {
    requireAtMost(SEAL_LOOKUPS_MAX, docket.transactions.length);
    await this.#session.run((tables) => {
      dropIndexed(tables, docket);
      indexDocket(tables, docket);
    });
  }

  indexedCount(): Promise<bigint> {
    return this.#session.run(countIndexed);
  }

  find(txId: string): Promise<IndexedTransaction | undefined> {
    return this.#session.run((tables) => transactionRows(tables).get(txId));
  }

  findByEvents(eventIds: readonly AuditEventId[]): Promise<ReadonlyMap<AuditEventId, IndexedTransaction>> {
    return this.#firstBy(eventIds, ({ eventId }) => eventId);
  }

  findBySubjectIds(subjectIds: readonly string[]): Promise<ReadonlyMap<string, IndexedTransaction>> {
    return this.#firstBy(subjectIds, ({ subjectId }) => subjectId);
  }

  async list(filter: TransactionFilter, { limit, cursor }: PageRequest): Promise<Page<IndexedTransaction>> {
    const after = decodePlace(filter, cursor);
    const { subject, type } = filter;
    const isListed = (row: IndexedTransaction) =>
      (subject === undefined || row.subject === subject) &&
      (type === undefined || row.type === type) &&
      (after === undefined || byPlace(row, after) > 0);
    const rows = await this.#session.run((tables) => transactionRows(tables).filter(isListed).sort(byPlace));
    return pageOf(rows.slice(0, limit + 1), limit, (last) => encodePlace(filter, last));
  }

  async nodes(subtrees: readonly Subtree[]): Promise<readonly TreeNode[]> {
    requireAtMost(SUBTREES_MAX, subtrees.length);
    const keys = new Set(subtrees.map(subtreeKey));
    return await this.#session.run((tables) => {
      const rows = nodeRows(tables);
      return [...keys].map((key) => rows.get(key)).filter((node) => node !== undefined);
    });
  }

  async putNodes(nodes: readonly TreeNode[]): Promise<void> {
    requireAtMost(SUBTREES_MAX, nodes.length);
    await this.#session.run((tables) => {
      for (const node of nodes) nodeRows(tables).put(subtreeKey(node), { ...node });
    });
  }

  async addCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    await this.#session.run((tables) => {
      const rows = checkpointRows(tables);
      const key = checkpoint.size.toString();
      if (!rows.get(key)) rows.put(key, { ...checkpoint });
    });
  }

  async listCheckpoints({ limit, cursor }: PageRequest): Promise<Page<StoredCheckpoint>> {
    const before = decodeSize(cursor);
    const rows = await this.#session.run((tables) =>
      checkpointRows(tables).filter(({ size }) => before === undefined || size < before),
    );
    const largestFirst = rows.sort((a, b) => (a.size < b.size ? 1 : -1));
    return pageOf(largestFirst.slice(0, limit + 1), limit, encodeSize);
  }

  async getSecrets(subjectIds: readonly string[]): Promise<readonly WrappedSecret[]> {
    requireAtMost(SEAL_LOOKUPS_MAX, subjectIds.length);
    return await this.#session.run((tables) => keptSecrets(tables, subjectIds));
  }

  async initSecrets(secrets: readonly WrappedSecret[]): Promise<readonly WrappedSecret[]> {
    requireAtMost(SEAL_LOOKUPS_MAX, secrets.length);
    return await this.#session.run((tables) => {
      const rows = secretRows(tables);
      for (const { subjectId, wrapped } of secrets) {
        if (!rows.get(subjectId)) rows.put(subjectId, { subjectId, wrapped, destroyedAt: null });
      }
      return keptSecrets(
        tables,
        secrets.map(({ subjectId }) => subjectId),
      );
    });
  }

  destroySecret(subjectId: string, at: Instant): Promise<boolean> {
    return this.#session.run((tables) => {
      const rows = secretRows(tables);
      const row = rows.get(subjectId);
      if (row && row.wrapped === null) return false;
      rows.put(subjectId, { subjectId, wrapped: null, destroyedAt: at });
      return row !== undefined;
    });
  }

  async #firstBy<Key extends string>(
    keys: readonly Key[],
    keyOf: (transaction: IndexedTransaction) => Key | string | null,
  ): Promise<ReadonlyMap<Key, IndexedTransaction>> {
    requireAtMost(SEAL_LOOKUPS_MAX, keys.length);
    const wanted = new Set<string | null>(keys);
    const found = await this.#session.run((tables) =>
      transactionRows(tables).filter((transaction) => wanted.has(keyOf(transaction))),
    );
    // The later ones come first, so that the first one is what remains.
    return new Map(found.sort((a, b) => byPlace(b, a)).map((each) => [keyOf(each) as Key, each]));
  }
}

function keptSecrets(tables: InMemoryTables, subjectIds: readonly string[]): WrappedSecret[] {
  const rows = secretRows(tables);
  return [...new Set(subjectIds)].flatMap((id) => {
    const { subjectId, wrapped = null } = rows.get(id) ?? { subjectId: id };
    return wrapped === null ? [] : [{ subjectId, wrapped }];
  });
}
