import { VaultError } from "../../errors.ts";
import type { Charter } from "../ledger/charter.ts";
import { verifyConsistency } from "../merkle/verify-consistency.ts";
import { provenTransaction } from "../receipts/proven-transaction.ts";
import type { Disclosure, ProvenTransaction, Receipt } from "../receipts/receipt.ts";
import type { PinnedCheckpoint } from "../trust/pinned-checkpoints.ts";
import { isInLog } from "../verification/log-tree.ts";
import { adoptCheckpoint, rootAt } from "./register-checkpoints.ts";
import { followOthers, queryTransactions, readDockets } from "./register-reads.ts";
import type { VerifiedTransaction } from "./verified-docket.ts";
import { requireOpen, type VerifiedRegister } from "./verified-register.ts";

/** That the log of one size begins with that of a smaller one (RFC 9162, 2.1.4). */
export interface ConsistencyProof {
  readonly from: bigint;
  /** 32 bytes. */
  readonly fromRoot: Uint8Array;
  readonly to: bigint;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/*
 * Proofs for outsiders. Each was verified before it is handed out: the hashes that it is made of are looked up where an
 * attacker could have changed them. All of it rejects with `integrity_violation` when they were, and as the reads do.
 */

/** A receipt for the transaction, under the newest checkpoint. Rejects with `event_not_sealed` until there is one. */
export async function proveTransaction(
  register: VerifiedRegister,
  transaction: VerifiedTransaction,
  disclosure?: Disclosure,
): Promise<Omit<Receipt, "format">> {
  requireOpen(register);
  const checkpoint = await checkpointBeyond(register, transaction.docketHeight);
  const changes = await keyTransactions(register, checkpoint);
  const [proof, ...keys] = await proven(register, [transaction, ...changes], checkpoint);
  if (!proof) throw unproven();
  const { registerId } = register;
  const parts = { registerId, charter: charterOf(register), checkpoint: checkpoint.note, proof, keys };
  return disclosure ? { ...parts, disclosure } : parts;
}

/** Throws `invalid_request` unless 0 < from <= to, and neither is beyond the register. */
export async function proveConsistency(
  register: VerifiedRegister,
  from: bigint,
  to: bigint,
): Promise<ConsistencyProof> {
  requireOpen(register);
  // Of a size that another process has signed, callers know before this one does.
  if (to > register.set.sound.frontier.size) await followOthers(register);
  const { frontier } = register.set.sound;
  if (from <= 0n || from > to || to > frontier.size) {
    throw new VaultError("invalid_request", "The sizes are from 1 to that of the register, the smaller one first.");
  }
  return await withNodes(register, async () => {
    const proof = await register.hints.consistency(from, to);
    const [fromRoot, toRoot] = await Promise.all([rootAt(register, from), rootAt(register, to)]);
    if (!proof || !fromRoot || !toRoot || !verifyConsistency({ from, fromRoot, to, toRoot, proof })) return undefined;
    return { from, fromRoot, to, toRoot, proof };
  });
}

/** A proof, for which the nodes of the log are made again if they do not yield it. */
async function withNodes<Proof>(register: VerifiedRegister, prove: () => Promise<Proof | undefined>): Promise<Proof> {
  const proof = (await prove()) ?? ((await register.rebuildNodes()) ? await prove() : undefined);
  if (proof === undefined) throw unproven();
  return proof;
}

/** What the first keys of the register are. */
export function charterOf({ parts }: VerifiedRegister): Charter {
  const { charter } = parts.pins;
  if (charter) return charter;
  throw new VaultError("register_offline", "The register was not opened yet.");
}

/** The newest checkpoint, which another process may have signed. */
async function checkpointBeyond(register: VerifiedRegister, height: bigint): Promise<PinnedCheckpoint> {
  const known = newestVerified(register, height);
  if (known) return known;
  if (register.condition.state !== "Initializing") await register.inTurn(() => adoptCheckpoint(register));
  const checkpoint = newestVerified(register, height) ?? newestBeyondDamage(register);
  if (checkpoint && checkpoint.size > height) return checkpoint;
  throw new VaultError("event_not_sealed", "There is no checkpoint yet that covers the transaction.");
}

/** Keys may have been changed where nothing is verified yet, and a receipt without that change is not valid. */
function newestVerified({ parts: { pins }, set }: VerifiedRegister, height: bigint): PinnedCheckpoint | undefined {
  return pins.all.findLast(({ size }) => size > height && size <= set.sound.frontier.size);
}

/** Where the end of a register is damaged, no other one may cover what comes before. */
function newestBeyondDamage({ parts: { pins }, set }: VerifiedRegister): PinnedCheckpoint | undefined {
  return set.examined === set.total && !set.isKnownToEnd ? pins.newest : undefined;
}

/** The transactions that have changed the keys, in their order. */
async function keyTransactions(
  register: VerifiedRegister,
  { size }: PinnedCheckpoint,
): Promise<readonly VerifiedTransaction[]> {
  if (register.set.sound.keys.version === 0) return [];
  const { items } = await queryTransactions(
    register,
    { type: "wallet_key_rotated" },
    { limit: 100, cursor: undefined },
  );
  return items.filter(({ body, docketHeight }) => body.type === "key" && docketHeight < size);
}

async function proven(
  register: VerifiedRegister,
  transactions: readonly VerifiedTransaction[],
  checkpoint: PinnedCheckpoint,
): Promise<readonly ProvenTransaction[]> {
  const heights = transactions.map(({ docketHeight }) => docketHeight);
  const dockets = await readDockets(register, [...new Set(heights)]);
  const byHeight = new Map(dockets.map((docket) => [docket.height, docket]));
  return await withNodes(register, async () => {
    const paths = await register.hints.inclusion(heights, checkpoint.size);
    const found = transactions.flatMap(({ docketHeight, leafIndex: position }, at) => {
      const docket = byHeight.get(docketHeight);
      const docketPath = paths[at];
      if (!docket) throw unproven();
      if (!docketPath || !isInLog(docket, docketPath, checkpoint)) return [];
      return [provenTransaction({ bytes: docket.bytes, position, docketPath })];
    });
    return found.length === transactions.length ? found : undefined;
  });
}

function unproven(): VaultError {
  return new VaultError("integrity_violation", "The hashes that a proof needs are missing or were altered.", {
    hint: "Verify the whole register: `strongroom register verify --all`.",
  });
}
