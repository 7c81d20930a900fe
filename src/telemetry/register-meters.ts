import type { Histogram, Meter } from "@opentelemetry/api";
import { Counter } from "./counter.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Every metric of the registers. Labels are states, types, codes and outcomes: never ids, heights or tenants. */
export class RegisterMeters {
  readonly transitions: Counter;
  readonly verifiedDockets: Counter;
  readonly verifiedTransactions: Counter;
  readonly verification: Histogram;
  readonly corruption: Counter;
  readonly refused: Counter;
  readonly sealedDockets: Counter;
  readonly sealedTransactions: Counter;
  readonly sealing: Histogram;
  readonly recoveryAttempts: Counter;
  readonly scrubbedDockets: Counter;
  /** By register. */
  readonly #states = new Map<string, string>();
  /** A state that no register is in any more is told as 0, and not left at what it was. */
  readonly #statesSeen = new Set<string>();
  /** By register: when the docket was verified that was not for longest, in milliseconds since 1970. */
  readonly oldestChecks = new Map<string, number>();

  constructor(meter: Meter) {
    this.transitions = new Counter(
      meter,
      "strongroom_register_state_transitions_total",
      "Changes of a register's state",
    );
    this.verifiedDockets = new Counter(
      meter,
      "strongroom_register_verified_dockets_total",
      "Dockets that were verified",
    );
    this.verifiedTransactions = new Counter(
      meter,
      "strongroom_register_verified_transactions_total",
      "Transactions in dockets that were verified",
    );
    this.verification = meter.createHistogram("strongroom_register_verify_duration_seconds", {
      description: "Time of one verification of a register, at start or on request",
      advice: { explicitBucketBoundaries: SECONDS },
    });
    this.corruption = new Counter(
      meter,
      "strongroom_register_corruption_detected_total",
      "Ranges of dockets that were found damaged, by type",
    );
    this.refused = new Counter(
      meter,
      "strongroom_register_dockets_refused_total",
      "Dockets that were not accepted, by code",
    );
    this.sealedDockets = new Counter(meter, "strongroom_register_sealed_dockets_total", "Dockets that were sealed");
    this.sealedTransactions = new Counter(
      meter,
      "strongroom_register_sealed_transactions_total",
      "Transactions that were sealed",
    );
    this.sealing = meter.createHistogram("strongroom_register_seal_duration_seconds", {
      description: "Time from reading the events of a docket to having it sealed and indexed",
      advice: { explicitBucketBoundaries: SECONDS },
    });
    this.recoveryAttempts = new Counter(
      meter,
      "strongroom_register_recovery_attempts_total",
      "Attempts to get a damaged range from a peer, by outcome",
    );
    this.scrubbedDockets = new Counter(
      meter,
      "strongroom_register_scrubbed_dockets_total",
      "Dockets that were verified again in the background",
    );
    this.#observeStates(meter);
    this.#observeScrubAge(meter);
  }

  setState(registerId: string, state: string): void {
    this.#states.set(registerId, state);
    this.#statesSeen.add(state);
  }

  #observeStates(meter: Meter): void {
    const gauge = meter.createObservableGauge("strongroom_registers", {
      description: "Registers of this process, by state",
    });
    gauge.addCallback((result) => {
      const states = [...this.#states.values()];
      for (const state of this.#statesSeen) {
        result.observe(states.filter((current) => current === state).length, { state });
      }
    });
  }

  #observeScrubAge(meter: Meter): void {
    const gauge = meter.createObservableGauge("strongroom_register_scrub_age_seconds", {
      description: "Since the docket was verified that was not for longest, of all registers",
    });
    gauge.addCallback((result) => {
      if (this.oldestChecks.size === 0) return;
      result.observe(Math.max(0, Date.now() - Math.min(...this.oldestChecks.values())) / 1_000);
    });
  }
}
