import type { CacheLease } from "../cache-store.ts";

/** What the server had when a reader missed; a nonce that was not there is an empty text. */
export interface RedisCacheLease {
  readonly generation: string;
  /** Milliseconds since 1970. */
  readonly issuedMs: number;
  readonly nonce: string;
  readonly tags: readonly string[];
  readonly tagNonces: readonly string[];
}

/** A lease is good for so long; a nonce outlives every lease that it outdates, whatever two clocks differ by. */
const LEASE_MS = 600_000;
export const NONCE_MS = 900_000;

export function encodeLease({ generation, issuedMs, nonce, tags, tagNonces }: RedisCacheLease): CacheLease {
  return JSON.stringify([generation, issuedMs, nonce, tags, tagNonces]) as CacheLease;
}

/** The lease, or `undefined` for one that is too old or of another tier: it proves nothing. */
export function decodeLease(lease: CacheLease, nowMs: number): RedisCacheLease | undefined {
  if (!lease.startsWith("[")) return undefined;
  const [generation, issuedMs, nonce, tags, tagNonces] = JSON.parse(lease) as [
    string,
    number,
    string,
    string[],
    string[],
  ];
  return nowMs - issuedMs > LEASE_MS ? undefined : { generation, issuedMs, nonce, tags, tagNonces };
}
