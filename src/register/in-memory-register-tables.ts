import type { Instant } from "../clock.ts";
import type { InMemoryTable, InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import type {
  IndexedTransaction,
  RegisterRecord,
  SealingLease,
  StoredCheckpoint,
  TreeNode,
  WrappedSecret,
} from "./register-store.ts";

/** A tenant's register and who seals it. */
export interface RegisterRow extends RegisterRecord {
  /** That of the last holder; 0n before the first. */
  readonly epoch: bigint;
  readonly lease: SealingLease | null;
}

/** `wrapped` is `null` once the secret was destroyed. */
export interface SecretRow {
  readonly subjectId: string;
  readonly wrapped: WrappedSecret["wrapped"] | null;
  readonly destroyedAt: Instant | null;
}

/** Where a tenant has its one row. */
const ONLY = "only";

export function registerOf(tables: InMemoryTables): RegisterRow | undefined {
  return tables.table<RegisterRow>("registers").get(ONLY);
}

export function putRegister(tables: InMemoryTables, row: RegisterRow): void {
  tables.table<RegisterRow>("registers").put(ONLY, row);
}

export function recordOf({ registerId, kind, createdAt }: RegisterRow): RegisterRecord {
  return { registerId, kind, createdAt };
}

/** By height. */
export function docketRows(tables: InMemoryTables): InMemoryTable<{ readonly height: bigint }> {
  return tables.table("register_dockets");
}

/** By id. */
export function transactionRows(tables: InMemoryTables): InMemoryTable<IndexedTransaction> {
  return tables.table("register_transactions");
}

/** By the key of the subtree. */
export function nodeRows(tables: InMemoryTables): InMemoryTable<TreeNode> {
  return tables.table("register_nodes");
}

/** By size. */
export function checkpointRows(tables: InMemoryTables): InMemoryTable<StoredCheckpoint> {
  return tables.table("register_checkpoints");
}

/** By the subject's id. */
export function secretRows(tables: InMemoryTables): InMemoryTable<SecretRow> {
  return tables.table("register_subjects");
}

type Place = Pick<IndexedTransaction, "height" | "position">;

/** By height, then position. */
export function byPlace(a: Place, b: Place): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1;
  return a.position - b.position;
}
