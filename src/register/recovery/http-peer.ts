import { isVaultError, VaultError } from "../../errors.ts";
import type { Timers } from "../../storage/resilience/timers.ts";
import { abortedError } from "../../storage/until-aborted.ts";
import { heightIn } from "../register-lookups.ts";
import { decodeDocketEntries } from "../replication/docket-stream.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { Patience } from "./patience.ts";
import type { HeightRange, PeerCall, PeerHead, RegisterPeer } from "./register-peer.ts";

export interface HttpRegisterPeerOptions {
  /** Of another vault, such as `https://other.example:8420`. */
  readonly url: string;
  /** An API key of the tenant there. */
  readonly key?: string | undefined;
  readonly timers: Timers;
  /** Until the answer begins, and between two parts of it. */
  readonly idleMs?: number;
  /** Of one request. */
  readonly totalMs?: number;
}

const IDLE_MS = 30_000;
const TOTAL_MS = 300_000;
const HEAD_BYTES_MAX = 2 * 2 ** 20;

/** Another vault, through its API. */
export class HttpRegisterPeer implements RegisterPeer {
  readonly name: string;
  readonly #options: HttpRegisterPeerOptions;

  constructor(options: HttpRegisterPeerOptions) {
    this.#options = options;
    this.name = new URL(options.url).host;
  }

  async head(registerId: string | undefined, { signal }: PeerCall = {}): Promise<PeerHead> {
    const query = registerId === undefined ? "" : `?registerId=${encodeURIComponent(registerId)}`;
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.#request(`head${query}`, signal)) {
      length += chunk.length;
      if (length > HEAD_BYTES_MAX) throw notValid(this.name);
      chunks.push(chunk);
    }
    return readHead(Buffer.concat(chunks).toString(), this.name);
  }

  async *fetchDockets(
    registerId: string,
    { start, end }: HeightRange,
    { maxBytes, signal }: PeerCall & { readonly maxBytes: number },
  ): AsyncGenerator<DocketBytes, void, undefined> {
    const query = new URLSearchParams({ registerId, from: start.toString(), to: end.toString() });
    const chunks = this.#request(`dockets?${query.toString()}`, signal);
    let left = end - start + 1n;
    for await (const docket of decodeDocketEntries(chunks, maxBytes)) {
      if (left === 0n) throw notValid(this.name);
      left -= 1n;
      yield docket;
    }
  }

  /** The parts of an answer as they come. */
  async *#request(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    const { timers, idleMs = IDLE_MS, totalMs = TOTAL_MS } = this.#options;
    const patience = new Patience({ timers, idleMs, totalMs, signal });
    try {
      const response = await this.#send(path, patience.signal);
      for await (const chunk of response.body ?? []) {
        patience.pause();
        yield chunk;
        patience.renew();
      }
    } catch (error) {
      throw this.#problemOf(error, signal);
    } finally {
      patience.end();
    }
  }

  async #send(path: string, signal: AbortSignal): Promise<Response> {
    const { url, key } = this.#options;
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const target = new URL(`/v1/register/replication/${path}`, url);
    const response = await fetch(target, { headers, redirect: "error", signal });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new VaultError("register_peer_unavailable", `The peer answered with status ${response.status}.`, {
      details: { peer: this.name, status: response.status },
    });
  }

  #problemOf(error: unknown, signal: AbortSignal | undefined): VaultError {
    if (signal?.aborted) return abortedError();
    if (isVaultError(error)) return error;
    return new VaultError("register_peer_unavailable", "The peer cannot be reached, or broke off.", {
      cause: error,
      details: { peer: this.name },
    });
  }
}

function readHead(text: string, name: string): PeerHead {
  const { registerId, charter, size, note } = jsonOf(text) ?? {};
  const count = typeof size === "string" ? heightIn(size) : undefined;
  const isNote = typeof note === "string" || note === null;
  if (typeof registerId !== "string" || count === undefined || !isNote) throw notValid(name);
  return { registerId, charter, size: count, note };
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function notValid(name: string): VaultError {
  return new VaultError("register_peer_not_valid", "A peer sent something else than it was asked for.", {
    details: { peer: name },
  });
}
