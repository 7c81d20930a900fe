import { describe, expect, it } from "vitest";
import type { TenantId } from "../identifiers.ts";
import { seededIds } from "../testing/seeded-ids.ts";
import { deriveIdempotencySecrets, openAnswer, sealAnswer } from "./sealed-answer.ts";

const ids = seededIds(3);
const tenantId = ids.uuid<TenantId>();
const otherTenantId = ids.uuid<TenantId>();
const secrets = deriveIdempotencySecrets(tenantId, "key-1", "POST /v1/x {}");
const answer = {
  status: 201,
  headers: { location: "/v1/x/1" },
  body: { email: "ana@example.com", n: 1.5, none: null },
};

describe("a sealed answer", () => {
  it("opens for the same request, as it was", () => {
    const again = deriveIdempotencySecrets(tenantId, "key-1", "POST /v1/x {}");
    expect(openAnswer(sealAnswer(answer, secrets, ids), again)).toEqual(answer);
    expect(openAnswer(sealAnswer({ status: 204 }, secrets, ids), again)).toEqual({ status: 204, headers: {} });
  });

  it("shows neither the answer, nor the request, nor the key", () => {
    const stored = [sealAnswer(answer, secrets, ids), secrets.keyHash, secrets.fingerprint];
    const bytes = stored.map((text) => text + Buffer.from(text, "base64").toString("latin1")).join(" ");
    for (const text of ["ana@example.com", "location", "key-1", "/v1/x"]) expect(bytes).not.toContain(text);
  });

  it("is another text each time", () => {
    expect(sealAnswer(answer, secrets, ids)).not.toBe(sealAnswer(answer, secrets, ids));
  });

  it.each([
    ["another request", deriveIdempotencySecrets(tenantId, "key-1", "POST /v1/x {1}")],
    ["another key", deriveIdempotencySecrets(tenantId, "key-2", "POST /v1/x {}")],
    ["another tenant", deriveIdempotencySecrets(otherTenantId, "key-1", "POST /v1/x {}")],
  ])("does not open for %s", (_, others) => {
    const sealed = sealAnswer(answer, secrets, ids);
    expect(() => openAnswer(sealed, others)).toThrow(expect.objectContaining({ code: "integrity_violation" }));
  });

  it("does not open when any byte was changed", () => {
    const bytes = Buffer.from(sealAnswer({ status: 204 }, secrets, ids), "base64");
    for (let index = 0; index < bytes.length; index++) {
      const altered = Buffer.from(bytes);
      altered[index] = (altered[index] ?? 0) ^ 1;
      expect(() => openAnswer(altered.toString("base64"), secrets)).toThrow(
        expect.objectContaining({ code: "integrity_violation" }),
      );
    }
    expect(() => openAnswer("", secrets)).toThrow(expect.objectContaining({ code: "integrity_violation" }));
  });
});

describe("fingerprints", () => {
  it("are equal for equal requests only", () => {
    const fingerprint = (key: string, request: string) => deriveIdempotencySecrets(tenantId, key, request).fingerprint;
    expect(fingerprint("a", "x")).toBe(fingerprint("a", "x"));
    expect(fingerprint("a", "x")).not.toBe(fingerprint("a", "y"));
  });
});
