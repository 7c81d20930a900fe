import { invariant, isVaultError } from "../../errors.ts";
import type { TreeNode } from "../register-store.ts";
import type { AssembledDocket } from "../sealing/assemble-docket.ts";
import { ChainVerifier } from "../verification/chain-verifier.ts";
import {
  type CorruptionType,
  type DocketProblem,
  type FailingTransaction,
  typeOf,
} from "../verification/corruption.ts";
import type { Examination } from "../verification/examine-docket.ts";
import { catchUp } from "./catch-up.ts";
import { docketIndexOf } from "./docket-index.ts";
import { readDockets } from "./register-reads.ts";
import { collecting } from "./tree-nodes.ts";
import { docketOf } from "./verified-docket.ts";
import { requireOpen, type VerifiedRegister } from "./verified-register.ts";

/** Why a docket was not added. */
export type RefusalCode =
  /** It does not verify; `corruptionType` says what is wrong. */
  | "not_valid"
  /** Dockets before it are not there. */
  | "gap"
  /** Another docket, sealed as well, is there. */
  | "fork"
  /** The docket that is stored there, or the last one of the register, is not verified. */
  | "not_extendable";

/** What adding a docket came to. */
export type DocketVerification =
  | { readonly isValid: true /** False when it was there already. */; readonly isNew: boolean }
  | {
      readonly isValid: false;
      readonly code: RefusalCode;
      readonly errorMessage: string;
      readonly corruptionType?: CorruptionType;
      readonly invalidTransactions?: readonly FailingTransaction[];
    };

/**
 * Adds a docket that somebody else sealed: verified like any other, appended to the cold tier in one step, then served. The
 * same docket again is a success without effect. Refusals are told, and put into the journal. Rejects with `register_offline`.
 */
export function addVerifiedDocket(register: VerifiedRegister, bytes: Uint8Array): Promise<DocketVerification> {
  return register.inTurn(async () => {
    const result = await addInTurn(register, bytes);
    if (!result.isValid) await tellRefusal(register, bytes, result);
    return result;
  });
}

async function addInTurn(register: VerifiedRegister, bytes: Uint8Array): Promise<DocketVerification> {
  requireOpen(register);
  await catchUp(register);
  const { set } = register;
  const docket = docketOf(bytes, register.parts.clock.now());
  const height = docket?.height ?? set.total;
  if (height < set.total) return await compareWithStored(register, height, bytes);
  if (height > set.total) return refusal("gap", "Dockets before this one are not there.");
  if (!set.isExtendable) return refusal("not_extendable", "The last docket of the register is not verified.");
  return await addNext(register, bytes);
}

async function addNext(register: VerifiedRegister, bytes: Uint8Array): Promise<DocketVerification> {
  const { set, registerId, parts } = register;
  const height = set.total;
  const nodes: TreeNode[] = [];
  const verifier = new ChainVerifier({ start: set.sound, onSubtree: collecting(nodes) });
  const [examination] = await parts.examiner.examine([{ height, bytes }], { registerId, keys: verifier.keys });
  invariant(examination, "every docket is examined");
  const problem = verifier.add(examination);
  if (problem || !examination.header) return notValid(examination, problem);
  const { sealedAt } = examination.header;
  const docket = { height, bytes, sealedAt, state: verifier.verdict().sound };
  switch (await publishDocket(register, docket, nodes)) {
    case "published":
      return { isValid: true, isNew: true };
    case "late":
      // What the other process has added is verified first: unverified, it would count as damaged.
      await catchUp(register);
      return await compareWithStored(register, height, bytes);
    case "beyond":
      return refusal("not_extendable", "The last dockets of the register are gone.");
  }
}

/** What became of a docket that follows on the register's head. */
export type Publication =
  | "published"
  /** Another process was faster: there is another docket. */
  | "late"
  /** Dockets before it are gone from the cold tier. */
  | "beyond";

/**
 * Adds a docket that follows on the register's head, in its turn, and takes it into the index with the nodes of the log that
 * it completes; then it is served. The append is the commit: whatever fails after it, `catchUp` meets the docket and indexes it.
 * Any other outcome is without effect.
 */
export async function publishDocket(
  register: VerifiedRegister,
  docket: Omit<AssembledDocket, "bytes" | "docketHash" | "txIds"> & { readonly bytes: Uint8Array },
  nodes: readonly TreeNode[],
): Promise<Publication> {
  const { parts, condition } = register;
  const { height, bytes, sealedAt, state } = docket;
  const outcome = await parts.ledger.append({ height, bytes }, sealedAt);
  if (outcome === "beyond") return "beyond";
  if (outcome === "taken") return "late";
  await parts.store.index(docketIndexOf(height, bytes, nodes));
  // Readers may have met damage meanwhile.
  condition.replace(register.set.with({ total: height + 1n, examined: height + 1n, sound: state }));
  const verified = docketOf(bytes, parts.clock.now());
  if (verified) register.reader.keep(verified);
  return "published";
}

async function compareWithStored(
  register: VerifiedRegister,
  height: bigint,
  bytes: Uint8Array,
): Promise<DocketVerification> {
  const { parts, set, registerId } = register;
  const [examination] = await parts.examiner.examine([{ height, bytes }], { registerId, keys: set.sound.keys });
  invariant(examination, "every docket is examined");
  const { header, problem } = examination;
  if (problem || !header) return notValid(examination, problem);
  const [own] = await readDockets(register, [height]);
  if (!own) return refusal("not_extendable", "The docket at this height is damaged, and recovered from peers only.");
  if (own.hash === header.docketHash) return { isValid: true, isNew: false };
  return refusal("fork", "Another docket is at this height.");
}

function notValid({ failing }: Examination, problem: DocketProblem | undefined): DocketVerification {
  const corruptionType = problem ? typeOf(problem) : "MalformedData";
  const message = problem?.details ?? "The bytes are no docket.";
  return { ...refusal("not_valid", message), corruptionType, invalidTransactions: failing };
}

function refusal(code: RefusalCode, errorMessage: string) {
  return { isValid: false, code, errorMessage } as const;
}

async function tellRefusal(
  { parts, set }: VerifiedRegister,
  bytes: Uint8Array,
  { code, invalidTransactions = [] }: Extract<DocketVerification, { isValid: false }>,
): Promise<void> {
  const { tenantId, registerId, events, journal, clock } = parts;
  const height = (docketOf(bytes, clock.now())?.height ?? set.total).toString();
  if (code === "fork") events.registerForkDetected({ tenantId, registerId, height });
  events.registerDocketRefused({ tenantId, registerId, height, code });
  const transactions = invalidTransactions.slice(0, 100).map(({ txId, problem }) => ({ txId, problem }));
  const eventType = code === "fork" ? "register_fork_detected" : "register_docket_refused";
  try {
    await journal(eventType, { registerId, height, code, transactions });
  } catch (error) {
    // What was refused stays refused when the journal cannot be written.
    if (!isVaultError(error)) throw error;
  }
}
