import { VaultError } from "../errors.ts";
import { decodeCursor, encodeCursor } from "../storage/page.ts";
import { MAX_TREE_SIZE } from "./merkle/tree-hash.ts";
import type { StoredCheckpoint, TransactionFilter, TransactionPlace } from "./register-store.ts";

const HASH = /^[0-9a-f]{64}$/;
/** Of a transaction in its docket, as far as every engine can compare one. */
const POSITION_MAX = 2n ** 31n - 1n;
const DIGITS = /^(?:0|[1-9]\d{0,18})$/;

/** Whether a text can be the id of a transaction, a pseudonym or another hash in an index. */
export function isHashText(text: string): boolean {
  return HASH.test(text);
}

/** The height, or another number up to 2^63 - 1, that a text of decimal digits is; `undefined` for any other text. */
export function heightIn(digits: string): bigint | undefined {
  const number = DIGITS.test(digits) ? BigInt(digits) : undefined;
  return number !== undefined && number <= MAX_TREE_SIZE ? number : undefined;
}

/** Throws `limit_exceeded`. */
export function requireAtMost(max: number, count: number): void {
  if (count <= max) return;
  throw new VaultError("limit_exceeded", "Too much of a register was asked about at once.", {
    details: { limit: max },
  });
}

/** The cursor of a page that ended with a transaction, good for the same filter only. */
export function encodePlace(filter: TransactionFilter, { height, position }: TransactionPlace): string {
  return encodeCursor(transactionList(filter), [height.toString(), position.toString()]);
}

/** The place that a page ended with; `undefined` for a first page. Throws `invalid_cursor`. */
export function decodePlace(
  filter: TransactionFilter,
  cursor: string | undefined,
): Pick<TransactionPlace, "height" | "position"> | undefined {
  if (cursor === undefined) return undefined;
  const [height = "", position = ""] = decodeCursor(transactionList(filter), cursor, 2);
  return { height: placeNumber(height), position: Number(placeNumber(position, POSITION_MAX)) };
}

export function encodeSize({ size }: StoredCheckpoint): string {
  return encodeCursor(CHECKPOINT_LIST, [size.toString()]);
}

/** The size that a page ended with; `undefined` for a first page. Throws `invalid_cursor`. */
export function decodeSize(cursor: string | undefined): bigint | undefined {
  if (cursor === undefined) return undefined;
  const [size = ""] = decodeCursor(CHECKPOINT_LIST, cursor, 1);
  return placeNumber(size);
}

const CHECKPOINT_LIST = "register-checkpoints";

function transactionList({ subject = "", type = "" }: TransactionFilter): string {
  return ["register-transactions", subject, type].join(" ");
}

function placeNumber(digits: string, max = MAX_TREE_SIZE): bigint {
  const number = heightIn(digits);
  if (number !== undefined && number <= max) return number;
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}
