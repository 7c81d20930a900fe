import { DISCLOSED, type Disclosure, faultOfDisclosure } from "./naive-disclosure.ts";
import { naiveLeafHash, naiveRootOfInclusion } from "./naive-merkle-tree.ts";
import { isNoteSigned, type Note, readNote } from "./naive-note.ts";
import { NaiveKeys, signedMessage } from "./naive-register-keys.ts";
import {
  CHARTER,
  type Charter,
  canonical,
  type Form,
  HEADER,
  HEX_64,
  type Header,
  hexOf,
  isPlain,
  list,
  naiveHash,
  naiveRegisterId,
  object,
  SEAL,
  SECRET,
  type Signature,
  TRANSACTION,
  type Transaction,
} from "./naive-register-records.ts";

/* Receipts of docs/register-format.md, sharing no code with the product. */

export interface ProvenTransaction {
  readonly transaction: Transaction;
  readonly index: number;
  readonly transactionPath: readonly string[];
  readonly docket: { readonly header: Header; readonly seal: Signature };
  readonly docketPath: readonly string[];
}

export interface Receipt {
  readonly format: "strongroom/receipt/v1";
  readonly registerId: string;
  readonly charter: Charter;
  readonly checkpoint: string;
  readonly proof: ProvenTransaction;
  readonly keys: readonly ProvenTransaction[];
  readonly disclosure?: Disclosure;
}

const RECEIPT_BYTES_MAX = 4 * 2 ** 20;
const PATH = list(HEX_64, 0, 63);
const record =
  (form: Form): Form =>
  (value) =>
    isPlain(value) && form(value);
const PROVEN = object({
  transaction: record(TRANSACTION),
  index: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 999,
  transactionPath: PATH,
  docket: object({ header: record(HEADER), seal: record(SEAL) }),
  docketPath: PATH,
});
const RECEIPT = object({
  format: (value) => value === "strongroom/receipt/v1",
  registerId: (value) => typeof value === "string",
  charter: record(CHARTER),
  checkpoint: (value) => typeof value === "string",
  proof: PROVEN,
  keys: list(PROVEN, 0, 64),
  "disclosure?": object({
    event: (value) => typeof value === "object" && value !== null && !Array.isArray(value) && DISCLOSED(value),
    secret: SECRET,
    "value?": object({ value: DISCLOSED, secret: SECRET }),
  }),
});

/** What somebody has before they see a receipt. */
export interface Trust {
  readonly registerId?: string;
  /** The raw Ed25519 key of the register's checkpoints. */
  readonly checkpointKey?: Uint8Array;
}

/** Whether a receipt proves its transaction, and if not the first reason. */
export function verifyReceipt(receiptJson: string, trust: Trust): { readonly valid: boolean; readonly reason: string } {
  const fault = faultOf(receiptJson, trust);
  return { valid: fault === undefined, reason: fault ?? "valid" };
}

function faultOf(receiptJson: string, trust: Trust): string | undefined {
  const receipt = readReceipt(receiptJson);
  if (!receipt) return "not the form of a receipt";
  const { registerId, charter } = receipt;
  if (registerId !== (trust.registerId ?? registerId)) return "another register";
  if (naiveRegisterId(charter) !== registerId) return "the charter does not give the register id";
  const note = readNote(receipt.checkpoint);
  if (note?.registerId !== registerId) return "not a checkpoint of the register";
  const { disclosure, proof } = receipt;
  return faultOfProofs(receipt, note, trust) ?? (disclosure && faultOfDisclosure(disclosure, proof.transaction.body));
}

function readReceipt(receiptJson: string): Receipt | undefined {
  if (Buffer.byteLength(receiptJson) > RECEIPT_BYTES_MAX) return undefined;
  try {
    const receipt: unknown = JSON.parse(receiptJson);
    return RECEIPT(receipt) ? (receipt as Receipt) : undefined;
  } catch {
    return undefined;
  }
}

function faultOfProofs({ charter, keys: proofs, proof }: Receipt, note: Note, trust: Trust): string | undefined {
  const keys = new NaiveKeys(charter);
  for (const proven of proofs.toSorted((a, b) => Number(heightOf(a) - heightOf(b)) || a.index - b.index)) {
    const fault = faultOfProof(proven, note, keys);
    if (fault) return `a transaction among the keys: ${fault}`;
    const changes = proven.transaction.body.keys;
    if (!changes) return "a transaction among the keys: it changes none";
    for (const change of changes) keys.change(change, heightOf(proven));
  }
  const fault = faultOfProof(proof, note, keys);
  if (fault) return fault;
  const known = keys.left("checkpoint").filter(({ alg }) => alg === "ed25519");
  const trusted = trust.checkpointKey ? [trust.checkpointKey] : known.map((key) => Buffer.from(key.publicKey, "hex"));
  return isNoteSigned(note, trusted) ? undefined : "the checkpoint is not signed by a key that is trusted or known";
}

function heightOf({ docket }: ProvenTransaction): bigint {
  return BigInt(docket.header.height);
}

function faultOfProof(proven: ProvenTransaction, note: Note, keys: NaiveKeys): string | undefined {
  const { transaction, index, docket, transactionPath, docketPath } = proven;
  const { header, seal } = docket;
  const [id, hash, height] = [naiveHash("tx", canonical(transaction.body)), docketHashOf(header), heightOf(proven)];
  if (transaction.body.registerId !== note.registerId) return "the transaction is of another register";
  if (header.registerId !== note.registerId) return "the docket is of another register";
  if (!isGenesisInPlace(proven)) return "genesis is not the first, or the first is not genesis";
  const leaf = { leafHash: naiveLeafHash(canonical(transaction)), index: BigInt(index), size: BigInt(header.txCount) };
  if (!leads(transactionPath, leaf, header.txRoot)) return "the transaction is not in the docket";
  const docketLeaf = { leafHash: naiveLeafHash(hash), index: height, size: note.size };
  if (!leads(docketPath, docketLeaf, hexOf(note.root))) return "the docket is not in the log";
  const sealed = signedMessage("docket", hash);
  if (seal.keyId !== header.proposer || !keys.isSigned(seal, sealed, { purpose: "docket", height })) {
    return "the seal is not valid";
  }
  const message = signedMessage("tx", id);
  const areValid = transaction.signatures.every((signature) =>
    keys.isSigned(signature, message, { purpose: "tx", height }),
  );
  return areValid ? undefined : "a signature is not valid";
}

function isGenesisInPlace({ transaction: { body }, index, docket: { header } }: ProvenTransaction): boolean {
  if ((body.type === "genesis") !== (header.height === "0" && index === 0)) return false;
  return !body.charter || naiveRegisterId(body.charter) === body.registerId;
}

function docketHashOf(header: Header): Buffer {
  return naiveHash("docket", canonical(header));
}

/** Whether a proof of inclusion leads from a leaf to a root. */
function leads(path: readonly string[], leaf: { leafHash: Uint8Array; index: bigint; size: bigint }, root: string) {
  if (leaf.index >= leaf.size) return false;
  const found = naiveRootOfInclusion(
    path.map((hash) => Buffer.from(hash, "hex")),
    leaf,
  );
  return found !== undefined && hexOf(found) === root;
}
