import type { AuditEventId } from "../../identifiers.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import type { OnSubtree } from "../merkle/frontier.ts";
import type { DocketIndex, TreeNode } from "../register-store.ts";
import { docketIndexOf } from "./docket-index.ts";
import type { RegisterParts } from "./register-parts.ts";
import type { JudgedDocket } from "./verify-ledger.ts";

/**
 * Takes into the index what a verification meets and the index does not have: dockets that were sealed right before a crash, by
 * another process, or elsewhere.
 */
export class IndexKeeper {
  readonly #parts: Pick<RegisterParts, "store" | "audit">;
  #indexed: bigint;
  #nodes: TreeNode[] = [];

  private constructor(parts: Pick<RegisterParts, "store" | "audit">, indexed: bigint) {
    this.#parts = parts;
    this.#indexed = indexed;
  }

  static async open(parts: Pick<RegisterParts, "store" | "audit">): Promise<IndexKeeper> {
    return new IndexKeeper(parts, await parts.store.indexedCount());
  }

  /** For whoever learns the subtrees of the log. */
  readonly onSubtree: OnSubtree = (level, index, hash) => {
    if ((index + 1n) << BigInt(level) > this.#indexed) this.#nodes.push({ level, index, hash: hexOf(hash) });
  };

  /** In their order. Dockets with a problem wait until they are repaired. */
  async keep(judged: readonly JudgedDocket[]): Promise<void> {
    for (const { height, bytes, problem } of judged) {
      if (height < this.#indexed || !bytes || problem) continue;
      await this.#parts.store.index(await this.#indexOf(height, bytes));
    }
  }

  async #indexOf(height: bigint, bytes: Uint8Array): Promise<DocketIndex> {
    const nodes = this.#nodes;
    this.#nodes = [];
    return await withSubjects(docketIndexOf(height, bytes, { nodes }), this.#parts.audit);
  }
}

/** With what the events of a docket are about, as far as the journal has them. */
export async function withSubjects(index: DocketIndex, audit: RegisterParts["audit"]): Promise<DocketIndex> {
  const ids = index.transactions.flatMap(({ eventId }) => (eventId === null ? [] : [eventId]));
  const events = await Promise.all(ids.map((id) => audit.get(id)));
  const subjects = new Map<AuditEventId, string | null>(
    events.flatMap((event) => (event ? [[event.id, event.subjectId]] : [])),
  );
  const transactions = index.transactions.map((transaction) => {
    const subjectId = transaction.eventId === null ? null : (subjects.get(transaction.eventId) ?? null);
    return { ...transaction, subjectId };
  });
  return { ...index, transactions };
}
