import { expect } from "vitest";
import type { Charter as LedgerCharter } from "../../src/register/ledger/charter.ts";
import { type Examination, examineDocket } from "../../src/register/verification/examine-docket.ts";
import type { KeyDirectory } from "../../src/register/verification/key-directory.ts";
import { type Examine, verifyGivenLedger } from "../../src/testing/ledger-verification.ts";
import { logRootOf } from "../vectors/naive-receipt-builder.ts";
import { type Checkpoint, type Verdict, verifyRegister } from "../vectors/naive-register-verifier.ts";
import type { Chain, Draw } from "./tampering-chains.ts";

/** What became of a chain. */
export interface Tampered {
  readonly dockets: readonly (Uint8Array | undefined)[];
  /** Where what is kept beside the bytes does not agree. */
  readonly disagreeing?: readonly number[];
  /**
   * The heights of what those who hold the keys did against the rules: what they made anew behind them is valid. Undefined for
   * others, who make nothing that is.
   */
  readonly wrong?: readonly number[];
}

const knownKeys = new WeakMap<KeyDirectory, string>();
const examined = new WeakMap<Uint8Array, Map<string, Examination>>();

function nameOf(keys: KeyDirectory): string {
  const known = knownKeys.get(keys);
  if (known !== undefined) return known;
  const texts = keys.keys.map(({ record, from, until }) => {
    return `${record.keyId} ${record.purposes.join()} ${from} ${until?.height} ${until?.reason}`;
  });
  const name = `${keys.version} ${texts.join()}`;
  knownKeys.set(keys, name);
  return name;
}

/** Bytes that were looked at before at the same place by the same keys are not looked at again. */
const examineOnce: Examine = (bytes, context) => {
  const known = examined.get(bytes) ?? new Map<string, Examination>();
  examined.set(bytes, known);
  const name = `${context.registerId} ${context.height} ${nameOf(context.keys)}`;
  const examination = known.get(name) ?? examineDocket(bytes, context);
  known.set(name, examination);
  return examination;
};

/** What somebody knows of a register when they verify it. */
export interface Knowledge {
  readonly hasCharter: boolean;
  /** The sizes of the trusted checkpoints, ascending. */
  readonly sizes: readonly number[];
  /** Whether the second verifier, which is slow, is not asked. */
  readonly isAlone?: boolean;
}

export function drawKnowledge({ bytes: { length } }: Chain, draw: Draw): Knowledge {
  const sizes = [[], [], [length], [1 + draw(length)], [1 + draw(length), length]][draw(5)] ?? [];
  return { hasCharter: draw(4) > 0, sizes: [...new Set(sizes)].sort((a, b) => a - b) };
}

/** The verdict of the register on each height, which has to be that of the second verifier. */
export function judge(chain: Chain, tampered: Tampered, knowledge: Knowledge): readonly Verdict[] {
  const { hasCharter, sizes, isAlone } = knowledge;
  const { registerId } = chain.register;
  const { dockets, disagreeing = [] } = tampered;
  const checkpoints = sizes.map((size): Checkpoint => ({ size: BigInt(size), root: logRootOf(chain.register, size) }));
  const charter = hasCharter ? chain.charter : undefined;
  const found = verifyGivenLedger(
    { registerId, dockets, disagreeing, trusted: checkpoints, charter: charter as LedgerCharter | undefined },
    examineOnce,
  );
  if (isAlone) return found.dockets;
  const rows = dockets.map((_, height) => ({ agrees: !disagreeing.includes(height) }));
  const second = verifyRegister({ registerId, dockets, rows, checkpoints, ...(charter && { charter }) });
  expect(found.dockets.map(sorted)).toEqual(second.verdicts.map(sorted));
  return second.verdicts;
}

function sorted({ height, type, transactionIds }: Verdict): Verdict {
  return { height, type, transactionIds: transactionIds.toSorted() };
}

/** Whether nothing was tampered with after all. */
export function isIdentity({ bytes }: Chain, { dockets, disagreeing = [] }: Tampered): boolean {
  const isSame = (docket: Uint8Array, at: number) =>
    dockets[at] !== undefined && Buffer.compare(docket, dockets[at]) === 0;
  return disagreeing.length === 0 && dockets.length === bytes.length && bytes.every(isSame);
}

/** Asserts that whatever was changed is excluded, and nothing else served than what was sealed. */
export function expectDetected(chain: Chain, tampered: Tampered, knowledge: Knowledge): void {
  const { bytes } = chain;
  const { dockets, disagreeing = [], wrong } = tampered;
  const served = judge(chain, tampered, knowledge)
    .filter(({ type }) => type === undefined)
    .map(({ height }) => height);
  const isChanged = (height: number) => {
    const [before, after] = [bytes[height], dockets[height]];
    return !before || !after || Buffer.compare(before, after) !== 0 || disagreeing.includes(height);
  };
  // Only a log that is trusted tells one register of those who hold the keys from another one.
  const first = bytes.findIndex((_, height) => isChanged(height));
  const isTold = knowledge.sizes.some((size) => size > first && dockets.length >= size);
  const isExcluded = wrong && !isTold ? (height: number) => wrong.includes(height) : isChanged;
  expect(served.filter(isExcluded)).toEqual([]);
}
