import type { IndexedTransaction } from "./register-store.ts";

/** Whether something that the journal tells of is in the register, and where. */
export type Seal =
  | { readonly status: "pending" }
  | {
      readonly status: "sealed";
      readonly transactionId: string;
      /** Of the docket. */
      readonly height: bigint;
    };

export const PENDING: Seal = { status: "pending" };

export function sealOf(transaction: IndexedTransaction | undefined): Seal {
  if (!transaction) return PENDING;
  return { status: "sealed", transactionId: transaction.txId, height: transaction.height };
}
