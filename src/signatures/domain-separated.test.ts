import { describe, expect, it } from "vitest";
import { domainSeparated, MESSAGE_KINDS } from "./domain-separated.ts";

const content = new TextEncoder().encode("docket/v1\n");

describe("domainSeparated", () => {
  it.each(MESSAGE_KINDS)("puts the name of the product, the kind %s and the version before the content", (kind) => {
    const message = domainSeparated(kind, content);
    expect(new TextDecoder().decode(message)).toBe(`strongroom/${kind}/v1\ndocket/v1\n`);
  });

  it("gives no two kinds the same bytes, nor one that continues another", () => {
    const prefixes = MESSAGE_KINDS.map((kind) => new TextDecoder().decode(domainSeparated(kind, new Uint8Array())));
    for (const [index, prefix] of prefixes.entries()) {
      expect(prefixes.filter((other, at) => at !== index && other.startsWith(prefix))).toEqual([]);
    }
  });

  it("refuses a kind that is not registered", () => {
    expect(() => domainSeparated("toString" as never, content)).toThrow(
      expect.objectContaining({ code: "internal_error" }),
    );
  });
});
