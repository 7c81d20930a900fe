import type { ErrorKind } from "../errors.ts";

/** What a shell sees of an error: 0 is success, 1 a bug, and a retry may help from 10 on. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  internal: 1,
  invalid_input: 2,
  unauthenticated: 3,
  forbidden: 3,
  not_found: 4,
  already_exists: 5,
  precondition_failed: 5,
  limit_exceeded: 6,
  unsupported: 7,
  integrity: 8,
  conflict: 10,
  rate_limited: 11,
  timeout: 12,
  unavailable: 13,
};
