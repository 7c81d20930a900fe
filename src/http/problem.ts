import { STATUS_CODES } from "node:http";
import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../codes.ts";
import { type ErrorItem, type ErrorKind, isVaultError, VaultError } from "../errors.ts";

export const PROBLEM_MEDIA_TYPE = "application/problem+json; charset=utf-8";

const STATUS_BY_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  already_exists: 409,
  conflict: 409,
  precondition_failed: 412,
  limit_exceeded: 422,
  rate_limited: 429,
  unsupported: 501,
  // Not 504: there is no gateway that gave up, and the same request may succeed in a moment.
  timeout: 503,
  unavailable: 503,
  integrity: 500,
  internal: 500,
};

/** Codes whose status says more than their kind's. */
const STATUS_BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  schema_validation_failed: 422,
  idempotency_key_reused: 422,
  payload_too_large: 413,
  unsupported_media_type: 415,
};

const RETRY_AFTER_SECONDS = 1;

const errorItemSchema = z
  .strictObject({
    path: z.string().meta({ description: "JSON Pointer into the body, or into the part that `in` names." }),
    code: z.string(),
    message: z.string(),
    in: z.enum(["query", "path", "header"]).optional(),
  })
  .meta({ id: "ErrorItem" });

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: "Stable. What went wrong, for programs." }),
    detail: z.string().meta({ description: "What went wrong, for people. The text may change." }),
    hint: z.string().optional().meta({ description: "What to do about it." }),
    errors: z.array(errorItemSchema).optional(),
    retryable: z.boolean().meta({ description: "The same request may succeed if it is repeated unchanged." }),
    requestId: z.string(),
  })
  .meta({
    id: "Problem",
    description:
      "RFC 9457 problem details. Some codes have members of their own, such as `results`, `mergedInto` or a limit: ids " +
      "and limits, never a value.",
  });

/** RFC 9457 problem details. */
export type Problem = z.output<typeof problemSchema>;

export function statusOf(error: VaultError): number {
  return STATUS_BY_CODE[error.code] ?? STATUS_BY_KIND[error.kind];
}

/** What the caller may know of an error. A bug shows nothing but the id to report it with. */
export function problemOf(thrown: unknown, requestId: string): Problem {
  const error = publicError(thrown);
  const status = statusOf(error);
  return {
    ...error.details,
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    code: error.code,
    detail: error.message,
    ...hintOf(error),
    ...(error.errors.length > 0 && { errors: error.errors.map(copyOf) }),
    retryable: error.retryable,
    requestId,
  };
}

function publicError(thrown: unknown): VaultError {
  if (!isVaultError(thrown)) return new VaultError("internal_error", "Something went wrong inside the vault.");
  // Their messages and details speak of the inside.
  if (thrown.kind === "internal") return new VaultError("internal_error", "Something went wrong inside the vault.");
  return thrown;
}

/** The remedy of most bad requests points to the errors it lists; there may be none. */
function hintOf({ hint, code, errors }: VaultError): { hint?: string } {
  if (hint !== undefined) return { hint };
  return code === "invalid_request" && errors.length === 0 ? {} : { hint: ERROR_CODES[code].remedy };
}

function copyOf(item: ErrorItem): z.output<typeof errorItemSchema> {
  return { ...item };
}

/** Headers that belong to a status whatever the route. */
export function problemHeaders({ status, code }: Problem): Readonly<Record<string, string>> {
  if (status === 401) return { "www-authenticate": 'Bearer realm="strongroom"' };
  if (status === 503 && code !== "closed") return { "retry-after": String(RETRY_AFTER_SECONDS) };
  return {};
}
