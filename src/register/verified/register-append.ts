import { invariant, isVaultError } from "../../errors.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import { docketHashOf } from "../ledger/docket.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";
import type { OnSubtree } from "../merkle/frontier.ts";
import { sameHash } from "../merkle/tree-hash.ts";
import type { TreeNode } from "../register-store.ts";
import type { AssembledDocket } from "../sealing/assemble-docket.ts";
import { ChainVerifier } from "../verification/chain-verifier.ts";
import { type CorruptionType, type FailingTransaction, typeOf } from "../verification/corruption.ts";
import { docketIndexOf } from "./docket-index.ts";
import { IndexKeeper } from "./index-keeper.ts";
import { docketOf } from "./verified-docket.ts";
import { requireOpen, type VerifiedRegister } from "./verified-register.ts";
import { verifyLedger } from "./verify-ledger.ts";

/** Why a docket was not added. */
export type RefusalCode =
  /** It does not verify; `corruptionType` says what is wrong. */
  | "not_valid"
  /** Dockets before it are not there. */
  | "gap"
  /** Another docket, sealed as well, is there. */
  | "fork"
  /** The last docket of the register is not verified. */
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
  if (problem || !examination.header) {
    const corruptionType = problem ? typeOf(problem) : "MalformedData";
    const message = problem?.details ?? "The bytes are no docket.";
    return { ...refusal("not_valid", message), corruptionType, invalidTransactions: examination.failing };
  }
  const { sealedAt } = examination.header;
  const docket = { height, bytes, sealedAt, state: verifier.verdict().sound };
  if (await publishDocket(register, docket, nodes)) return { isValid: true, isNew: true };
  return await compareWithStored(register, height, bytes);
}

export function collecting(nodes: TreeNode[]): OnSubtree {
  return (level, index, hash) => nodes.push({ level, index, hash: hexOf(hash) });
}

/**
 * Verifies what other processes have added since, so that the register ends where the cold tier does. To be called in the
 * register's turn.
 */
export async function catchUp(register: VerifiedRegister): Promise<void> {
  const { parts, condition } = register;
  const { ledger, examiner, settings } = parts;
  const count = await ledger.count();
  const before = register.set;
  if (count < before.total) return await reportTruncation(register, count);
  if (count <= before.total || !before.isExtendable) return;
  const keeper = await IndexKeeper.open(parts);
  const verdict = await verifyLedger({
    ledger,
    examiner,
    start: before.sound,
    end: count,
    batchSize: settings.verificationBatchSize,
    parallelism: settings.verificationParallelism,
    onSubtree: keeper.onSubtree,
    onJudged: (judged) => keeper.keep(judged),
  });
  condition.replace(
    before.with({ total: count, examined: count, ranges: [...before.ranges, ...verdict.ranges], sound: verdict.sound }),
  );
  if (verdict.ranges.length > 0) await register.recordRanges();
}

/** Whoever can remove dockets from the end has not removed what was verified and pinned. */
async function reportTruncation(register: VerifiedRegister, count: bigint): Promise<void> {
  const { condition, set, parts, registerId } = register;
  const missing = [];
  for (let height = count; height < set.total; height++) if (!set.rangeAt(height)) missing.push(height);
  const [first] = missing;
  const last = missing.at(-1);
  if (first === undefined || last === undefined || parts.ledger.isRepaired(last)) return;
  const { tenantId, events, journal } = parts;
  const sizes = { pinnedSize: set.total.toString(), size: count.toString() };
  events.registerRollbackDetected({ tenantId, registerId, ...sizes });
  await journal("register_rollback_detected", { registerId, ...sizes });
  const details = "Dockets at the end are gone.";
  condition.replace(set.withRange({ start: first, end: last, type: "MissingData", details, failing: [] }));
  for (const height of missing) register.reader.forget(height);
  await register.recordRanges();
}

/**
 * Adds a docket that follows on the register's head, in its turn, and takes it into the index with the nodes of the log that
 * it completes. The append is the commit: after it the docket is served, and its index can be made again at any time.
 * False, without effect, when another process was faster.
 */
export async function publishDocket(
  register: VerifiedRegister,
  docket: Omit<AssembledDocket, "bytes" | "docketHash" | "txIds"> & { readonly bytes: Uint8Array },
  nodes: readonly TreeNode[],
): Promise<boolean> {
  const { parts, condition, set } = register;
  const { height, bytes, sealedAt, state } = docket;
  const outcome = await parts.ledger.append({ height, bytes }, sealedAt);
  if (outcome !== "appended" && outcome !== "present") return false;
  condition.replace(set.with({ total: height + 1n, examined: height + 1n, sound: state }));
  const verified = docketOf(bytes, parts.clock.now());
  if (verified) register.reader.keep(verified);
  await parts.store.index(docketIndexOf(height, bytes, nodes));
  return true;
}

async function compareWithStored(
  register: VerifiedRegister,
  height: bigint,
  bytes: Uint8Array,
): Promise<DocketVerification> {
  const stored = await register.parts.ledger.read(height);
  if (stored && Buffer.compare(stored, bytes) === 0) return { isValid: true, isNew: false };
  const hash = hashOf(bytes);
  const known = stored && hashOf(stored);
  if (hash && known && sameHash(hash, known)) return { isValid: true, isNew: false };
  return refusal("fork", "Another docket is at this height.");
}

function hashOf(bytes: Uint8Array): Uint8Array | undefined {
  const frame = decodeFrame(bytes);
  return frame && docketHashOf(frame.header);
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
