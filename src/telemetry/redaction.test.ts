import { describe, expect, it } from "vitest";
import { VaultError } from "../errors.ts";
import { describeError, REDACTED, Redactor } from "./redaction.ts";

describe("Redactor", () => {
  const redactor = new Redactor();

  it.each([
    "password",
    "apiKey",
    "api_key",
    "key",
    "masterKey",
    "wrapped-key",
    "Authorization",
    "accessToken",
    "clientSecret",
    "email",
    "phoneNumber",
    "cardNumber",
    "pin",
    "value",
    "fieldValue",
    "body",
    "databaseUrl",
    "url",
  ])("hides %s", (name) => {
    expect(redactor.redact({ [name]: "x", nested: { list: [{ [name]: 1 }] } })).toEqual({
      [name]: REDACTED,
      nested: { list: [{ [name]: REDACTED }] },
    });
  });

  it.each(["apiKeyId", "tenantId", "fieldName", "requestId", "valueType", "keyType", "opinion", "shipping"])(
    "shows %s",
    (name) => {
      const expected = name === "valueType" ? REDACTED : "x";
      expect(redactor.redact({ [name]: "x" })).toEqual({ [name]: expected });
    },
  );

  it("leaves the record alone and stops at some depth", () => {
    const record = { secret: "x", a: { a: { a: { a: { a: { secret: "x" } } } } } };
    const copy = redactor.redact(record);
    expect(record.secret).toBe("x");
    expect(JSON.stringify(copy)).toBe('{"secret":"[redacted]","a":{"a":{"a":{"a":{"a":"[deep]"}}}}}');
  });
});

describe("describeError", () => {
  it("keeps the texts of our errors and of the language's, and where they were made", () => {
    const error = new VaultError("internal_error", "Ours.", { cause: new TypeError("Its own.") });
    expect(describeError(error)).toMatchObject({
      name: "VaultError",
      code: "internal_error",
      message: "Ours.",
      cause: { name: "TypeError", message: "Its own." },
    });
    expect(describeError(error).stack?.[0]).toMatch(/^at .*redaction\.test\.ts/);
  });

  it("keeps only name, code and place of others, whose texts quote values", () => {
    class DatabaseError extends Error {
      readonly code = "23505";
      readonly detail = "Key (email)=(ana@example.com) already exists.";
    }
    const described = describeError(new DatabaseError("ana@example.com\n    at ana@example.com is taken"));
    expect(described).toMatchObject({ code: "23505" });
    expect(described.message).toBeUndefined();
    expect(JSON.stringify(describeError(new SyntaxError("Unexpected token in ana@example.com")))).not.toContain("ana@");
  });

  it("ends with a cause that goes in circles", () => {
    const error: Error & { cause?: unknown } = new TypeError("a");
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(50_000);
    expect(describeError("text")).toEqual({ name: "string" });
  });
});
