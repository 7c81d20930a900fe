import { describe, expect, it } from "vitest";
import { addMs, instantOf, laterOf, parseInstant } from "./clock.ts";

describe("parseInstant", () => {
  it.each([
    ["2026-03-03T09:30:00Z", "2026-03-03T09:30:00.000Z"],
    ["2026-03-03t09:30:00.5z", "2026-03-03T09:30:00.500Z"],
    ["2026-03-03T09:30:00.123456789+02:00", "2026-03-03T07:30:00.123Z"],
    ["2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
  ])("makes %s canonical", (text, canonical) => {
    expect(parseInstant(text)).toBe(canonical);
  });

  it.each([
    "2026-03-03",
    "2026-03-03T09:30:00",
    "2026-03-03 09:30:00Z",
    "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-03-03T24:00:00Z",
    "2026-03-03T09:30:60Z",
    "0000-06-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "+12026-03-03T09:30:00Z",
    "",
  ])("refuses %s", (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

it("orders as text as in time", () => {
  const early = instantOf(Date.UTC(2026, 0, 1));
  expect(laterOf(early, addMs(early, 1))).toBe("2026-01-01T00:00:00.001Z");
});
