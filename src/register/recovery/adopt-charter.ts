import { isVaultError, type VaultError } from "../../errors.ts";
import { isCharterOf } from "../ledger/charter.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import type { RegisterPeer } from "./register-peer.ts";

/**
 * Opens a register. One that has lost its charter gets it from a peer: the register's id certifies it. Nothing happens when nobody
 * has it, or the register cannot be opened for another reason.
 */
export async function adoptCharter(
  register: VerifiedRegister,
  peers: readonly RegisterPeer[],
  signal: AbortSignal,
): Promise<void> {
  const { pins } = register.parts;
  const failure = await failureOf(register);
  // While storage is out of order nobody knows whether the charter is lost.
  if (!isVaultError(failure, "integrity_violation") || pins.charter) return;
  for (const peer of peers) {
    const charter = await charterFrom(peer, register.registerId, signal);
    if (!isCharterOf(register.registerId, charter)) continue;
    await pins.keepCharter(charter);
    await failureOf(register);
    return;
  }
}

/** Why a register cannot be opened; `undefined` once it is. */
async function failureOf(register: VerifiedRegister): Promise<VaultError | undefined> {
  try {
    await register.whenVerified();
    return undefined;
  } catch (error) {
    if (isVaultError(error)) return error;
    throw error;
  }
}

async function charterFrom(peer: RegisterPeer, registerId: string, signal: AbortSignal): Promise<unknown> {
  try {
    return (await peer.head(registerId, { signal })).charter;
  } catch (error) {
    if (isVaultError(error)) return undefined;
    throw error;
  }
}
