import type { Disclosure } from "./naive-disclosure.ts";
import { naiveInclusion, naiveRoot } from "./naive-merkle-tree.ts";
import { noteKeyHint } from "./naive-note.ts";
import type { ProvenTransaction, Receipt } from "./naive-receipt-verifier.ts";
import type { BuiltRegister, TestKey } from "./naive-register-builder.ts";
import type { Header, Signature, Transaction } from "./naive-register-records.ts";
import { hexOf } from "./naive-register-records.ts";

/* Checkpoints and receipts of docs/register-format.md, sharing no code with the product. */

export function logRootOf({ dockets }: BuiltRegister, size: number): Uint8Array {
  return naiveRoot(dockets.slice(0, size).map(({ hash }) => hash));
}

/** The signed note of the register at a size. */
export function buildNote(register: BuiltRegister, size: number, key: TestKey): string {
  return noteOf({ registerId: register.registerId, size, root: logRootOf(register, size) }, key);
}

/** The signed note of a log, whether or not there is one. */
export function noteOf(
  log: { readonly registerId: string; readonly size: number | bigint; readonly root: Uint8Array },
  key: TestKey,
): string {
  const name = `strongroom/register/${log.registerId}`;
  const text = `${name}\n${log.size}\n${Buffer.from(log.root).toString("base64")}\n`;
  const hint = noteKeyHint(name, Buffer.from(key.record.publicKey, "hex"));
  const signature = Buffer.concat([hint, key.sign(Buffer.from(text))]);
  return `${text}\n\u2014 ${name} ${signature.toString("base64")}\n`;
}

export interface TransactionAddress {
  readonly height: number;
  readonly index: number;
}

interface ReceiptPlan {
  readonly size: number;
  readonly key: TestKey;
  readonly proof: TransactionAddress;
  readonly keys: readonly TransactionAddress[];
  readonly disclosure?: Disclosure;
}

export function buildReceipt(register: BuiltRegister, { size, key, proof, keys, disclosure }: ReceiptPlan): Receipt {
  return {
    format: "strongroom/receipt/v1",
    registerId: register.registerId,
    charter: register.charter,
    checkpoint: buildNote(register, size, key),
    proof: prove(register, size, proof),
    keys: keys.map((address) => prove(register, size, address)),
    ...(disclosure && { disclosure }),
  };
}

function prove(register: BuiltRegister, size: number, { height, index }: TransactionAddress): ProvenTransaction {
  const { header = Buffer.of(), seal = Buffer.of(), records = [] } = register.dockets[height] ?? {};
  const hashes = register.dockets.slice(0, size).map(({ hash }) => hash);
  return {
    transaction: JSON.parse(textOf(records[index])) as Transaction,
    index,
    transactionPath: naiveInclusion(index, records).map(hexOf),
    docket: { header: JSON.parse(textOf(header)) as Header, seal: JSON.parse(textOf(seal)) as Signature },
    docketPath: naiveInclusion(height, hashes).map(hexOf),
  };
}

export function textOf(bytes: Uint8Array = Buffer.of()): string {
  return Buffer.from(bytes).toString();
}
