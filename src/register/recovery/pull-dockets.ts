import { isVaultError, VaultError } from "../../errors.ts";
import { DOCKET_BYTES_MAX } from "../ledger/docket-frame.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { type HeightRange, type PeerCall, PULL_BYTES_MAX, type RegisterPeer } from "./register-peer.ts";

/** What a peer sent before it ended, or before something went wrong. */
export interface Pulled {
  /** Ascending from the start of what was asked for, without a gap. */
  readonly dockets: readonly DocketBytes[];
  /** Why there is not more; `undefined` when the peer has ended by itself. */
  readonly error: VaultError | undefined;
}

/**
 * Asks a peer for dockets, and takes no more than it was asked for. A peer that sends other heights, or more than it may, has
 * sent nothing. Rejects with `aborted` only.
 */
export async function pullDockets(
  peer: RegisterPeer,
  registerId: string,
  { start, end, signal }: HeightRange & PeerCall,
): Promise<Pulled> {
  const dockets: DocketBytes[] = [];
  let bytesLeft = PULL_BYTES_MAX;
  try {
    for await (const { height, bytes } of peer.fetchDockets(
      registerId,
      { start, end },
      { maxBytes: PULL_BYTES_MAX, signal },
    )) {
      bytesLeft -= bytes.length;
      const isAsked = height === start + BigInt(dockets.length) && height <= end;
      if (!isAsked || bytes.length > DOCKET_BYTES_MAX || bytesLeft < 0) return { dockets: [], error: notAsked(peer) };
      dockets.push({ height, bytes });
    }
    return { dockets, error: undefined };
  } catch (error) {
    if (!isVaultError(error) || isVaultError(error, "aborted")) throw error;
    return { dockets: isVaultError(error, "register_peer_not_valid") ? [] : dockets, error };
  }
}

function notAsked({ name }: RegisterPeer): VaultError {
  return new VaultError("register_peer_not_valid", "A peer sent dockets that it was not asked for.", {
    details: { peer: name },
  });
}
