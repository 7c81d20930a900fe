import type { JsonValue } from "../json.ts";
import type { KeyChange, TransactionBody } from "../register/ledger/transaction.ts";
import { keyChangesIn } from "../register/ledger/transaction.ts";
import type { ReceiptTrust, ReceiptVerdict, ValidReceipt } from "../register/receipts/receipt-verdict.ts";
import { hexOf } from "../signatures/byte-text.ts";

/** What a receipt proves, for people. */
export function describeReceipt(receipt: ValidReceipt, trust: ReceiptTrust): string {
  const { transaction, height, sealedAt, registerId, checkpoint, txId } = receipt;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["What", whatOf(transaction)],
    ["Who", whoOf(transaction)],
    ["When", timeOf(transaction.createdAt)],
    ["Customer", pseudonymOf(transaction, "subject")],
    ["Item", pseudonymOf(transaction, "item")],
    ["Keys", keyChangesIn(transaction).map(keyChangeOf).join(", ") || undefined],
    ["Sealed", `${timeOf(sealedAt)}, at height ${height}`],
    ["Transaction", txId],
    ["Register", registerId],
    ["Checkpoint", `of ${checkpoint.size} dockets, ${signedBy(trust)}`],
    ["Event", receipt.disclosed ? jsonText(receipt.disclosed.event) : "not disclosed"],
    ["Value", receipt.disclosed?.value === undefined ? "not disclosed" : jsonText(receipt.disclosed.value)],
  ];
  const lines = rows.flatMap(([name, text]) => (text === undefined ? [] : [`  ${name.padEnd(13)}${text}`]));
  return [
    "The receipt is valid. It proves that the register holds this transaction:",
    "",
    ...lines,
    "",
    "It does not say whether a later transaction changed the value again, or another one ended a key.",
  ].join("\n");
}

/** The verdict for machines: 64-bit numbers are texts, instants milliseconds since 1970. */
export function receiptJson(verdict: ReceiptVerdict): JsonValue {
  if (!verdict.isValid) return { isValid: false, step: verdict.step, reason: verdict.reason };
  const { checkpoint, height, transaction, txId, registerId, sealedAt, disclosed } = verdict;
  return {
    isValid: true,
    registerId,
    checkpoint: { origin: checkpoint.origin, size: checkpoint.size.toString(), root: hexOf(checkpoint.root) },
    txId,
    transaction,
    height: height.toString(),
    sealedAt,
    ...(disclosed && { disclosed }),
  };
}

function whatOf(body: TransactionBody): string {
  const eventType = textIn(body, "eventType");
  return eventType === undefined
    ? "the beginning of the register"
    : `${eventType}, event ${textIn(body, "eventId") ?? ""}`;
}

function whoOf(body: TransactionBody): string {
  const actor = (body["actor"] ?? {}) as TransactionBody;
  const type = textIn(actor, "type");
  if (type === undefined) return `key ${body.sender}`;
  const names = [type, textIn(actor, "id"), textIn(actor, "role")].filter((name) => name !== undefined);
  return `${names.join(", ")}; signed with key ${body.sender}`;
}

function pseudonymOf(body: TransactionBody, member: string): string | undefined {
  const pseudonym = textIn(body, member);
  return pseudonym && `${pseudonym} (pseudonym)`;
}

function keyChangeOf(change: KeyChange): string {
  return "add" in change
    ? `adds ${change.add.keyId} for ${change.add.purposes.join(", ")}`
    : `ends ${change.end}, which is ${change.reason}`;
}

function signedBy({ checkpointKeys }: ReceiptTrust): string {
  return `signed with ${checkpointKeys ? "a key that you trust" : "a key of the register that you trust"}`;
}

function textIn(record: TransactionBody, member: string): string | undefined {
  const found = record[member];
  return typeof found === "string" ? found : undefined;
}

function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** JSON on one line without what a terminal could take for more than text. */
function jsonText(value: JsonValue): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped);
}
