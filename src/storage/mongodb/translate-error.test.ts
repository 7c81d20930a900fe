import {
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoNotConnectedError,
  MongoParseError,
  MongoServerError,
} from "mongodb";
import { describe, expect, it } from "vitest";
import { VaultError } from "../../errors.ts";
import { DuplicateKey, isRefusal, isTransient, translateError } from "./translate-error.ts";

const server = (code: number, message = "secret value"): MongoServerError => new MongoServerError({ code, message });

describe("translateError", () => {
  it.each<[string, unknown]>([
    ["storage_unavailable", new MongoNetworkError("secret value")],
    ["storage_unavailable", new MongoNotConnectedError("secret value")],
    ["storage_unavailable", server(10107)],
    ["storage_unavailable", server(11600)],
    ["storage_unavailable", server(91)],
    ["storage_timeout", new MongoNetworkTimeoutError("secret value")],
    ["storage_timeout", server(50)],
    ["storage_timeout", server(64)],
    ["write_conflict", server(112)],
    ["limit_exceeded", server(10334)],
    ["limit_exceeded", Object.assign(new RangeError("secret value"), { code: "ERR_OUT_OF_RANGE" })],
    ["invalid_configuration", server(18)],
    ["invalid_configuration", server(13)],
    ["invalid_configuration", new MongoParseError("secret value")],
    ["invalid_configuration", new MongoInvalidArgumentError("secret value")],
    ["aborted", new DOMException("secret value", "AbortError")],
    ["internal_error", server(2)],
    ["internal_error", new TypeError("secret value")],
    ["internal_error", "secret value"],
  ])("makes %s of it", (code, error) => {
    const translated = translateError(error);
    expect(translated).toMatchObject({ name: "VaultError", code });
    expect(translated.cause).toBeUndefined();
    expect(JSON.stringify([translated.message, (translated as VaultError).details])).not.toContain("secret");
  });

  it("names the index that refused a duplicate, when the server does", () => {
    const text = 'E11000 duplicate key error collection: db.documents_a index: one_1 dup key: { keys: "index: x" }';
    expect(translateError(server(11000, text))).toMatchObject({ name: "DuplicateKey", index: "one_1" });
    expect(translateError(server(11000, "E11000 duplicate key error collection: db.a"))).toBeInstanceOf(DuplicateKey);
    expect(translateError(server(1, "UNIQUE constraint failed: index 'a'"))).toBeInstanceOf(DuplicateKey);
  });

  it("leaves what is translated already", () => {
    const own = new VaultError("closed", "Closed.");
    expect(translateError(own)).toBe(own);
  });
});

describe("the kinds of errors", () => {
  it("tells a server that refuses from one that is away", () => {
    expect(isRefusal(server(9))).toBe(true);
    expect(isRefusal(server(91))).toBe(false);
    expect(isRefusal(new MongoNetworkError("x"))).toBe(false);
  });

  it("knows what another attempt may mend", () => {
    const error = server(112);
    expect(isTransient(error)).toBe(false);
    error.addErrorLabel("TransientTransactionError");
    expect(isTransient(error)).toBe(true);
  });
});
