import { bytesOfHex } from "../../signatures/byte-text.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import { type Checkpoint, parseCheckpoint } from "../notes/checkpoint.ts";
import { originOf } from "../notes/register-origin.ts";
import { type NoteVerifier, noteVerifier, parseNote, type SignedNote, signersOf } from "../notes/signed-note.ts";
import type { KeyDirectory } from "../verification/key-directory.ts";
import type { ReadReceipt } from "./read-receipt.ts";

export interface SignedCheckpoint {
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
}

/** What the note of a receipt says, signed by whomever; `undefined` when it is no checkpoint of the register's log. */
export function readCheckpoint({ registerId, checkpoint: text }: ReadReceipt): SignedCheckpoint | undefined {
  const note = parseNote(text);
  const checkpoint = note && parseCheckpoint(note.text);
  if (!note || checkpoint?.origin !== originOf(registerId) || checkpoint.extensions.length > 0) return undefined;
  return { note, checkpoint };
}

/** Why none of these keys has signed the checkpoint under the name of the log, or `undefined` when one has. */
export function problemOfSigners(
  { note, checkpoint: { origin } }: SignedCheckpoint,
  candidates: readonly NoteVerifier[],
  suites: SignatureSuites,
): string | undefined {
  const verifiers = candidates.filter(({ name }) => name === origin);
  const signers = signersOf(note, verifiers, (publicKey, message, bytes) =>
    suites.verify({ algorithm: "ed25519", publicKey }, message, { algorithm: "ed25519", bytes }),
  );
  if (!signers) return "A signature of the checkpoint is not valid.";
  return signers.length > 0 ? undefined : "The checkpoint is not signed by a key that is trusted for it.";
}

/** The keys of a register that are for checkpoints, and not ended at the end of this log. */
export function checkpointVerifiers(
  keys: KeyDirectory,
  { origin, size }: Pick<Checkpoint, "origin" | "size">,
): readonly NoteVerifier[] {
  return keys.keys
    .map(({ record }) => record)
    .filter(({ alg, keyId }) => alg === "ed25519" && keys.problemOf(keyId, "checkpoint", size) === undefined)
    .map(({ publicKey }) => noteVerifier(origin, bytesOfHex(publicKey)));
}
