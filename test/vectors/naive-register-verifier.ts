import { naiveRoot } from "./naive-merkle-tree.ts";
import { charterIn, type Docket, type Frame, readDocket, readTransaction } from "./naive-register-frame.ts";
import { NaiveKeys, signedMessage } from "./naive-register-keys.ts";
import {
  type Charter,
  canonical,
  type Header,
  hexOf,
  naiveHash,
  naiveRegisterId,
  type Transaction,
} from "./naive-register-records.ts";

/*
 * The checks of docs/register-format.md in their order, sharing no code with the product: one pass over the dockets,
 * with what the one before is known to say.
 */

export type CorruptionType =
  | "MissingData"
  | "MalformedData"
  | "InvalidDocketHash"
  | "BrokenChainLink"
  | "InvalidTransactionSignature";

export interface Verdict {
  readonly height: number;
  readonly type: CorruptionType | undefined;
  readonly transactionIds: readonly string[];
}

export interface Checkpoint {
  readonly size: bigint;
  readonly root: Uint8Array;
}

export interface RegisterToVerify {
  readonly registerId: string;
  /** By height. */
  readonly dockets: readonly (Uint8Array | undefined)[];
  /** By height: whether what is kept beside the bytes agrees with them. */
  readonly rows?: readonly { readonly agrees: boolean }[];
  /** A trusted one. */
  readonly checkpoint?: Checkpoint;
  /** Trusted ones besides. */
  readonly checkpoints?: readonly Checkpoint[];
  /** For who has it from elsewhere; else that in the first record of height 0 counts. */
  readonly charter?: Charter;
}

/** The type that each check names. */
const TYPES: Readonly<Record<number, CorruptionType>> = {
  1: "MissingData",
  2: "MalformedData",
  3: "MalformedData",
  4: "MalformedData",
  5: "MalformedData",
  6: "InvalidDocketHash",
  7: "InvalidDocketHash",
  8: "BrokenChainLink",
  9: "MissingData",
  10: "InvalidDocketHash",
  11: "MalformedData",
  12: "InvalidTransactionSignature",
  13: "BrokenChainLink",
};
const NONE = Number.POSITIVE_INFINITY;

/** A transaction at its place, with the number of the check of its own that it fails: 11 or 12. */
interface Judged {
  readonly id: string | undefined;
  readonly transaction: Transaction | undefined;
  readonly check: number;
}

/** What a height says by itself: all but checks 8 and 13. Hashes are in hexadecimal. */
interface Examined {
  readonly header?: Header | undefined;
  /** H("docket", header). */
  readonly headerHash?: string;
  /** The hash in the frame. */
  readonly hash?: string;
  /** Those that the frame lists. */
  readonly ids: readonly string[];
  readonly transactions: readonly Judged[];
  /** Whether it is the docket of this place, under a valid seal. */
  readonly isSealed: boolean;
  /** The first check that fails. */
  readonly check: number;
}

/** A verdict for each height, up to the last docket or the size of the longest checkpoint. */
export function verifyRegister(register: RegisterToVerify): { readonly verdicts: readonly Verdict[] } {
  const examined = examineAll(register);
  const { size: trustedSize, isOther } = trustIn(examined, checkpointsOf(register));
  let isBroken = false;
  const verdicts = examined.map(({ check, transactions }, height): Verdict => {
    const isTrusted = height < trustedSize;
    if (isOther && !isTrusted) isBroken = true;
    // After a break only a check of the docket's own names another type.
    const isAlone = isTrusted || isBroken;
    const first = TYPES[isAlone ? check : Math.min(check, failedInChain(examined, height))];
    isBroken ||= first === "BrokenChainLink";
    const type = first ?? (isBroken ? "BrokenChainLink" : undefined);
    const failed = transactions.filter((one) => one.check !== NONE);
    return { height, type, transactionIds: failed.flatMap(({ id }) => id ?? []) };
  });
  return { verdicts };
}

function checkpointsOf({ checkpoint, checkpoints = [] }: RegisterToVerify): readonly Checkpoint[] {
  const all = checkpoint ? [checkpoint, ...checkpoints] : checkpoints;
  return all.toSorted((a, b) => Number(a.size - b.size));
}

/** Up to where the register is that of a trusted checkpoint, and whether a longer one is that of another register. */
function trustIn(examined: readonly Examined[], checkpoints: readonly Checkpoint[]) {
  let size = 0;
  let isOther = false;
  for (const checkpoint of checkpoints) {
    const root = rootOf(examined, Number(checkpoint.size));
    if (root === undefined) break;
    isOther = root !== hexOf(checkpoint.root);
    if (!isOther) size = Number(checkpoint.size);
  }
  return { size, isOther };
}

/** Checks 8 and 13. */
function failedInChain(examined: readonly Examined[], height: number): number {
  if (!isLinked(examined, height)) return 8;
  const places = [...(examined[height]?.transactions.keys() ?? [])];
  return places.every((at) => isInOrder(examined, { height, at })) ? NONE : 13;
}

/** From height 0 upwards, since the keys that are valid depend on the dockets before. */
function examineAll(register: RegisterToVerify): readonly Examined[] {
  const { registerId, dockets, charter } = register;
  const heights = Math.max(dockets.length, ...checkpointsOf(register).map(({ size }) => Number(size)));
  const keys = new NaiveKeys(charter ?? charterIn(dockets[0], registerId));
  return Array.from({ length: heights }, (_, height) => {
    const examined = examine({ register, height, keys });
    const changes = examined.transactions.flatMap(({ transaction }) => transaction?.body.keys ?? []);
    if (examined.check === NONE) for (const change of changes) keys.change(change, BigInt(height));
    return examined;
  });
}

/** Where a docket stands. */
interface Place {
  readonly register: RegisterToVerify;
  readonly height: number;
  readonly keys: NaiveKeys;
}

/** What was made of bytes before, by place: the same dockets are looked at again with others beside them. */
const EXAMINED = new WeakMap<Uint8Array, Map<string, Examined>>();

function examine(place: Place): Examined {
  const { register, height, keys } = place;
  const bytes = register.dockets[height];
  if (!bytes) return examineNow(place);
  const known = EXAMINED.get(bytes) ?? new Map<string, Examined>();
  EXAMINED.set(bytes, known);
  const name = `${register.registerId} ${height} ${failedBesideBytes(place)} ${keys.state}`;
  const examined = known.get(name) ?? examineNow(place);
  known.set(name, examined);
  return examined;
}

function examineNow(place: Place): Examined {
  const docket = readDocket(place.register.dockets[place.height]);
  const beside = failedBesideBytes(place);
  if (!docket) return { ids: [], transactions: [], isSealed: false, check: beside ?? 3 };
  const transactions = judgeTransactions(docket, place);
  return {
    header: docket.header,
    headerHash: hexOf(docket.headerHash),
    hash: hexOf(docket.frame.hash),
    ids: docket.frame.ids.map(hexOf),
    transactions,
    isSealed: isOfPlace(docket, place) && isSealValid(docket, place),
    check: Math.min(beside ?? failedInBytes(docket, place), ...transactions.map(({ check }) => check)),
  };
}

/** Checks 1 and 2. */
function failedBesideBytes({ register: { dockets, rows }, height }: Place): number | undefined {
  if (!dockets[height]) return 1;
  return rows?.[height]?.agrees === false ? 2 : undefined;
}

/** Checks 4 to 7, 9 and 10. */
function failedInBytes(docket: Docket, place: Place): number {
  if (!docket.header || !docket.seal) return 4;
  if (!isOfPlace(docket, place)) return 5;
  if (!docket.headerHash.equals(docket.frame.hash)) return 6;
  return isSealValid(docket, place) ? failedInContent(docket.header, docket.frame) : 7;
}

/** Checks 9 and 10. */
function failedInContent({ txCount, txRoot }: Header, { ids, records }: Frame): number {
  if (txCount !== ids.length || txCount !== records.length) return 9;
  return txRoot === hexOf(naiveRoot(records)) ? NONE : 10;
}

/** Check 5. */
function isOfPlace({ header }: Docket, { register, height }: Place): boolean {
  return header?.registerId === register.registerId && header.height === String(height);
}

/** Check 7. */
function isSealValid({ header, seal, headerHash }: Docket, { keys, height }: Place): boolean {
  if (!header || !seal || header.proposer !== seal.keyId) return false;
  return keys.isSigned(seal, signedMessage("docket", headerHash), { purpose: "docket", height: BigInt(height) });
}

/** Each place that has a record, with the check of 11 and 12 that fails there. */
function judgeTransactions(docket: Docket, place: Place): readonly Judged[] {
  const ids = docket.frame.ids.map(hexOf);
  return docket.frame.records.map((record, at) => {
    const transaction = readTransaction(record);
    const ownId = transaction && idOf(transaction);
    const isRead = transaction !== undefined && ownId === ids[at] && isOfRegister(transaction, place, at);
    const failed = isRead && areSignaturesValid(transaction, place) ? NONE : 12;
    return { id: ids[at] ?? ownId, transaction, check: isRead ? failed : 11 };
  });
}

function idOf({ body }: Transaction): string {
  return hexOf(naiveHash("tx", canonical(body)));
}

/** The part of check 11 that is about the register and its first transaction. */
function isOfRegister({ body }: Transaction, { register, height }: Place, at: number): boolean {
  if (body.registerId !== register.registerId) return false;
  if ((body.type === "genesis") !== (height === 0 && at === 0)) return false;
  return !body.charter || naiveRegisterId(body.charter) === register.registerId;
}

/** Check 12. */
function areSignaturesValid(transaction: Transaction, { keys, height }: Place): boolean {
  const message = signedMessage("tx", Buffer.from(idOf(transaction), "hex"));
  const use = { purpose: "tx", height: BigInt(height) } as const;
  return transaction.signatures.every((signature) => keys.isSigned(signature, message, use));
}

/** Check 8; of a docket whose header cannot be read there is nothing to say. */
function isLinked(examined: readonly Examined[], height: number): boolean {
  const { header } = examined[height] ?? {};
  if (!header) return true;
  const { prevDocketHash, logRoot } = header;
  const isNext = height === 0 ? prevDocketHash === undefined : names(prevDocketHash, examined[height - 1]?.hash);
  const sealed = examined.slice(0, height).findLast(({ isSealed }) => isSealed)?.header;
  return isNext && logRoot === rootOf(examined, height) && (!sealed || isNotBefore(header, sealed));
}

/** Whether what has to be named is named; what is not known is not compared. */
function names(named: string | undefined, known: string | undefined): boolean {
  return named !== undefined && named === (known ?? named);
}

function isNotBefore({ epoch, sealedAt }: Header, before: Header): boolean {
  return BigInt(epoch) >= BigInt(before.epoch) && sealedAt >= before.sealedAt;
}

/** The root over the dockets below a height; undefined while the hash of one is unknown. */
function rootOf(examined: readonly Examined[], size: number): string | undefined {
  const below = examined.slice(0, size);
  const hashes = below.flatMap((docket, height) => hashInLog(docket, examined[height + 1]) ?? []);
  return hashes.length === size ? hexOf(naiveRoot(hashes.map((hash) => Buffer.from(hash, "hex")))) : undefined;
}

/** With which hash a docket stands in the log. */
function hashInLog(own: Examined, next: Examined | undefined): string | undefined {
  if (own.isSealed) return own.headerHash;
  const stated = next?.header?.prevDocketHash;
  // What a docket without a valid seal states of the one before is the one guess made here.
  return next?.isSealed ? stated : (own.hash ?? stated);
}

/** Check 13 at a place; of a record that is no transaction there is nothing to say. */
function isInOrder(examined: readonly Examined[], { height, at }: { height: number; at: number }): boolean {
  const { transactions = [], ids = [] } = examined[height] ?? {};
  const transaction = transactions[at]?.transaction;
  if (!transaction) return true;
  const { prevTxId } = transaction.body;
  if (at > 0) return prevTxId !== undefined && prevTxId === ids[at - 1];
  return height === 0 ? prevTxId === undefined : names(prevTxId, lastIdOf(examined[height - 1]));
}

/** The last id of a docket that passes all its checks but 8 and 13. */
function lastIdOf(docket: Examined | undefined): string | undefined {
  return docket?.check === NONE ? docket.ids.at(-1) : undefined;
}
