import type { RegisterPeer } from "./register-peer.ts";

interface PeerRecord {
  readonly answers: number;
  readonly good: number;
  readonly totalMs: number;
}

const NEW: PeerRecord = { answers: 0, good: 0, totalMs: 0 };

/** How peers have served so far: those that answer well come first, the faster ones before the slower ones. */
export class PeerRanking {
  readonly #records = new Map<string, PeerRecord>();

  note(peer: RegisterPeer, isGood: boolean, durationMs: number): void {
    const { answers, good, totalMs } = this.#records.get(peer.name) ?? NEW;
    this.#records.set(peer.name, {
      answers: answers + 1,
      good: good + (isGood ? 1 : 0),
      totalMs: totalMs + durationMs,
    });
  }

  /** Peers of the same merit stay in their order. */
  order(peers: readonly RegisterPeer[]): readonly RegisterPeer[] {
    const merits = new Map(peers.map((peer) => [peer, this.#meritOf(peer)]));
    return peers.toSorted((a, b) => {
      const [one, other] = [merits.get(a), merits.get(b)];
      if (!one || !other) return 0;
      return other.rate - one.rate || one.latencyMs - other.latencyMs;
    });
  }

  #meritOf({ name }: RegisterPeer): { readonly rate: number; readonly latencyMs: number } {
    const { answers, good, totalMs } = this.#records.get(name) ?? NEW;
    // A peer that was never asked counts as one that answered every second time.
    return { rate: (good + 1) / (answers + 2), latencyMs: answers === 0 ? 0 : totalMs / answers };
  }
}
