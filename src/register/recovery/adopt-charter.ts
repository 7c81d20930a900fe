import { isVaultError } from "../../errors.ts";
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
  if ((await isOpened(register)) || pins.charter) return;
  for (const peer of peers) {
    const charter = await charterFrom(peer, register.registerId, signal);
    if (!isCharterOf(register.registerId, charter)) continue;
    await pins.keepCharter(charter);
    await isOpened(register);
    return;
  }
}

async function isOpened(register: VerifiedRegister): Promise<boolean> {
  try {
    await register.whenVerified();
    return true;
  } catch (error) {
    if (isVaultError(error)) return false;
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
