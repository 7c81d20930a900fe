/** What a register is doing. */
export const OPERATIONAL_STATES = [
  "Initializing",
  "Healthy",
  "Degraded",
  "Recovering",
  "PeerSyncInProgress",
  "Offline",
] as const;
export type OperationalState = (typeof OPERATIONAL_STATES)[number];

/** What happens to a register. */
export type OperationalEvent =
  | "initialize"
  | "verified"
  | "corruption_found"
  | "recovery_started"
  | "peer_requested"
  | "peer_answered"
  | "recovered"
  | "recovery_given_up"
  | "failed"
  | "closed";

const TRANSITIONS: Readonly<Record<OperationalState, Partial<Readonly<Record<OperationalEvent, OperationalState>>>>> = {
  Initializing: { verified: "Healthy", corruption_found: "Degraded", failed: "Offline", closed: "Offline" },
  Healthy: { initialize: "Initializing", corruption_found: "Degraded", failed: "Offline", closed: "Offline" },
  Degraded: {
    initialize: "Initializing",
    recovery_started: "Recovering",
    corruption_found: "Degraded",
    failed: "Offline",
    closed: "Offline",
  },
  Recovering: {
    peer_requested: "PeerSyncInProgress",
    recovered: "Healthy",
    recovery_given_up: "Degraded",
    corruption_found: "Recovering",
    failed: "Offline",
    closed: "Offline",
  },
  PeerSyncInProgress: {
    peer_requested: "PeerSyncInProgress",
    peer_answered: "Recovering",
    recovered: "Healthy",
    recovery_given_up: "Degraded",
    corruption_found: "PeerSyncInProgress",
    failed: "Offline",
    closed: "Offline",
  },
  Offline: { initialize: "Initializing", failed: "Offline", closed: "Offline" },
};

/** Where an event leads; `undefined` when it may not happen in that state. A register that nobody opened is `Offline`. */
export function nextState(state: OperationalState, event: OperationalEvent): OperationalState | undefined {
  return TRANSITIONS[state][event];
}
