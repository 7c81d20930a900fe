import { VaultError } from "../errors.ts";
import { DOCKETS_PER_PULL_MAX, type PeerHead, type RegisterPeer } from "../register/recovery/register-peer.ts";
import type { DocketBytes } from "../register/verification/docket-examiner.ts";
import { untilAborted } from "../storage/until-aborted.ts";
import type { LedgerChain } from "./ledger-chain.ts";
import { checkpointOf, flipped } from "./register-scene.ts";

/** How a peer deals with one request. */
export type PeerBehaviour =
  | "honest"
  /** Sends its first docket with one bit changed. */
  | "altered"
  /** Sends the first docket twice. */
  | "duplicate"
  /** Sends one docket more than it was asked for. */
  | "extra"
  /** Leaves out the first docket. */
  | "skipping"
  /** Sends dockets of other heights under those that were asked for. */
  | "misplaced"
  /** Breaks off after the first docket. */
  | "disconnect"
  /** Cannot be reached. */
  | "unreachable"
  /** Never answers. */
  | "stall"
  /** Has nothing. */
  | "empty"
  /** Sends a docket larger than any can be. */
  | "oversized";

export interface ScriptedPeerOptions {
  readonly name?: string;
  /** For one request each, in their order; then the last one for good. */
  readonly script?: readonly PeerBehaviour[];
  /** Of one answer. */
  readonly docketsMax?: number;
}

/** A peer with the dockets of a chain that behaves as a test says. */
export class ScriptedPeer implements RegisterPeer {
  readonly name: string;
  /** What was asked for: `start-end`. */
  readonly asked: string[] = [];
  /** How often it was asked where the register ends. */
  heads = 0;
  chain: LedgerChain;
  readonly #script: PeerBehaviour[];
  readonly #docketsMax: number;

  constructor(chain: LedgerChain, { name = "peer", script = ["honest"], docketsMax }: ScriptedPeerOptions = {}) {
    this.name = name;
    this.chain = chain;
    this.#script = [...script];
    this.#docketsMax = docketsMax ?? Number(DOCKETS_PER_PULL_MAX);
  }

  async head(_registerId: string | undefined, { signal }: { readonly signal?: AbortSignal } = {}): Promise<PeerHead> {
    this.heads += 1;
    const behaviour = this.#next();
    if (behaviour === "stall") return await untilAborted(signal, () => new Promise(() => undefined));
    if (behaviour === "unreachable") throw unreachable();
    const { registerId, charter, dockets } = this.chain;
    const size = dockets.length;
    return { registerId, charter, size: BigInt(size), note: size === 0 ? null : checkpointOf(this.chain, size).note };
  }

  async *fetchDockets(
    _registerId: string,
    { start, end }: { readonly start: bigint; readonly end: bigint },
    { signal }: { readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<DocketBytes, void, undefined> {
    this.asked.push(`${start}-${end}`);
    const behaviour = this.#next();
    if (behaviour === "unreachable") throw unreachable();
    if (behaviour === "stall") await untilAborted(signal, () => new Promise(() => undefined));
    const last = Math.min(Number(end), Number(start) + this.#docketsMax - 1);
    const dockets = this.chain.dockets.slice(Number(start), last + 1).map(({ height, bytes }) => ({ height, bytes }));
    yield* this.#sent(behaviour, dockets);
    if (behaviour === "disconnect") throw unreachable();
  }

  #sent(behaviour: PeerBehaviour, dockets: readonly DocketBytes[]): readonly DocketBytes[] {
    const [first, ...rest] = dockets;
    if (!first) return [];
    switch (behaviour) {
      case "altered":
        return [{ ...first, bytes: flipped(first.bytes) }, ...rest];
      case "duplicate":
        return [first, first, ...rest];
      case "extra":
        return [...dockets, { height: first.height + BigInt(dockets.length), bytes: first.bytes }];
      case "skipping":
        return rest;
      case "misplaced":
        return dockets.map(({ height }) => ({ height, bytes: this.chain.dockets[0]?.bytes ?? new Uint8Array() }));
      case "disconnect":
        return [first];
      case "oversized":
        return [{ ...first, bytes: new Uint8Array(15 * 2 ** 20) }];
      case "empty":
        return [];
      default:
        return dockets;
    }
  }

  #next(): PeerBehaviour {
    const [behaviour = "honest"] = this.#script;
    if (this.#script.length > 1) this.#script.shift();
    return behaviour;
  }
}

function unreachable(): VaultError {
  return new VaultError("register_peer_unavailable", "The peer cannot be reached.");
}
