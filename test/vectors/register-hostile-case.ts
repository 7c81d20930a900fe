import {
  type BuiltRegister,
  buildRegister,
  type DocketPlan,
  frameBytes,
  type TransactionPlan,
} from "./naive-register-builder.ts";
import type { Frame } from "./naive-register-frame.ts";
import type { CorruptionType } from "./naive-register-verifier.ts";
import { CHARTER_OF_SAMPLE, planOf } from "./register-sample.ts";

/** The type, then the transactions listed: by their place in the docket, or by their id where it has no place. */
export type Expected = readonly [CorruptionType, ...(number | string)[]];
/** By height; the other dockets are valid. */
export type Expectation = Readonly<Record<number, Expected>>;

/** A docket by its parts, or bytes that are not so built. */
export type Given = Frame | Uint8Array | undefined;

export interface HostileCase {
  readonly name: string;
  /** The check that fails first in the docket that the case is about. */
  readonly check: number;
  readonly dockets: readonly Given[];
  readonly disagreeing?: number;
  readonly expected: Expectation;
  /** With a trusted checkpoint of the log given and the size given. */
  readonly trusted: Expectation;
  /** For who knows the charter, with that checkpoint and without. */
  readonly chartered?: Expectation;
  readonly log: BuiltRegister;
  readonly size: number;
}

/** What is said of a case; a checkpoint changes no verdict and is of the whole log unless another is given. */
interface Saying {
  readonly check: number;
  readonly name: string;
  readonly expected: Expectation;
  readonly trusted?: Expectation;
  readonly chartered?: Expectation;
  readonly size?: number;
  readonly disagreeing?: number;
}

export const SAMPLE = buildRegister(CHARTER_OF_SAMPLE, planOf(CHARTER_OF_SAMPLE));
const BYTES: readonly Buffer[] = SAMPLE.dockets.map(frameBytes);

export const MISSING = "MissingData";
export const MALFORMED = "MalformedData";
export const HASH = "InvalidDocketHash";
export const LINK = "BrokenChainLink";
export const SIGNATURE = "InvalidTransactionSignature";

/** What follows when the successor's key is not added: its seals and its signatures. */
export const WITHOUT_SUCCESSOR: Expectation = { 3: [HASH, 1], 4: [HASH, 0], 5: [HASH, 1] };
/** What follows when no key is known from a height on. */
export const withoutKeys = (from: number): Expectation => {
  const all: readonly Expected[] = [
    [HASH, 0, 1],
    [HASH, 0, 1, 2, 3, 4],
    [HASH, 0, 1],
    [HASH, 0, 1, 2],
    [HASH, 0],
    [HASH, 0, 1, 2],
  ];
  return Object.fromEntries([...all.entries()].slice(from));
};

/** What becomes of the dockets when the checkpoint that is trusted is of another register. */
export const OTHER_REGISTER: Expectation = { 0: [LINK], 1: [LINK], 2: [LINK], 3: [LINK], 4: [LINK], 5: [LINK] };

/** A case of dockets changed by somebody without keys. */
export function damaged(saying: Saying, dockets: readonly Given[]): HostileCase {
  return { trusted: saying.expected, size: 6, ...saying, dockets, log: SAMPLE };
}

/** The dockets with another one at a height. */
export function withDocket(height: number, docket: Given): readonly Given[] {
  return SAMPLE.dockets.map((frame, at) => (at === height ? docket : frame));
}

/** The dockets with other bytes at a height. */
export function bytesAt(height: number, change: (bytes: Buffer) => Uint8Array): readonly Given[] {
  return withDocket(height, change(BYTES[height] ?? Buffer.of()));
}

/** The dockets with other parts in the frame at a height. */
export function frameAt(height: number, change: (frame: Frame) => Partial<Frame>): readonly Given[] {
  return SAMPLE.dockets.map((frame, at) => (at === height ? { ...frame, ...change(frame) } : frame));
}

/** A case of a register made wrongly by those who hold its keys. */
export function sealed(saying: Saying, plan: readonly DocketPlan[]): HostileCase {
  const log = buildRegister(CHARTER_OF_SAMPLE, plan);
  return { trusted: saying.expected, size: 6, ...saying, dockets: log.dockets, log };
}

/** The sample's plan with another docket at a height. */
export function docketAt(height: number, change: (plan: DocketPlan) => Partial<DocketPlan>): readonly DocketPlan[] {
  return planOf(CHARTER_OF_SAMPLE).map((plan, at) => (at === height ? { ...plan, ...change(plan) } : plan));
}

/** The sample's plan with other members in a header. */
export function headerAt(height: number, members: DocketPlan["header"]): readonly DocketPlan[] {
  return docketAt(height, ({ header }) => ({ header: { ...header, ...members } }));
}

/** The sample's plan with another transaction at a place. */
export function transactionAt(
  height: number,
  index: number,
  change: (plan: TransactionPlan) => Partial<TransactionPlan>,
): readonly DocketPlan[] {
  return docketAt(height, ({ transactions }) => {
    return { transactions: transactions.map((plan, at) => (at === index ? { ...plan, ...change(plan) } : plan)) };
  });
}

/** The sample's plan with other members in a body. */
export function bodyAt(height: number, index: number, members: TransactionPlan["body"]): readonly DocketPlan[] {
  return transactionAt(height, index, ({ body }) => ({ body: { ...body, ...members } }));
}

export function replaced(bytes: Uint8Array, from: string | RegExp, to: string): Buffer {
  return Buffer.from(Buffer.from(bytes).toString().replace(from, to));
}

/** The bytes with one bit of one byte turned. */
export function turned(bytes: Uint8Array, at: number): Buffer {
  return Buffer.from(bytes.map((byte, place) => (place === at ? byte ^ 1 : byte)));
}
