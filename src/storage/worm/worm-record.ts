import { VaultError } from "../../errors.ts";
import type { WormDescriptor, WormRecord } from "../worm-store.ts";
import type { WormRow } from "./worm-rows.ts";

/** The record that a row holds, unverified. Throws `integrity_violation` when the row cannot be read. */
export function recordOf<T>(descriptor: WormDescriptor<T>, row: WormRow): WormRecord<T> {
  const { sequence, sealedAt, previousHash, hash, bytes } = row;
  if (sealedAt === null) throw unreadable(sequence);
  try {
    return { sequence, document: descriptor.decode(bytes), sealedAt, previousHash, hash };
  } catch (error) {
    throw unreadable(sequence, error);
  }
}

function unreadable(sequence: bigint, cause?: unknown): VaultError {
  const details = { sequence: sequence.toString() };
  return new VaultError("integrity_violation", "A stored record cannot be read.", { details, cause });
}
