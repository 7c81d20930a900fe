import { VaultError } from "../../errors.ts";
import { decodeCursor, encodeCursor, type Page, type PageRequest } from "../../storage/page.ts";
import { heightIn } from "../register-lookups.ts";
import type { IndexedTransaction, TransactionFilter } from "../register-store.ts";
import type { CorruptedHeights, DocketProblem } from "../verification/corruption.ts";
import { catchUp } from "./catch-up.ts";
import { readVerified } from "./read-verified.ts";
import { transactionAt, type VerifiedDocket, type VerifiedTransaction } from "./verified-docket.ts";
import { requireOpen, type VerifiedRegister } from "./verified-register.ts";
import type { Absence } from "./verified-set.ts";

/** Why there is no docket to be had at a height. */
export interface Explanation {
  readonly reason: Absence;
  /** What is wrong with a corrupted one. */
  readonly range: CorruptedHeights | undefined;
}

/** Dockets of a range. */
export interface DocketRange {
  /** Ascending; those that are not verified are left out. */
  readonly dockets: readonly VerifiedDocket[];
  /** Whether none was left out. */
  readonly complete: boolean;
  readonly gaps: readonly { readonly start: bigint; readonly end: bigint; readonly reason: Absence }[];
}

/** A part of a register's dockets, and where the next one begins. */
export interface DocketPage extends DocketRange {
  /** Opaque; `null` on the last page. */
  readonly nextCursor: string | null;
}

const DOCKETS_PER_RANGE_MAX = 100;

/*
 * What is read of a register: verified dockets and nothing else, whatever the index says. All of it rejects with
 * `register_offline`, `storage_unavailable` and `storage_timeout`.
 */

/** `undefined` when it is not verified; `explain` says why. */
export async function getDocket(register: VerifiedRegister, height: bigint): Promise<VerifiedDocket | undefined> {
  requireOpen(register);
  if (height >= register.set.total) await followOthers(register);
  const [docket] = await readDockets(register, [height]);
  return docket;
}

/** Rejects with `docket_not_found`, whose details say why. */
export async function requireDocket(register: VerifiedRegister, height: bigint): Promise<VerifiedDocket> {
  const docket = await getDocket(register, height);
  if (docket) return docket;
  const explanation = explain(register, height);
  // Nothing speaks against it: it was verified since it was looked for.
  const verified = explanation ? undefined : await getDocket(register, height);
  if (verified) return verified;
  const { reason = lateAbsence(register), range } = explanation ?? {};
  throw new VaultError("docket_not_found", "There is no verified docket at this height.", {
    details: { reason, ...(range && { type: range.type }) },
  });
}

/** `undefined` for a docket that is verified. */
export function explain(register: VerifiedRegister, height: bigint): Explanation | undefined {
  const reason = register.set.absenceOf(height);
  return reason && { reason, range: register.set.rangeAt(height) };
}

/** Both ends inclusive, at most `DOCKETS_PER_RANGE_MAX`; nothing when the start is greater, and no further than the head. */
export async function getDocketRange(register: VerifiedRegister, start: bigint, end: bigint): Promise<DocketRange> {
  requireOpen(register);
  const { total } = register.set;
  const last = end < total ? end : total - 1n;
  if (last - start >= BigInt(DOCKETS_PER_RANGE_MAX)) {
    throw new VaultError("limit_exceeded", "The range holds too many dockets.", {
      details: { limit: DOCKETS_PER_RANGE_MAX },
    });
  }
  const heights: bigint[] = [];
  for (let height = start < 0n ? 0n : start; height <= last; height++) heights.push(height);
  // Before they are read: what is verified meanwhile is left out, and not damaged.
  const absences = new Map(heights.map((height) => [height, register.set.absenceOf(height)]));
  const dockets = await readDockets(register, heights);
  for (const { height } of dockets) absences.delete(height);
  const gaps = gapsOf(absences, (height) => register.set.absenceOf(height) ?? lateAbsence(register));
  return { dockets, complete: gaps.length === 0, gaps };
}

/** Why there is none although nothing speaks against it: it could not be proven, for now or at all. */
function lateAbsence({ set }: VerifiedRegister): Absence {
  return set.ahead ? "NotYetVerified" : "Corrupted";
}

/** @param late why there is none at a height whose docket was there when it was looked for */
function gapsOf(
  absences: ReadonlyMap<bigint, Absence | undefined>,
  late: (height: bigint) => Absence,
): DocketRange["gaps"] {
  const gaps: { start: bigint; end: bigint; reason: Absence }[] = [];
  for (const [height, absence] of absences) {
    const reason = absence ?? late(height);
    const before = gaps.at(-1);
    if (before?.end === height - 1n && before.reason === reason) before.end = height;
    else gaps.push({ start: height, end: height, reason });
  }
  return gaps;
}

/** From a height on, ascending; `limit` counts heights, verified or not. Rejects with `invalid_cursor`. */
export async function listDockets(
  register: VerifiedRegister,
  from: bigint,
  { limit, cursor }: PageRequest,
): Promise<DocketPage> {
  requireOpen(register);
  const start = cursor === undefined ? from : decodeHeight(cursor);
  const next = start + BigInt(limit);
  if (next > register.set.total) await followOthers(register);
  const range = await getDocketRange(register, start, next - 1n);
  return { ...range, nextCursor: next < register.set.total ? encodeCursor(DOCKET_LIST, [next.toString()]) : null };
}

const DOCKET_LIST = "register-dockets";

function decodeHeight(cursor: string): bigint {
  const [digits = ""] = decodeCursor(DOCKET_LIST, cursor, 1);
  const height = heightIn(digits);
  if (height !== undefined) return height;
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}

/** Found by the index, and confirmed by its docket. */
export async function getTransaction(
  register: VerifiedRegister,
  txId: string,
): Promise<VerifiedTransaction | undefined> {
  requireOpen(register);
  const place = await register.parts.store.find(txId);
  const [transaction] = place ? await confirmed(register, [place], {}) : [];
  return transaction;
}

/** By height and position, ascending. Rejects with `invalid_cursor`. */
export async function queryTransactions(
  register: VerifiedRegister,
  filter: TransactionFilter,
  page: PageRequest,
): Promise<Page<VerifiedTransaction>> {
  requireOpen(register);
  const { items, nextCursor } = await register.parts.store.list(filter, page);
  return { items: await confirmed(register, items, filter), nextCursor };
}

/** The transactions that are where the index says and what it says. */
async function confirmed(
  register: VerifiedRegister,
  places: readonly IndexedTransaction[],
  { subject, type }: TransactionFilter,
): Promise<readonly VerifiedTransaction[]> {
  // The index is everybody's, and may be further than this process.
  if (places.some(({ height }) => height >= register.set.total)) await followOthers(register);
  const dockets = await readDockets(register, [...new Set(places.map(({ height }) => height))]);
  const byHeight = new Map(dockets.map((docket) => [docket.height, docket]));
  return places.flatMap(({ txId, height, position }) => {
    const docket = byHeight.get(height);
    const transaction = docket && transactionAt(docket, position);
    if (transaction?.txId !== txId) return [];
    const body = transaction.body as { subject?: unknown; eventType?: unknown; type: string };
    const isAsked =
      (subject === undefined || body.subject === subject) &&
      (type === undefined || (body.eventType ?? body.type) === type);
    return isAsked ? [transaction] : [];
  });
}

/** Those of the heights that are verified and still as they were, in their order. Damage that is met is reported. */
export async function readDockets(
  register: VerifiedRegister,
  heights: readonly bigint[],
): Promise<readonly VerifiedDocket[]> {
  const verified = heights.filter((height) => register.set.absenceOf(height) === undefined);
  const readings = await readVerified(register, verified);
  const dockets: VerifiedDocket[] = [];
  for (const [at, reading] of readings.entries()) {
    if ("docket" in reading) dockets.push(reading.docket);
    else if ("problem" in reading) await reportIfVerified(register, verified[at] as bigint, reading.problem);
  }
  return dockets;
}

/** A verification that has begun meanwhile finds by itself what there is to be found. */
async function reportIfVerified(register: VerifiedRegister, height: bigint, problem: DocketProblem): Promise<void> {
  const absence = register.set.absenceOf(height);
  if (absence === undefined || absence === "Corrupted") await register.reportDamage(height, problem);
}

/** Another process may have sealed more. A verification that is under way takes it in by itself. */
export async function followOthers(register: VerifiedRegister): Promise<void> {
  if (register.condition.state !== "Initializing") await register.inTurn(() => catchUp(register));
}
