import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { seededIds } from "../testing/seeded-ids.ts";
import { apiKeyPrefix, generateApiKey, hashApiKey, isLive, requireBootstrapKey } from "./api-key.ts";

describe("generateApiKey", () => {
  it("makes sr_ and 43 characters of base64url, another one each time", () => {
    const ids = seededIds(1);
    const keys = Array.from({ length: 50 }, () => generateApiKey(ids));
    for (const key of keys) expect(key).toMatch(/^sr_[A-Za-z0-9_-]{43}$/);
    expect(new Set(keys).size).toBe(50);
  });
});

describe("hashApiKey", () => {
  it("is the SHA-256 of the whole key", () => {
    const key = "sr_secret-part";
    expect(hashApiKey(key)).toBe(createHash("sha256").update(key).digest("hex"));
  });
});

describe("apiKeyPrefix", () => {
  it("gives away 4 characters of chance at most", () => {
    expect(apiKeyPrefix("sr_abcdefghijkl")).toBe("sr_abcd");
    expect(apiKeyPrefix("0123456789abcdef")).toBe("0123");
  });
});

describe("requireBootstrapKey", () => {
  it("takes 16 to 256 visible ASCII characters", () => {
    expect(requireBootstrapKey("0123456789abcdef")).toBe("0123456789abcdef");
    expect(requireBootstrapKey("~".repeat(256))).toHaveLength(256);
  });

  it.each(["0123456789abcde", "x".repeat(257), "with a space in it!", "schlüsselschlüssel", "tab\tkeytab\tkeytab"])(
    "refuses %j without quoting it",
    (key) => {
      expect(() => requireBootstrapKey(key)).toThrow(expect.objectContaining({ code: "invalid_configuration" }));
      try {
        requireBootstrapKey(key);
      } catch (error) {
        expect(JSON.stringify(error) + String(error)).not.toContain(key);
      }
    },
  );
});

describe("isLive", () => {
  const now = "2026-03-03T09:30:00.000Z" as Instant;
  const later = "2026-03-03T09:30:00.001Z" as Instant;

  it("ends at the very instant of expiry, and with the revocation", () => {
    expect(isLive({ expiresAt: null, revokedAt: null }, now)).toBe(true);
    expect(isLive({ expiresAt: later, revokedAt: null }, now)).toBe(true);
    expect(isLive({ expiresAt: now, revokedAt: null }, now)).toBe(false);
    expect(isLive({ expiresAt: null, revokedAt: later }, now)).toBe(false);
  });
});
