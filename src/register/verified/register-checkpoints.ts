import { type Frontier, rootOf } from "../merkle/frontier.ts";
import { sameHash } from "../merkle/tree-hash.ts";
import { verifyConsistency } from "../merkle/verify-consistency.ts";
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from "../notes/checkpoint.ts";
import { originOf } from "../notes/register-origin.ts";
import { formatNote, formatVerifier, noteVerifier, parseNote } from "../notes/signed-note.ts";
import { checkpointVerifiers, problemOfSigners } from "../receipts/verify-checkpoint.ts";
import type { LedgerSigner } from "../sealing/assemble-docket.ts";
import { isContradiction, type PinnedCheckpoint } from "../trust/pin-rules.ts";
import type { ChainState } from "../verification/chain-state.ts";
import { catchUp } from "./catch-up.ts";
import type { RegisterParts } from "./register-parts.ts";
import type { VerifiedRegister } from "./verified-register.ts";

/** A key that signs checkpoints; its public key is 32 bytes. */
export interface CheckpointSigner extends LedgerSigner {
  readonly publicKey: Uint8Array;
}

/**
 * Signs where the register ends, pins it outside the database and tells others. To be called in the register's turn, by whoever
 * has sealed. When the head has its checkpoint, others are told if they were not before.
 */
export async function signCheckpoint(register: VerifiedRegister, signer: CheckpointSigner): Promise<void> {
  const { parts, set } = register;
  const { pins, tenantId, registerId, events } = parts;
  const { size } = set.sound.frontier;
  if (set.isExtendable && size > (pins.newest?.size ?? 0n)) {
    // Pinned before it is told: whoever has seen it can hold this installation to it.
    await pin(register, signedCheckpoint(registerId, set.sound.frontier, signer));
    events.registerCheckpointSigned({ tenantId, registerId, size: size.toString() });
  }
  const { untold } = pins;
  if (!untold) return;
  await parts.store.addCheckpoint({ size: untold.size, note: untold.note, signedAt: parts.clock.now() });
  pins.markTold(untold.size);
}

function signedCheckpoint(registerId: string, frontier: Frontier, signer: CheckpointSigner): PinnedCheckpoint {
  const { size } = frontier;
  const checkpoint = { origin: originOf(registerId), size, root: rootOf(frontier), extensions: [] };
  const text = formatCheckpoint(checkpoint);
  const signature = signer.sign(new TextEncoder().encode(text));
  const { keyId, name } = noteVerifier(checkpoint.origin, signer.publicKey);
  const note = formatNote({ text, signatures: [{ name, keyId, signature }] });
  return { size, root: checkpoint.root, note };
}

/**
 * Pins the newest checkpoint that another process has signed, if it is one of this register as it is verified here. One that the
 * other process has pinned in the same file is verified, too.
 */
export async function adoptCheckpoint(register: VerifiedRegister): Promise<void> {
  const { parts } = register;
  if (pinnedSize(parts) > register.set.total) await catchUp(register);
  const { items } = await parts.store.listCheckpoints({ limit: 1, cursor: undefined });
  const [newest] = items;
  if (!newest || newest.size <= pinnedSize(parts)) return;
  if (newest.size > register.set.total) await catchUp(register);
  const checkpoint = readSignedCheckpoint(newest.note, register.set.sound, parts);
  if (!checkpoint) return;
  const root = await rootAt(register, checkpoint.size);
  if (root && sameHash(root, checkpoint.root)) {
    await pin(register, { size: checkpoint.size, root: checkpoint.root, note: newest.note });
    parts.pins.markTold(checkpoint.size);
  }
}

function pinnedSize({ pins }: Pick<RegisterParts, "pins">): bigint {
  return pins.newest?.size ?? 0n;
}

/**
 * When this installation has pinned another log than this one, in another process, the register is taken for lost: the next
 * opening verifies it against what is pinned, and says from where on it is another one.
 */
async function pin(register: VerifiedRegister, checkpoint: PinnedCheckpoint): Promise<void> {
  try {
    await register.parts.pins.pin(checkpoint);
  } catch (error) {
    if (isContradiction(error)) register.fail(error);
    throw error;
  }
}

/**
 * The checkpoint of a note that a key of the register for checkpoints has signed, which may have been retired since; `undefined`
 * for any other.
 */
export function readSignedCheckpoint(
  text: string,
  { registerId, keys }: ChainState,
  { suites }: Pick<RegisterParts, "suites">,
): Checkpoint | undefined {
  const note = parseNote(text);
  const checkpoint = note && parseCheckpoint(note.text);
  if (!note || checkpoint?.origin !== originOf(registerId)) return undefined;
  const verifiers = checkpointVerifiers(keys, checkpoint);
  return problemOfSigners({ note, checkpoint }, verifiers, suites) === undefined ? checkpoint : undefined;
}

/** Of the key that signs the register's next checkpoint; `undefined` as long as none is known. */
export function checkpointVerifier({ registerId, set }: VerifiedRegister): string | undefined {
  const { keys, frontier } = set.sound;
  const newest = checkpointVerifiers(keys, { origin: originOf(registerId), size: frontier.size }).at(-1);
  return newest && formatVerifier(newest);
}

/** The root that the log had at a size, confirmed by the log as it was verified; `undefined` when that cannot be done. */
export async function rootAt({ set, hints }: VerifiedRegister, size: bigint): Promise<Uint8Array | undefined> {
  const { frontier } = set.sound;
  if (size === frontier.size) return rootOf(frontier);
  if (size > frontier.size || size <= 0n) return undefined;
  const [root, proof] = await Promise.all([hints.root(size), hints.consistency(size, frontier.size)]);
  if (!root || !proof) return undefined;
  const claim = { from: size, fromRoot: root, to: frontier.size, toRoot: rootOf(frontier), proof };
  return verifyConsistency(claim) ? root : undefined;
}
