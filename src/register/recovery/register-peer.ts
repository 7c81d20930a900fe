import type { DocketBytes } from "../verification/docket-examiner.ts";

/** What a peer says of a register. Nothing of it is believed before it is verified. */
export interface PeerHead {
  readonly registerId: string;
  /** The charter, if it is one: its hash tells. */
  readonly charter: unknown;
  /** Dockets that the peer has, from height 0 without a gap. */
  readonly size: bigint;
  /** The newest signed checkpoint; `null` before the first. */
  readonly note: string | null;
}

export interface PeerCall {
  readonly signal?: AbortSignal | undefined;
}

/** Heights, both inclusive. */
export interface HeightRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** Of one request. */
export const DOCKETS_PER_PULL_MAX = 1_000n;
export const PULL_BYTES_MAX = 32 * 2 ** 20;

/**
 * Somebody who has a copy of a register, and may say anything. Methods reject with `register_peer_unavailable`,
 * `register_peer_not_valid` and `aborted`.
 */
export interface RegisterPeer {
  /** For people and for the record of where a docket came from; 1 to 200 characters. */
  readonly name: string;
  /** @param registerId the register that the peer's key belongs to when left out */
  head(registerId: string | undefined, call?: PeerCall): Promise<PeerHead>;
  /** Ascending from the start, up to the first one that the peer does not have, and no more than so many bytes. */
  fetchDockets(
    registerId: string,
    heights: HeightRange,
    call: PeerCall & { readonly maxBytes: number },
  ): AsyncIterable<DocketBytes>;
}
