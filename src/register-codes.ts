import type { RegisteredCode } from "./error-kind.ts";

/** The part of the registry that is about registers and what proves something of them. */
export const REGISTER_CODES = {
  register_not_found: {
    kind: "not_found",
    cause: "Nothing of this tenant was sealed yet, so it has no register.",
    remedy: "Wait for register.sealIntervalMs after the first change, and see that register.enabled is true.",
  },
  docket_not_found: {
    kind: "not_found",
    cause: "There is no verified docket at this height; `reason` says why.",
    remedy: "Beyond: ask again later. NotYetVerified: wait for the verification. Corrupted: recover the register.",
  },
  transaction_not_found: {
    kind: "not_found",
    cause: "No verified docket has this transaction.",
    remedy: "Look it up by the event or the item that it is about.",
  },
  event_not_sealed: {
    kind: "conflict",
    retryable: true,
    cause: "The event is in the journal, but not yet in the register.",
    remedy: "Repeat the request after register.sealIntervalMs.",
  },
  register_offline: {
    kind: "unavailable",
    retryable: true,
    cause: "The register could not be opened, or was closed.",
    remedy: "See `reason`; repeat the request once it is mended.",
  },
  receipt_not_valid: {
    kind: "integrity",
    cause: "A receipt does not prove what it says.",
    remedy: "Do not rely on it; ask for another one.",
  },
  register_range_damaged: {
    kind: "conflict",
    cause: "A range of dockets was said to be recovered, and holds damaged ones.",
    remedy: "Recover the register; the range is done when every docket in it is verified.",
  },
  audit_event_not_found: {
    kind: "not_found",
    cause: "The tenant's journal has no such event.",
    remedy: "Use an id that the list of audit events shows.",
  },
  register_damaged: {
    kind: "integrity",
    cause: "Dockets of the register are missing or were altered.",
    remedy: "Recover the register from a peer or a backup; what is damaged is not served until then.",
  },
  register_peer_unavailable: {
    kind: "unavailable",
    retryable: true,
    cause: "A peer of the register cannot be reached, is too slow, or refuses.",
    remedy: "Check the addresses and keys in register.peers, and that the other vault runs.",
  },
  register_peer_not_valid: {
    kind: "integrity",
    cause: "A peer of the register sent something else than it was asked for.",
    remedy: "Remove it from register.peers, or find out what it is.",
  },
} as const satisfies Record<string, RegisteredCode>;
