import { isVaultError, VaultError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { CircuitState } from "./observability/tier-observer.ts";
import type { TierName } from "./resilience/tier-policy.ts";
import { systemTimers, type Timers } from "./resilience/timers.ts";
import { within } from "./resilience/within.ts";

/** How to look at one tier. */
export interface TierProbe {
  readonly tier: TierName;
  /** As the configuration names it. */
  readonly engine: string;
  /** The vault cannot do its work without it. */
  readonly required: boolean;
  /** Asks the engine itself. */
  ping(options: CallOptions): Promise<void>;
  /** Of the tier's guard; without one it is always closed. */
  readonly circuit?: (() => CircuitState) | undefined;
}

export interface TierHealth {
  readonly tier: TierName;
  readonly engine: string;
  /** `degraded`: the engine answers, but is not called until it has made up for its outage. */
  readonly status: "up" | "degraded" | "down";
  /** How long the sign of life took, in milliseconds, to two decimals. */
  readonly latencyMs: number;
  readonly circuit: CircuitState;
  /** Why it is down: a registered error code, and never what a driver said. */
  readonly code: string | null;
  readonly required: boolean;
}

export interface StorageHealth {
  /** `degraded` is ready too: something that can be done without is missing. */
  readonly status: "ready" | "degraded" | "not_ready";
  /** In the order of the probes. */
  readonly tiers: readonly TierHealth[];
}

const PROBE_MS = 2_000;
const KEPT_MS = 5_000;
/** Whoever is told that it is not well asks to be told when it is. */
const KEPT_UNWELL_MS = 1_000;

/**
 * Asks every tier for a sign of life: all at once, for 2 seconds at most, and not again for 5 seconds; for 1 second
 * when one of them was not up, and at once when a circuit has changed since.
 */
export class StorageHealthCheck {
  readonly #probes: readonly TierProbe[];
  readonly #timers: Timers;
  #health: Promise<StorageHealth> | undefined;
  #freshUntilMs = 0;
  /** As they were when the health became known; `undefined` until it is. */
  #circuits: string | undefined;

  constructor(probes: readonly TierProbe[], timers: Timers = systemTimers) {
    this.#probes = probes;
    this.#timers = timers;
  }

  /** Never rejects. */
  check(): Promise<StorageHealth> {
    const hasChanged = this.#circuits !== undefined && this.#circuits !== circuitsOf(this.#probes);
    if (this.#health && !hasChanged && this.#timers.nowMs() < this.#freshUntilMs) return this.#health;
    // Until it is known, which is soon, everybody waits for the same.
    this.#freshUntilMs = Number.POSITIVE_INFINITY;
    this.#circuits = undefined;
    this.#health = this.#ask();
    return this.#health;
  }

  /** What is known is not so any more. */
  forget(): void {
    this.#health = undefined;
  }

  async #ask(): Promise<StorageHealth> {
    const askedMs = this.#timers.nowMs();
    const tiers = await Promise.all(this.#probes.map((probe) => this.#probe(probe)));
    const status = overall(tiers);
    this.#freshUntilMs = askedMs + (status === "ready" ? KEPT_MS : KEPT_UNWELL_MS);
    this.#circuits = circuitsOf(this.#probes);
    return { status, tiers };
  }

  async #probe(probe: TierProbe): Promise<TierHealth> {
    const { tier, engine, required } = probe;
    const startedMs = this.#timers.nowMs();
    const code = await this.#codeOf(() => probe.ping({}));
    const latencyMs = Math.round((this.#timers.nowMs() - startedMs) * 100) / 100;
    const state = probe.circuit?.() ?? "closed";
    return { tier, engine, status: statusOf(code, state), latencyMs, circuit: state, code, required };
  }

  async #codeOf(ping: () => Promise<void>): Promise<string | null> {
    const error = () => new VaultError("storage_timeout", "The storage gave no sign of life in time.");
    try {
      await within(this.#timers, { ms: PROBE_MS, error }, ping);
      return null;
    } catch (failure) {
      return isVaultError(failure) ? failure.code : "internal_error";
    }
  }
}

function circuitsOf(probes: readonly TierProbe[]): string {
  return probes.map(({ circuit }) => circuit?.() ?? "").join(" ");
}

function statusOf(code: string | null, circuit: CircuitState): TierHealth["status"] {
  if (code !== null) return "down";
  return circuit === "closed" ? "up" : "degraded";
}

/** A required tier that answers and is not called yet is as good as none for those who ask now. */
function overall(tiers: readonly TierHealth[]): StorageHealth["status"] {
  const impaired = tiers.filter(({ status }) => status !== "up");
  if (impaired.length === 0) return "ready";
  return impaired.some(({ required }) => required) ? "not_ready" : "degraded";
}
