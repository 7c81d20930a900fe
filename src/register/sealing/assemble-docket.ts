import { base64UrlOf, hexOf } from "../../signatures/byte-text.ts";
import { domainSeparated } from "../../signatures/domain-separated.ts";
import type { ProtocolValue } from "../../signatures/protocol-record.ts";
import { type DocketHeader, docketHashOf, encodeHeader, encodeSeal } from "../ledger/docket.ts";
import { encodeFrame } from "../ledger/docket-frame.ts";
import type { RecordSignature } from "../ledger/record-form.ts";
import {
  encodeTransaction,
  type KeyChange,
  keyChangesIn,
  type TransactionBody,
  transactionIdOf,
} from "../ledger/transaction.ts";
import { appendLeaf, EMPTY_FRONTIER, type OnSubtree, rootOf } from "../merkle/frontier.ts";
import { leafHash } from "../merkle/tree-hash.ts";
import type { ChainState } from "../verification/chain-state.ts";

/** Who signs: a key of the register's directory. */
export interface LedgerSigner {
  readonly keyId: string;
  readonly algorithm: string;
  sign(message: Uint8Array): Uint8Array;
}

/** What a transaction is to say; the rest follows from where it goes. */
export type TransactionDraft = Pick<TransactionBody, "type" | "createdAt"> & {
  readonly [member: string]: ProtocolValue;
};

export interface DocketDraft {
  /** 1 to `DOCKET_TRANSACTIONS_MAX`, in their order. */
  readonly transactions: readonly TransactionDraft[];
  readonly signer: LedgerSigner;
  readonly epoch: bigint;
  /** Milliseconds since 1970. That of the docket before counts when it is later. */
  readonly sealedAt: number;
}

/** A docket that was made, and what it makes of the register. */
export interface AssembledDocket {
  readonly height: bigint;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly docketHash: string;
  readonly sealedAt: number;
  readonly txIds: readonly string[];
  /** What the next docket is judged by. */
  readonly state: ChainState;
}

/** Makes the next docket of a register, signed and sealed. Throws like `encodeRecord`. */
export function assembleDocket(
  before: ChainState,
  { transactions, signer, epoch, sealedAt: at }: DocketDraft,
  onSubtree?: OnSubtree,
): AssembledDocket {
  const { registerId, frontier, lastSealed } = before;
  const made = signTransactions(before, transactions, signer);
  const sealedAt = Math.max(at, lastSealed?.sealedAt ?? 0);
  const header = encodeHeader({
    v: 1,
    registerId,
    height: frontier.size.toString(),
    ...(before.framedHash !== undefined && { prevDocketHash: before.framedHash }),
    logRoot: hexOf(rootOf(frontier)),
    txRoot: hexOf(rootOf(made.records.reduce((grown, record) => appendLeaf(grown, leafHash(record)), EMPTY_FRONTIER))),
    txCount: transactions.length,
    sealedAt,
    epoch: epoch.toString(),
    policyVersion: 1,
    proposer: signer.keyId,
  } satisfies DocketHeader);
  const hash = docketHashOf(header);
  const seal = encodeSeal(signed(signer, domainSeparated("docket", hash)));
  const docketHash = hexOf(hash);
  return {
    height: frontier.size,
    bytes: encodeFrame({ docketHash: hash, header, seal, txIds: made.ids, records: made.records }),
    docketHash,
    sealedAt,
    txIds: made.ids.map(hexOf),
    state: {
      registerId,
      frontier: appendLeaf(frontier, leafHash(hash), onSubtree),
      framedHash: docketHash,
      lastTxId: hexOf(made.ids.at(-1) ?? new Uint8Array()),
      lastSealed: { epoch, sealedAt },
      keys: before.keys.after(frontier.size, made.keyChanges),
    },
  };
}

function signTransactions(before: ChainState, drafts: readonly TransactionDraft[], signer: LedgerSigner) {
  const ids: Uint8Array[] = [];
  const records: Uint8Array[] = [];
  const keyChanges: KeyChange[] = [];
  let prevTxId = before.lastTxId;
  for (const draft of drafts) {
    const body: TransactionBody = {
      ...draft,
      v: 1,
      registerId: before.registerId,
      sender: signer.keyId,
      ...(prevTxId !== undefined && { prevTxId }),
    };
    const id = transactionIdOf(body);
    ids.push(id);
    records.push(encodeTransaction({ body, signatures: [signed(signer, domainSeparated("tx", id))] }));
    keyChanges.push(...keyChangesIn(body));
    prevTxId = hexOf(id);
  }
  return { ids, records, keyChanges };
}

function signed(signer: LedgerSigner, message: Uint8Array): RecordSignature {
  return { alg: signer.algorithm, keyId: signer.keyId, sig: base64UrlOf(signer.sign(message)) };
}
