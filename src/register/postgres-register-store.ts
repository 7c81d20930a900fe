import type { AuditEvent } from "../audit/audit-event.ts";
import { type EventRow, eventFromRow } from "../audit/postgres-audit-store.ts";
import { addMs, type Instant } from "../clock.ts";
import { invariant } from "../errors.ts";
import { type AuditEventId, isUuid, type TenantId } from "../identifiers.ts";
import { textProblem } from "../json.ts";
import { type Page, type PageRequest, pageOf } from "../storage/page.ts";
import { instantFromJson } from "../storage/postgres/json-instant.ts";
import type { SqlRow, SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import { type Subtree, subtreeKey } from "./merkle/subtree.ts";
import { MAX_TREE_SIZE } from "./merkle/tree-hash.ts";
import {
  ACQUIRE_LEASE,
  ADD_CHECKPOINT,
  COUNT_INDEXED,
  DESTROY_SECRET,
  GET_NODES,
  GET_REGISTER,
  GET_SECRETS,
  INDEX_DOCKET,
  INIT_REGISTER,
  INIT_SECRETS,
  LIST_CHECKPOINTS,
  LIST_UNSEALED,
  PUT_NODES,
  RELEASE_LEASE,
} from "./postgres-register-statements.ts";
import {
  DROP_INDEXED,
  FIND_BY_EVENTS,
  FIND_BY_SUBJECT_IDS,
  FIND_MISINDEXED,
  FIND_TRANSACTION,
  listStatement,
  type TransactionRow,
  transactionOf,
} from "./postgres-transaction-statements.ts";
import { decodePlace, decodeSize, encodePlace, encodeSize, isHashText, requireAtMost } from "./register-lookups.ts";
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

export class PostgresRegisterStore implements RegisterStore {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;

  constructor(session: SqlSession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  async get(): Promise<RegisterRecord | undefined> {
    const [row] = await this.#query<RegisterRow>(GET_REGISTER);
    return row && registerOf(row);
  }

  async init({ registerId, kind, createdAt }: RegisterRecord): Promise<RegisterRecord> {
    const [row] = await this.#query<RegisterRow>(INIT_REGISTER, registerId, kind, createdAt);
    const register = row ? registerOf(row) : await this.get();
    invariant(register, "a register is never deleted");
    return register;
  }

  async acquireLease({ holder, now, until }: LeaseRequest): Promise<SealingLease | undefined> {
    const values = [holder, now, until, addMs(now, LEASE_MS_MAX)];
    const [row] = await this.#query<{ readonly epoch: string }>(ACQUIRE_LEASE, ...values);
    return row && { holder, epoch: BigInt(row.epoch), until };
  }

  async releaseLease(holder: string): Promise<void> {
    await this.#query(RELEASE_LEASE, holder);
  }

  async listUnsealed(limit: number): Promise<readonly AuditEvent[]> {
    requireAtMost(UNSEALED_EVENTS_MAX, limit);
    return (await this.#query<EventRow>(LIST_UNSEALED, limit)).map(eventFromRow);
  }

  async index({ height, transactions, nodes }: DocketIndex): Promise<void> {
    requireAtMost(SEAL_LOOKUPS_MAX, transactions.length);
    const eventIds = transactions.map(({ eventId }) => eventId).filter((eventId) => eventId !== null);
    const records = transactions.map(({ height: _, ...transaction }) => transaction);
    const values = [height.toString(), JSON.stringify(records), eventIds, nodeRecords(nodes)];
    await this.#query(INDEX_DOCKET, ...values);
  }

  async findMisindexed(dockets: readonly DocketIndex[]): Promise<readonly bigint[]> {
    const transactions = dockets.flatMap((docket) => docket.transactions);
    requireAtMost(SEAL_LOOKUPS_MAX, transactions.length);
    const records = transactions.map((transaction) => ({ ...transaction, height: transaction.height.toString() }));
    const heights = [...new Set(dockets.map(({ height }) => height.toString()))];
    const rows = await this.#query<{ readonly height: string }>(FIND_MISINDEXED, heights, JSON.stringify(records));
    return rows.map(({ height }) => BigInt(height));
  }

  async reindex(docket: DocketIndex): Promise<void> {
    const txIds = docket.transactions.map(({ txId }) => txId);
    await this.#session.transaction(async (session) => {
      await session.query(DROP_INDEXED, [this.#tenantId, docket.height.toString(), txIds]);
      await new PostgresRegisterStore(session, this.#tenantId).index(docket);
    });
  }

  async indexedCount(): Promise<bigint> {
    const [row] = await this.#query<{ readonly count: string }>(COUNT_INDEXED);
    return BigInt(row?.count ?? 0);
  }

  async find(txId: string): Promise<IndexedTransaction | undefined> {
    if (!isHashText(txId)) return undefined;
    const [row] = await this.#query<TransactionRow>(FIND_TRANSACTION, txId);
    return row && transactionOf(row);
  }

  async findByEvents(eventIds: readonly AuditEventId[]): Promise<ReadonlyMap<AuditEventId, IndexedTransaction>> {
    requireAtMost(SEAL_LOOKUPS_MAX, eventIds.length);
    const rows = await this.#query<TransactionRow>(FIND_BY_EVENTS, [...new Set(eventIds)].filter(isUuid));
    return new Map(rows.map((row) => [row.eventId as AuditEventId, transactionOf(row)]));
  }

  async findBySubjectIds(subjectIds: readonly string[]): Promise<ReadonlyMap<string, IndexedTransaction>> {
    requireAtMost(SEAL_LOOKUPS_MAX, subjectIds.length);
    const wanted = [...new Set(subjectIds)].filter((id) => textProblem(id) === undefined);
    const rows = await this.#query<TransactionRow>(FIND_BY_SUBJECT_IDS, wanted);
    return new Map(rows.map((row) => [row.subjectId as string, transactionOf(row)]));
  }

  async list(filter: TransactionFilter, { limit, cursor }: PageRequest): Promise<Page<IndexedTransaction>> {
    const { height = -1n, position = 0 } = decodePlace(filter, cursor) ?? {};
    const { subject, type } = filter;
    if (subject !== undefined && !isHashText(subject)) return { items: [], nextCursor: null };
    const given = [subject, type].filter((value) => value !== undefined);
    const values = [limit + 1, height.toString(), position, ...given];
    const rows = await this.#query<TransactionRow>(listStatement(filter), ...values);
    return pageOf(rows.map(transactionOf), limit, (last) => encodePlace(filter, last));
  }

  async nodes(subtrees: readonly Subtree[]): Promise<readonly TreeNode[]> {
    requireAtMost(SUBTREES_MAX, subtrees.length);
    const places = new Map(subtrees.map(({ level, index }) => [subtreeKey({ level, index }), { level, index }]));
    const levels = [...places.values()].map(({ level }) => level);
    const indexes = [...places.values()].map(({ index }) => index.toString());
    const rows = await this.#query<NodeRow>(GET_NODES, levels, indexes);
    return rows.map((row) => ({ ...row, index: BigInt(row.index) }));
  }

  async putNodes(nodes: readonly TreeNode[]): Promise<void> {
    requireAtMost(SUBTREES_MAX, nodes.length);
    await this.#query(PUT_NODES, nodeRecords(nodes));
  }

  async addCheckpoint({ size, note, signedAt }: StoredCheckpoint): Promise<void> {
    await this.#query(ADD_CHECKPOINT, size.toString(), note, signedAt);
  }

  async listCheckpoints({ limit, cursor }: PageRequest): Promise<Page<StoredCheckpoint>> {
    const before = decodeSize(cursor);
    const largest = before === undefined ? MAX_TREE_SIZE : before - 1n;
    const rows = await this.#query<CheckpointRow>(LIST_CHECKPOINTS, limit + 1, largest.toString());
    return pageOf(rows.map(checkpointOf), limit, encodeSize);
  }

  async getSecrets(subjectIds: readonly string[]): Promise<readonly WrappedSecret[]> {
    requireAtMost(SEAL_LOOKUPS_MAX, subjectIds.length);
    return await this.#query<SecretRow>(GET_SECRETS, [...new Set(subjectIds)].filter(isUuid));
  }

  async initSecrets(secrets: readonly WrappedSecret[]): Promise<readonly WrappedSecret[]> {
    requireAtMost(SEAL_LOOKUPS_MAX, secrets.length);
    // The first of those with one id is the one that has it.
    const byId = new Map(secrets.toReversed().map(({ subjectId, wrapped }) => [subjectId, wrapped]));
    return await this.#query<SecretRow>(INIT_SECRETS, [...byId.keys()], [...byId.values()]);
  }

  async destroySecret(subjectId: string, at: Instant): Promise<boolean> {
    const [row] = await this.#query<{ readonly existed: boolean }>(DESTROY_SECRET, subjectId, at);
    return row?.existed ?? false;
  }

  #query<Row extends SqlRow>(statement: SqlStatement, ...values: readonly unknown[]): Promise<Row[]> {
    return this.#session.query<Row>(statement, [this.#tenantId, ...values]);
  }
}

type SecretRow = { readonly subjectId: string; readonly wrapped: string };
type NodeRow = { readonly level: number; readonly index: string; readonly hash: string };
type RegisterRow = { readonly register: RegisterRecord };
type CheckpointRow = { readonly checkpoint: Omit<StoredCheckpoint, "size"> & { readonly size: string } };

/** As they are sent. */
function nodeRecords(nodes: readonly TreeNode[]): string {
  return JSON.stringify(nodes.map(({ level, index, hash }) => ({ level, index: index.toString(), hash })));
}

function registerOf({ register }: RegisterRow): RegisterRecord {
  return { ...register, createdAt: instantFromJson(register.createdAt) };
}

function checkpointOf({ checkpoint: { size, note, signedAt } }: CheckpointRow): StoredCheckpoint {
  return { size: BigInt(size), note, signedAt: instantFromJson(signedAt) };
}
