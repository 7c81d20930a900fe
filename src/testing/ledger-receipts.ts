import type { JsonObject, JsonValue } from "../json.ts";
import { eventCommitment, eventSecret, valueCommitment } from "../register/commitments.ts";
import type { KeyChange } from "../register/ledger/transaction.ts";
import { rootOf } from "../register/merkle/frontier.ts";
import { planInclusion, proofOf } from "../register/merkle/proof-plan.ts";
import { subtreeHashesOf } from "../register/merkle/subtree.ts";
import { leafHash } from "../register/merkle/tree-hash.ts";
import { formatCheckpoint } from "../register/notes/checkpoint.ts";
import { formatNote, type NoteVerifier, noteVerifier } from "../register/notes/signed-note.ts";
import { provenTransaction } from "../register/receipts/proven-transaction.ts";
import { type Disclosure, formatReceipt, type ProvenTransaction } from "../register/receipts/receipt.ts";
import type { ReceiptTrust, ReceiptVerdict } from "../register/receipts/receipt-verdict.ts";
import { verifyReceipt } from "../register/receipts/verify-receipt.ts";
import type { TransactionDraft } from "../register/sealing/assemble-docket.ts";
import { base64UrlOf, bytesOfHex, utf8 } from "../signatures/byte-text.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import { eventDraft, type LedgerChain, type TestKey } from "./ledger-chain.ts";

/** A transaction by its place in a chain. */
export type Place = readonly [height: number, position: number];

/** What somebody may trust of a chain. */
export function trustOf(chain: LedgerChain, key: TestKey = chain.checkpointKey) {
  return { byId: { registerId: chain.registerId }, byKey: { checkpointKeys: [verifierOf(chain, key)] } };
}

export function originOf({ registerId }: LedgerChain): string {
  return `strongroom/register/${registerId}`;
}

export function verifierOf(chain: LedgerChain, key: TestKey = chain.checkpointKey): NoteVerifier {
  return noteVerifier(originOf(chain), bytesOfHex(key.record.publicKey));
}

/** The checkpoint of the whole chain, signed by one of its keys or by several. */
export function checkpointOf(chain: LedgerChain, ...keys: readonly TestKey[]): string {
  const { frontier } = chain.state;
  const text = formatCheckpoint({
    origin: originOf(chain),
    size: frontier.size,
    root: rootOf(frontier),
    extensions: [],
  });
  const signers = keys.length > 0 ? keys : [chain.checkpointKey];
  const signatures = signers.map((key) => {
    const { name, keyId } = verifierOf(chain, key);
    return { name, keyId, signature: key.sign(utf8(text)) };
  });
  return formatNote({ text, signatures });
}

/** The proof of a transaction in the log of the whole chain. */
export function proofAt({ dockets }: LedgerChain, [height, position]: Place): ProvenTransaction {
  const leaves = dockets.map(({ docketHash }) => leafHash(bytesOfHex(docketHash)));
  const docketPath = proofOf(planInclusion(BigInt(height), BigInt(leaves.length)), subtreeHashesOf(leaves));
  const bytes = dockets[height]?.bytes ?? new Uint8Array();
  return provenTransaction({ bytes, position, docketPath });
}

export interface ReceiptParts {
  readonly at: Place;
  readonly keysAt?: readonly Place[];
  readonly checkpoint?: string;
  readonly disclosure?: Disclosure;
}

export function receiptOf(chain: LedgerChain, { at, keysAt = [], checkpoint, disclosure }: ReceiptParts): string {
  return formatReceipt({
    registerId: chain.registerId,
    charter: chain.charter,
    checkpoint: checkpoint ?? checkpointOf(chain),
    proof: proofAt(chain, at),
    keys: keysAt.map((place) => proofAt(chain, place)),
    ...(disclosure && { disclosure }),
  });
}

/** The verdict on a receipt, or on what it would say as JSON. */
export function verdictOf(receipt: unknown, trust: ReceiptTrust): ReceiptVerdict {
  const text = typeof receipt === "string" ? receipt : JSON.stringify(receipt);
  return verifyReceipt(text, trust, NODE_SIGNATURE_SUITES);
}

export function keyDraft(seed: string, ...keys: readonly KeyChange[]): TransactionDraft {
  return eventDraft(seed, { type: "key", keys: keys as never });
}

/**
 * An event with a value, as it is committed to and as it is disclosed.
 *
 * @param members what the event says otherwise than its transaction
 */
export function disclosedEvent(
  seed: string,
  value: JsonValue,
  members: JsonObject = {},
): { readonly draft: TransactionDraft; readonly disclosure: Required<Disclosure> } {
  const draft = eventDraft(seed);
  const { eventId: id, commitment } = draft as TransactionDraft & { eventId: string; commitment: string };
  const customerSecret = bytesOfHex(commitment);
  const valueSecret = customerSecret.toReversed();
  const event: JsonObject = {
    id,
    eventType: "field_written",
    customerId: "01890a5d-ac96-774b-bcce-000000000001",
    subjectId: "01890a5d-ac96-774b-bcce-000000000002",
    actor: { type: "system", id: null, role: null },
    requestId: null,
    eventData: { fieldName: "income", confidence: 0.75 },
    timestamp: "2026-03-03T09:00:00.000Z",
    ...members,
  };
  const { subjectId } = event;
  const secret = eventSecret(customerSecret, id);
  return {
    draft: {
      ...draft,
      commitment: eventCommitment(secret, event),
      value: valueCommitment(valueSecret, typeof subjectId === "string" ? subjectId : "", value),
    },
    disclosure: {
      event,
      secret: base64UrlOf(secret),
      value: { value, secret: base64UrlOf(valueSecret) },
    },
  };
}
