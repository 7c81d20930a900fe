import pg from "pg";
import { describe, expect, it } from "vitest";
import { VaultError } from "../../errors.ts";
import { ConstraintViolation } from "./sql-database.ts";
import { breaksConnection, sqlStateOf, translateError } from "./translate-error.ts";

function fromServer(code: string, fields: Partial<pg.DatabaseError> = {}, message = "said the server"): Error {
  return Object.assign(new pg.DatabaseError(message, 1, "error"), { code, severity: "ERROR", ...fields });
}
function fromSocket(code: string, message = `connect ${code} db.internal:5432`): Error {
  return Object.assign(new Error(message), { code });
}

describe("translateError", () => {
  it.each([
    ["08006", "storage_unavailable"],
    ["08P01", "storage_unavailable"],
    ["57P01", "storage_unavailable"],
    ["57P02", "storage_unavailable"],
    ["57P03", "storage_unavailable"],
    ["53300", "storage_unavailable"],
    ["53100", "storage_unavailable"],
    ["25006", "storage_unavailable"],
    ["58030", "storage_unavailable"],
    ["57014", "storage_timeout"],
    ["55P03", "storage_timeout"],
    ["25P03", "storage_timeout"],
    ["40001", "write_conflict"],
    ["40P01", "write_conflict"],
    ["28P01", "invalid_configuration"],
    ["3D000", "invalid_configuration"],
    ["42501", "internal_error"],
    ["42P01", "internal_error"],
    ["22P02", "internal_error"],
    ["XX000", "internal_error"],
    ["58P01", "internal_error"],
  ])("makes %s a %s", (state, code) => {
    expect(translateError(fromServer(state))).toMatchObject({ code });
    expect(sqlStateOf(fromServer(state))).toBe(state);
  });

  it("makes whatever a server gives itself up for storage_unavailable", () => {
    for (const state of ["58P01", "XX000", "22P02"]) {
      const panic = fromServer(state, { severity: "PANIC" });
      expect(translateError(panic)).toMatchObject({ code: "storage_unavailable" });
    }
  });

  it.each([
    ["ECONNREFUSED", "storage_unavailable"],
    ["ECONNRESET", "storage_unavailable"],
    ["ETIMEDOUT", "storage_unavailable"],
    ["ENOTFOUND", "storage_unavailable"],
    ["EPIPE", "storage_unavailable"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "invalid_configuration"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "invalid_configuration"],
    ["EWHATEVER", "internal_error"],
  ])("makes the socket's %s a %s", (socketCode, code) => {
    expect(translateError(fromSocket(socketCode))).toMatchObject({ code });
    expect(breaksConnection(fromSocket(socketCode))).toBe(true);
  });

  it.each([
    ["Connection terminated", "storage_unavailable"],
    ["Connection terminated unexpectedly", "storage_unavailable"],
    ["Connection terminated due to connection timeout", "storage_unavailable"],
    ["Client has encountered a connection error and is not queryable", "storage_unavailable"],
    ["timeout expired", "storage_unavailable"],
    ["Query read timeout", "storage_timeout"],
    ["timeout exceeded when trying to connect", "storage_timeout"],
    ["The server does not support SSL connections", "invalid_configuration"],
    ["Cannot read properties of undefined", "internal_error"],
  ])("makes the driver's %j a %s", (message, code) => {
    expect(translateError(new Error(message))).toMatchObject({ code });
  });

  it.each([
    ["23505", "unique"],
    ["23503", "foreign_key"],
    ["23514", "check"],
    ["23P01", "exclusion"],
  ] as const)("makes %s a violated %s constraint", (state, rule) => {
    const error = translateError(fromServer(state, { constraint: "some_key" }));
    expect(error).toBeInstanceOf(ConstraintViolation);
    expect(error).toMatchObject({ constraint: "some_key", rule });
    expect(breaksConnection(fromServer(state))).toBe(false);
  });

  it("passes its own errors through", () => {
    const mine = new VaultError("closed", "x");
    const violation = new ConstraintViolation("c", "check", undefined);
    expect(translateError(mine)).toBe(mine);
    expect(translateError(violation)).toBe(violation);
  });

  it("takes whatever is thrown", () => {
    expect(translateError("text")).toMatchObject({ code: "internal_error" });
    expect(translateError(undefined)).toMatchObject({ code: "internal_error" });
  });

  it("names no host, user or password when the database is away", () => {
    const error = translateError(fromSocket("ECONNREFUSED", "connect ECONNREFUSED admin:pa55@db.internal:5432"));
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/db\.internal|admin|pa55/);
  });

  it("leaves the values of rows and parameters out of the cause", () => {
    const detail = "Key (email)=(jane@example.org) already exists.";
    const unique = translateError(fromServer("23505", { detail, where: "jane@example.org", constraint: "k" }));
    const invalid = translateError(fromServer("22P02", {}, 'invalid input syntax for type uuid: "jane "x" doe"'));
    for (const { cause } of [unique, invalid]) {
      const everything = [cause, { ...(cause as object) }, (cause as Error).stack, (cause as Error).message];
      expect(JSON.stringify(everything)).not.toContain("jane");
    }
    expect(invalid.cause).toMatchObject({ message: 'invalid input syntax for type uuid: "…"', code: "22P02" });
  });
});

describe("breaksConnection", () => {
  it.each(["57P01", "08006", "25P03", "0A000", "26000", "XX000"])("is true for %s", (state) => {
    expect(breaksConnection(fromServer(state))).toBe(true);
  });
  it.each(["57014", "22012", "42501", "40001", "25P02"])("is false for %s", (state) => {
    expect(breaksConnection(fromServer(state))).toBe(false);
  });
});
