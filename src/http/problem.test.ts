import { describe, expect, it } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../codes.ts";
import { VaultError } from "../errors.ts";
import { problemHeaders, problemOf, problemSchema, statusOf } from "./problem.ts";

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe("problemOf", () => {
  it.each(CODES)("makes a documented problem of %s", (code) => {
    const problem = problemOf(new VaultError(code, "What happened."), "request-1");
    expect(problemSchema.parse(problem)).toEqual(problem);
    expect(problem.status).toBeGreaterThanOrEqual(400);
    expect(problem.requestId).toBe("request-1");
  });

  it.each([
    ["invalid_request", 400],
    ["schema_validation_failed", 422],
    ["idempotency_key_reused", 422],
    ["unauthenticated", 401],
    ["forbidden", 403],
    ["customer_not_found", 404],
    ["identity_taken", 409],
    ["write_conflict", 409],
    ["version_mismatch", 412],
    ["payload_too_large", 413],
    ["unsupported_media_type", 415],
    ["limit_exceeded", 422],
    ["storage_timeout", 503],
    ["storage_unavailable", 503],
    ["integrity_violation", 500],
    ["internal_error", 500],
  ] as const)("gives %s the status %i", (code, status) => {
    expect(statusOf(new VaultError(code, ""))).toBe(status);
  });

  it("carries what helps: errors, details, the hint, whether to retry", () => {
    const errors = [{ path: "/name", code: "too_long", message: "Too long" }];
    const error = new VaultError("storage_unavailable", "Gone.", { errors, details: { limit: 3 }, hint: "Wait." });
    expect(problemOf(error, "r")).toEqual({
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      code: "storage_unavailable",
      detail: "Gone.",
      hint: "Wait.",
      errors,
      limit: 3,
      retryable: true,
      requestId: "r",
    });
  });

  it.each([
    new TypeError("secret-value in x"),
    "secret-value",
    new VaultError("internal_error", "secret-value", { details: { row: "secret-value" }, hint: "secret-value" }),
    new VaultError("migration_failed", "secret-value"),
  ])("shows nothing of the inside", (error) => {
    const problem = problemOf(error, "r");
    expect(problem).toMatchObject({ status: 500, code: "internal_error" });
    expect(JSON.stringify(problem)).not.toContain("secret-value");
  });

  it("does not let details pass for its own members", () => {
    const details = { status: 200, code: "fine", requestId: "other" };
    const problem = problemOf(new VaultError("forbidden", "No.", { details }), "r");
    expect(problem).toMatchObject({ status: 403, code: "forbidden", requestId: "r" });
  });

  it("never shows a cause", () => {
    const error = new VaultError("storage_unavailable", "Gone.", { cause: new RangeError("secret-value") });
    expect(JSON.stringify(problemOf(error, "r"))).not.toContain("secret-value");
  });
});

describe("problemHeaders", () => {
  it("names the scheme with 401 and the wait with 503", () => {
    const headersOf = (code: ErrorCode) => problemHeaders(problemOf(new VaultError(code, ""), "r"));
    expect(headersOf("unauthenticated")).toEqual({ "www-authenticate": 'Bearer realm="strongroom"' });
    expect(headersOf("storage_unavailable")).toEqual({ "retry-after": "1" });
    expect(headersOf("forbidden")).toEqual({});
  });
});
