/**
 * What went wrong, in the caller's terms. Transports map kinds, never codes:
 * HTTP status, process exit code and MCP error are each one table over this list.
 */
export type ErrorKind =
  | "invalid_input"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "already_exists"
  | "conflict"
  | "precondition_failed"
  | "limit_exceeded"
  | "rate_limited"
  | "unsupported"
  | "timeout"
  | "unavailable"
  | "integrity"
  | "internal";

/** What is fixed for every error with a code. */
export interface RegisteredCode {
  readonly kind: ErrorKind;
  /** True when the same idempotent operation may succeed if it is repeated unchanged. */
  readonly retryable?: true;
  readonly cause: string;
  readonly remedy: string;
}
