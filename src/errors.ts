import { ERROR_CODES, type ErrorCode } from "./codes.ts";
import type { ErrorKind } from "./error-kind.ts";

export type { ErrorKind };

/** One problem at one place of the input. `path` is a JSON Pointer (RFC 6901); messages never quote a value. */
export interface ErrorItem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  /** The part of a request that `path` points into; the body when it is left out. */
  readonly in?: "query" | "path" | "header";
}

/** The JSON Pointer (RFC 6901) of a place. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

export interface VaultErrorOptions {
  /** Facts that are safe to show to the caller: ids and limits, never field values. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly ErrorItem[];
  /** What the reader can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The only error class that leaves a public function. `code` is registered in `codes.ts`,
 * which fixes its kind and whether a retry of an idempotent operation may succeed.
 */
export class VaultError extends Error {
  override readonly name = "VaultError";
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly errors: readonly ErrorItem[];
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: VaultErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const registered: { kind: ErrorKind; retryable?: true } = ERROR_CODES[code];
    this.code = code;
    this.kind = registered.kind;
    this.retryable = registered.retryable ?? false;
    this.details = options.details ?? {};
    this.errors = options.errors ?? [];
    this.hint = options.hint;
  }
}

export function isVaultError(error: unknown, code?: ErrorCode): error is VaultError {
  return error instanceof VaultError && (code === undefined || error.code === code);
}

/** A broken invariant is a bug of ours, not bad input: it surfaces as `internal_error`. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new VaultError("internal_error", `Invariant broken: ${message}`);
}
