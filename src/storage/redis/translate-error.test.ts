import { describe, expect, it } from "vitest";
import { VaultError } from "../../errors.ts";
import { CommandTimeout, translateError } from "./translate-error.ts";

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError", command: { name: "set", args: ["key", "private"] } });
}

describe("errors of Redis", () => {
  it.each([
    ["LOADING Redis is loading the dataset in memory", "storage_unavailable", "LOADING"],
    ["READONLY You can't write against a read only replica.", "storage_unavailable", "READONLY"],
    ["-CLUSTERDOWN The cluster is down", "storage_unavailable", "CLUSTERDOWN"],
    ["NOREPLICAS Not enough good replicas to write.", "storage_unavailable", "NOREPLICAS"],
    ["OOM command not allowed when used memory > 'maxmemory'.", "storage_unavailable", "OOM"],
    ["NOPERM this user has no permissions", "storage_unavailable", "NOPERM"],
    ["ERR syntax error near private", "internal_error", "ERR"],
  ])("translate the reply %s", (message, code, reason) => {
    const error = translateError(reply(message));
    expect(error).toMatchObject({ code, details: { reason } });
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain("private");
  });

  it("translate a lost connection, a deadline, a key of another type, and a bug", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    expect(translateError(refused)).toMatchObject({ code: "storage_unavailable", details: { reason: "ECONNREFUSED" } });
    expect(translateError(new Error("Connection is closed."))).toMatchObject({ details: { reason: "DISCONNECTED" } });
    expect(translateError(new CommandTimeout("late"))).toMatchObject({ code: "storage_timeout", retryable: true });
    expect(translateError(reply("WRONGTYPE Operation against a key"))).toMatchObject({ code: "integrity_violation" });
    expect(translateError(new TypeError("x is undefined"))).toMatchObject({ code: "internal_error" });
  });

  it("leave registered ones alone", () => {
    const error = new VaultError("aborted", "The caller gave up.");
    expect(translateError(error)).toBe(error);
  });
});
