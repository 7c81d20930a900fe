import { createHash, createHmac } from "node:crypto";
import { naiveLeafHash, naiveRootOfInclusion } from "./naive-merkle-tree.ts";
import { NaiveKeys, signedMessage } from "./naive-register-keys.ts";
import {
  type Body,
  CHARTER,
  type Charter,
  canonical,
  type Form,
  HEADER,
  HEX_64,
  type Header,
  hexOf,
  isAccepted,
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

/*
 * Receipts and checkpoints of docs/register-format.md, and the notes of c2sp.org that they hold, sharing no code with
 * the product.
 */

export interface ProvenTransaction {
  readonly transaction: Transaction;
  readonly index: number;
  readonly transactionPath: readonly string[];
  readonly docket: { readonly header: Header; readonly seal: Signature };
  readonly docketPath: readonly string[];
}

export interface Disclosure {
  readonly event: unknown;
  readonly secret: string;
  readonly value?: { readonly value: unknown; readonly secret: string };
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

interface Note {
  readonly text: string;
  readonly registerId: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  /** Those under the name of the origin: 4 bytes that hint at the key, and the signature. */
  readonly signatures: readonly Uint8Array[];
}

const RECEIPT_BYTES_MAX = 4 * 2 ** 20;
const PATH = list(HEX_64, 0, 63);
const anything: Form = (value) => value !== undefined;
const PROVEN = object({
  transaction: (value) => isPlain(value) && TRANSACTION(value),
  index: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  transactionPath: PATH,
  docket: object({ header: (value) => isPlain(value) && HEADER(value), seal: SEAL }),
  docketPath: PATH,
});
const RECEIPT = object({
  format: (value) => value === "strongroom/receipt/v1",
  registerId: (value) => typeof value === "string",
  charter: CHARTER,
  checkpoint: (value) => typeof value === "string",
  proof: PROVEN,
  keys: list(PROVEN, 0, 64),
  "disclosure?": object({
    event: anything,
    secret: SECRET,
    "value?": object({ value: anything, secret: SECRET }),
  }),
});

/** A note of c2sp.org/signed-note with a checkpoint; undefined when the text is none. */
function readNote(note: string): Note | undefined {
  const parts =
    /^(strongroom\/register\/([0-9a-f]{32})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n)\n((?:\u2014 [^ \n]+ [^ \n]+\n)+)$/.exec(
      note,
    );
  if (!parts) return undefined;
  const [, text = "", registerId = "", size = "", root = "", lines = ""] = parts;
  const signatures = lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, name, base64 = ""] = line.split(" ");
      return { name, base64, bytes: Buffer.from(base64, "base64") };
    });
  // Four bytes that name the key, and at least one of a signature.
  const isLine = ({ base64, bytes }: (typeof signatures)[number]) => bytes.length > 4 && isBase64(base64);
  if (!isBase64(root) || signatures.length > 100 || !signatures.every(isLine)) return undefined;
  const own = signatures.filter(({ name }) => name === `strongroom/register/${registerId}`);
  return {
    text,
    registerId,
    size: BigInt(size),
    root: Buffer.from(root, "base64"),
    signatures: own.map(({ bytes }) => bytes),
  };
}

function isBase64(text: string): boolean {
  return Buffer.from(text, "base64").toString("base64") === text;
}

/** The first 4 bytes of a signature in a note: those of SHA-256 over the name, a line feed, 0x01 and the Ed25519 key. */
export function noteKeyHint(name: string, publicKey: Uint8Array): Buffer {
  return createHash("sha256").update(`${name}\n`).update(Buffer.of(1)).update(publicKey).digest().subarray(0, 4);
}

/** Whether one of these keys signed a note, and none of them wrongly. */
function isNoteSigned(note: Note, publicKeys: readonly Uint8Array[]): boolean {
  const name = `strongroom/register/${note.registerId}`;
  const verified = publicKeys.flatMap((raw) => {
    const own = note.signatures.filter((bytes) => noteKeyHint(name, raw).equals(bytes.subarray(0, 4)));
    const key = { alg: "ed25519", publicKey: hexOf(raw) } as const;
    return own.map((bytes) => isAccepted(key, Buffer.from(note.text), bytes.subarray(4)));
  });
  return verified.length > 0 && verified.every(Boolean);
}

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
  return faultOfProofs(receipt, note, trust) ?? faultOfDisclosure(receipt);
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
  for (const proven of proofs.toSorted((a, b) => heightOf(a) - heightOf(b) || a.index - b.index)) {
    const fault = faultOfProof(proven, note, keys);
    if (fault) return `a transaction among the keys: ${fault}`;
    const changes = proven.transaction.body.keys;
    if (!changes) return "a transaction among the keys: it changes none";
    for (const change of changes) keys.change(change, heightOf(proven));
  }
  const fault = faultOfProof(proof, note, keys);
  if (fault) return fault;
  const known = keys.valid("checkpoint", Number.MAX_SAFE_INTEGER).filter(({ alg }) => alg === "ed25519");
  const trusted = trust.checkpointKey ? [trust.checkpointKey] : known.map((key) => Buffer.from(key.publicKey, "hex"));
  return isNoteSigned(note, trusted) ? undefined : "the checkpoint is not signed by a key that is trusted or known";
}

function heightOf({ docket }: ProvenTransaction): number {
  return Number(docket.header.height);
}

function faultOfProof(proven: ProvenTransaction, note: Note, keys: NaiveKeys): string | undefined {
  const { transaction, index, docket, transactionPath, docketPath } = proven;
  const { header, seal } = docket;
  const [id, hash, height] = [naiveHash("tx", canonical(transaction.body)), docketHashOf(header), heightOf(proven)];
  if (transaction.body.registerId !== note.registerId) return "the transaction is of another register";
  if (header.registerId !== note.registerId) return "the docket is of another register";
  if (!isGenesisInPlace(proven)) return "genesis is not the first, or the first is not genesis";
  const leaf = { leafHash: naiveLeafHash(canonical(transaction)), index, size: header.txCount };
  if (!leads(transactionPath, leaf, header.txRoot)) return "the transaction is not in the docket";
  const docketLeaf = { leafHash: naiveLeafHash(hash), index: height, size: Number(note.size) };
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
function leads(path: readonly string[], leaf: { leafHash: Uint8Array; index: number; size: number }, root: string) {
  if (leaf.index >= leaf.size) return false;
  const found = naiveRootOfInclusion(
    path.map((hash) => Buffer.from(hash, "hex")),
    leaf,
  );
  return found !== undefined && hexOf(found) === root;
}

/** HMAC(secret, "strongroom/<kind>/v1\n" and the content) of the commitments. */
export function commitment(kind: string, secret: Uint8Array, content: string | Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`strongroom/${kind}/v1\n`).update(content).digest();
}

/** Whether the transaction says of its event what that says of itself; an event has a null for what is absent here. */
function isTold({ id, eventType, timestamp, actor }: Readonly<Record<string, unknown>>, body: Body): boolean {
  const isSame = id === body.eventId && eventType === body.eventType;
  const isThen = typeof timestamp === "string" && Date.parse(timestamp) === body.createdAt;
  const stated = Object.entries(Object(actor) as object).filter(([, value]) => value !== null);
  return isSame && isThen && canonical(Object.fromEntries(stated)).equals(canonical(body.actor));
}

function faultOfDisclosure({ proof, disclosure }: Receipt): string | undefined {
  if (!disclosure) return undefined;
  const { event, secret, value } = disclosure;
  const { body } = proof.transaction;
  const opened = commitment("event-commitment", Buffer.from(secret, "base64url"), canonical(event));
  if (hexOf(opened) !== body.commitment) return "the event is not the one committed to";
  if (!isTold(Object(event), body)) return "the event says another thing than the transaction";
  if (!value) return undefined;
  const item = (event as { subjectId?: unknown } | null)?.subjectId;
  if (typeof item !== "string") return "the event names no item";
  const key = Buffer.from(value.secret, "base64url");
  const openedValue = commitment("value-commitment", key, canonical([item, value.value]));
  return openedValue.toString("base64url") === body.value ? undefined : "the value is not the one committed to";
}
