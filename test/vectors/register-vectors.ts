import { readFileSync } from "node:fs";
import { naiveLeafHash } from "./naive-merkle-tree.ts";
import { buildNote, logRootOf, textOf } from "./naive-receipt-builder.ts";
import { frameBytes, frameSections } from "./naive-register-builder.ts";
import { type Charter, canonical, hexOf, type KeyRecord } from "./naive-register-records.ts";
import type { Verdict } from "./naive-register-verifier.ts";
import { damagedCases } from "./register-damaged-cases.ts";
import { type Expectation, type Given, type HostileCase, SAMPLE } from "./register-hostile-case.ts";
import { type HostileReceipt, hostileReceipts, type ReceiptVector, receipts } from "./register-receipt-cases.ts";
import { type ReceiptText, receiptTexts } from "./register-receipt-texts.ts";
import {
  CHARTER_OF_SAMPLE,
  eventOf,
  eventSecretOf,
  FULL,
  ITEM_ID,
  KEYS,
  pseudonyms,
  SECRETS,
  VALUE,
} from "./register-sample.ts";
import { sealedCases } from "./register-sealed-cases.ts";
import { signatureCases } from "./register-signature-cases.ts";
import { tamperedCases } from "./register-tampered-cases.ts";

/** What to do to a docket's bytes: at a place, remove some and insert others, as often as `repeat` says. */
export interface Edit {
  readonly height: number;
  readonly at: number;
  readonly remove: number;
  /** In base64. */
  readonly insert: string;
  readonly repeat?: number;
}

export interface LogRoot {
  readonly size: string;
  readonly root: string;
}

export interface HostileVector {
  readonly name: string;
  /** The check that fails first in the docket that the case is about. */
  readonly check: number;
  /** Heights without bytes; at the end of the register there is nothing. */
  readonly missing?: readonly number[];
  /** Heights at which what is kept beside the bytes does not agree with them. */
  readonly disagreeing?: readonly number[];
  /** To be done in this order. */
  readonly edits: readonly Edit[];
  /** Of the dockets that are not valid; those not listed have no type and no ids. */
  readonly verdicts: readonly Verdict[];
  /** When absent, that of the register's log at its full size. */
  readonly checkpoint?: LogRoot;
  /** With that checkpoint trusted; the same as without when absent. */
  readonly verdictsWithCheckpoint?: readonly Verdict[];
  /** With the charter given, whether or not the checkpoint is trusted; the same as without when absent. */
  readonly verdictsWithCharter?: readonly Verdict[];
}

/** The content of register.json. Bytes are lower-case hexadecimal unless a name or the format says otherwise. */
export interface RegisterVectors {
  readonly keys: readonly (KeyRecord & { readonly name: string; readonly seed: string })[];
  readonly charter: Charter;
  readonly registerId: string;
  readonly transactions: readonly TransactionVector[];
  readonly dockets: readonly DocketVector[];
  /** Of the log, by size. */
  readonly logRoots: readonly LogRoot[];
  readonly checkpoint: { readonly note: string; readonly publicKey: string };
  readonly receipts: readonly ReceiptVector[];
  /** The receipt at `receipt` with the value at the path replaced: none is valid. Without a path it is another receipt. */
  readonly hostileReceipts: readonly HostileReceipt[];
  readonly receiptTexts: readonly ReceiptText[];
  readonly hostile: readonly HostileVector[];
}

export interface TransactionVector {
  readonly height: number;
  readonly index: number;
  readonly id: string;
  readonly leafHash: string;
  readonly record: string;
}

export interface DocketVector {
  readonly height: number;
  readonly hash: string;
  readonly header: string;
  readonly seal: string;
  /** In base64. */
  readonly bytes: string;
}

export function readRegisterVectors(): RegisterVectors {
  return JSON.parse(readFileSync(new URL("register.json", import.meta.url), "utf8")) as RegisterVectors;
}

/** The dockets of a hostile case, made from those of the register. */
export function applyEdits(
  dockets: readonly Uint8Array[],
  { edits, missing }: HostileVector,
): (Uint8Array | undefined)[] {
  const edited: (Uint8Array | undefined)[] = dockets.map((bytes, height) => {
    return edits.filter((edit) => edit.height === height).reduce(applyEdit, bytes);
  });
  for (const height of missing ?? []) edited[height] = undefined;
  while (edited.length > 0 && edited.at(-1) === undefined) edited.pop();
  return edited;
}

function applyEdit(bytes: Uint8Array, { at, remove, insert, repeat = 1 }: Edit): Uint8Array {
  const once = Buffer.from(insert, "base64");
  const inserted = Buffer.alloc(once.length * repeat, once);
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + remove)]);
}

/** What register.json must hold. */
export function computeRegisterVectors() {
  const { registerId, dockets } = SAMPLE;
  return {
    keys: Object.entries(KEYS).map(([name, { seed, record }]) => ({ name, seed, ...record })),
    charter: CHARTER_OF_SAMPLE,
    registerId,
    transactions: dockets.flatMap(({ ids, records }, height) =>
      records.map((record, index) => {
        const id = hexOf(ids[index] ?? Buffer.of());
        return { height, index, id, leafHash: hexOf(naiveLeafHash(record)), record: textOf(record) };
      }),
    ),
    dockets: dockets.map((docket, height) => ({
      height,
      hash: hexOf(docket.hash),
      header: textOf(docket.header),
      seal: textOf(docket.seal),
      bytes: frameBytes(docket).toString("base64"),
    })),
    logRoots: [0, ...dockets.keys().map((height) => height + 1)].map((size) => ({
      size: String(size),
      root: hexOf(logRootOf(SAMPLE, size)),
    })),
    checkpoint: { note: buildNote(SAMPLE, 6, KEYS.notary), publicKey: KEYS.notary.record.publicKey },
    commitments: commitments(),
    receipts: receipts(),
    hostileReceipts: hostileReceipts(),
    receiptTexts: receiptTexts(),
    hostile: [...damagedCases(), ...tamperedCases(), ...sealedCases(), ...signatureCases()].map(hostileVector),
  };
}

function commitments() {
  const event = eventOf(FULL.number);
  const { subject, item, value } = pseudonyms(CHARTER_OF_SAMPLE);
  const body = JSON.parse(textOf(SAMPLE.dockets[FULL.height]?.records[FULL.index])) as { body: { commitment: string } };
  return {
    customerSecret: hexOf(SECRETS.s),
    registerId: SAMPLE.registerId,
    subject,
    itemId: ITEM_ID,
    item,
    event: canonical(event).toString(),
    eventId: event.id,
    eventSecret: hexOf(eventSecretOf(event)),
    commitment: body.body.commitment,
    valueSecret: hexOf(SECRETS.k),
    valueText: VALUE,
    value,
  };
}

function hostileVector({
  dockets,
  disagreeing,
  expected,
  trusted,
  chartered,
  log,
  size,
  name,
  check,
}: HostileCase): HostileVector {
  const missing = SAMPLE.dockets.flatMap((_, height) => (dockets[height] ? [] : [height]));
  return {
    name,
    check,
    ...(missing.length > 0 && { missing }),
    ...(disagreeing !== undefined && { disagreeing: [disagreeing] }),
    edits: dockets.flatMap(editsTo),
    verdicts: verdicts(expected, dockets),
    ...((log !== SAMPLE || size !== 6) && { checkpoint: { size: String(size), root: hexOf(logRootOf(log, size)) } }),
    ...(trusted !== expected && { verdictsWithCheckpoint: verdicts(trusted, dockets) }),
    ...(chartered && { verdictsWithCharter: verdicts(chartered, dockets) }),
  };
}

function verdicts(expectation: Expectation, dockets: readonly Given[]): readonly Verdict[] {
  return Object.entries(expectation).map(([height, [type, ...listed]]) => {
    const docket = dockets[Number(height)];
    const ids = docket && "ids" in docket ? docket.ids : [];
    const transactionIds = listed.map((one) => (typeof one === "string" ? one : hexOf(ids[one] ?? Buffer.of())));
    return { height: Number(height), type, transactionIds };
  });
}

/** The edits, from the end to the start, that make a docket from that of the sample at a height. */
function editsTo(docket: Given, height: number): readonly Edit[] {
  const original = SAMPLE.dockets[height];
  if (!docket || !original) return [];
  const before = frameSections(original);
  const after = "ids" in docket ? frameSections(docket) : [Buffer.from(docket)];
  if (before.length !== after.length) return editOf(Buffer.concat(before), Buffer.concat(after), { height, start: 0 });
  let start = 0;
  const edits: Edit[] = [];
  for (const [at, section] of before.entries()) {
    edits.unshift(...editOf(section, after[at] ?? Buffer.of(), { height, start }));
    start += section.length;
  }
  return edits;
}

function editOf(before: Buffer, after: Buffer, { height, start }: { height: number; start: number }): readonly Edit[] {
  if (before.equals(after)) return [];
  const shortest = Math.min(before.length, after.length);
  let same = 0;
  while (same < shortest && before[same] === after[same]) same += 1;
  let tail = 0;
  while (tail < shortest - same && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const inserted = after.subarray(same, after.length - tail);
  const isOneByte = inserted.length > 100 && inserted.every((byte) => byte === inserted[0]);
  return [
    {
      height,
      at: start + same,
      remove: before.length - tail - same,
      insert: inserted.subarray(0, isOneByte ? 1 : undefined).toString("base64"),
      ...(isOneByte && { repeat: inserted.length }),
    },
  ];
}
