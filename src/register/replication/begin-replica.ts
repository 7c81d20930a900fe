import type { Clock } from "../../clock.ts";
import { VaultError } from "../../errors.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import { isCharterOf } from "../ledger/charter.ts";
import { originOf } from "../notes/register-origin.ts";
import { parseNote, parseVerifier, signersOf } from "../notes/signed-note.ts";
import type { PeerHead, RegisterPeer } from "../recovery/register-peer.ts";
import type { RegisterRecord, RegisterStore } from "../register-store.ts";
import type { PinnedCheckpoints } from "../trust/pinned-checkpoints.ts";

/** Which register is to be copied, and from where. */
export interface ReplicaSource {
  readonly peer: RegisterPeer;
  /** Whatever register the peer has when this and the verifier are left out: then the peer is believed, this once. */
  readonly registerId?: string | undefined;
  /** Of a key that has to have signed the peer's newest checkpoint, as c2sp.org/signed-note writes it. */
  readonly verifier?: string | undefined;
}

/**
 * Makes a tenant's register the copy of another one, unless it is already. What the peer says the register begins with is
 * certified by the register's id. Rejects with `invalid_request` when the tenant has a register of its own or a copy of another
 * one, with `register_peer_not_valid` and `register_peer_unavailable`.
 */
export async function beginReplica(
  source: ReplicaSource,
  parts: {
    readonly store: Pick<RegisterStore, "get" | "init">;
    readonly pinsOf: (registerId: string) => Promise<PinnedCheckpoints>;
    readonly suites: SignatureSuites;
    readonly clock: Clock;
  },
): Promise<RegisterRecord> {
  const wanted = wantedRegister(source);
  const existing = await parts.store.get();
  if (existing) return requireCopy(existing, wanted);
  const head = await source.peer.head(wanted);
  const { registerId, charter } = head;
  if (!isCharterOf(registerId, charter) || (wanted !== undefined && registerId !== wanted)) {
    throw new VaultError(
      "register_peer_not_valid",
      "The source has another register, or none that its charter certifies.",
    );
  }
  requireSigned(head, source, parts.suites);
  await (await parts.pinsOf(registerId)).keepCharter(charter);
  const record = await parts.store.init({ registerId, kind: "replica", createdAt: parts.clock.now() });
  return requireCopy(record, registerId);
}

function wantedRegister({ registerId, verifier }: ReplicaSource): string | undefined {
  if (verifier === undefined) return registerId;
  const name = parseVerifier(verifier)?.name;
  const named = name?.slice(originOf("").length);
  if (name === undefined || named === undefined || name !== originOf(named)) {
    throw new VaultError("invalid_request", "The verifier is not one of a register's checkpoints.");
  }
  if (registerId === undefined || registerId === named) return named;
  throw new VaultError("invalid_request", "The verifier is that of another register.");
}

function requireCopy(record: RegisterRecord, wanted: string | undefined): RegisterRecord {
  if (record.kind === "replica" && (wanted === undefined || record.registerId === wanted)) return record;
  throw new VaultError("invalid_request", "There is another register in this vault already.", {
    details: { registerId: record.registerId, kind: record.kind },
    hint: "Copy a register into a data directory of its own.",
  });
}

function requireSigned({ note }: PeerHead, { verifier }: ReplicaSource, suites: SignatureSuites): void {
  if (verifier === undefined) return;
  const trusted = parseVerifier(verifier);
  const signed = note === null ? undefined : parseNote(note);
  const signers =
    trusted &&
    signed &&
    signersOf(signed, [trusted], (publicKey, message, bytes) =>
      suites.verify({ algorithm: "ed25519", publicKey }, message, { algorithm: "ed25519", bytes }),
    );
  if (signers && signers.length > 0) return;
  throw new VaultError("register_peer_not_valid", "The key that is trusted has not signed the source's checkpoint.");
}
