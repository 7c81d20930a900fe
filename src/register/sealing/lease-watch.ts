import type { Instant } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";

interface Episode {
  /** The oldest event that waited: with another one, somebody has sealed. */
  readonly oldest: Instant;
  readonly sinceMs: number;
  isTold: boolean;
}

/** Watches for registers that nobody seals because of a lease that somebody else has. */
export class LeaseWatch {
  readonly #patienceMs: number;
  readonly #episodes = new Map<TenantId, Episode>();

  /** @param patienceMs how long that may go on */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** For how long it has gone on, once in each episode that lasts too long; `undefined` at all other times. */
  refused(tenantId: TenantId, oldest: Instant, nowMs: number): number | undefined {
    let episode = this.#episodes.get(tenantId);
    if (episode?.oldest !== oldest) {
      episode = { oldest, sinceMs: nowMs, isTold: false };
      this.#episodes.set(tenantId, episode);
    }
    const forMs = nowMs - episode.sinceMs;
    if (episode.isTold || forMs <= this.#patienceMs) return undefined;
    episode.isTold = true;
    return forMs;
  }

  /** The register was sealed, or there is nothing to be sealed. */
  over(tenantId: TenantId): void {
    this.#episodes.delete(tenantId);
  }

  /** Ends the episodes of all who do not wait any more. */
  keepOnly(waiting: ReadonlySet<TenantId>): void {
    for (const tenantId of this.#episodes.keys()) if (!waiting.has(tenantId)) this.#episodes.delete(tenantId);
  }
}
