import { describe, expect, it } from "vitest";
import { accepts, coerce, refuses } from "../../testing/value-type-tables.ts";
import { FIELD_VALUE_TYPES } from "../field-definition.ts";
import { VALUE_BYTES_MAX } from "../storable-json.ts";

describe("date", () => {
  accepts("date", [
    ["2026-03-03", "2026-03-03"],
    [" 2024-02-29 ", "2024-02-29"],
    ["2000-02-29", "2000-02-29"],
    ["0001-01-01", "0001-01-01"],
    ["9999-12-31", "9999-12-31"],
    ["2026-03-03T09:30:00Z", "2026-03-03T09:30:00.000Z"],
    ["2026-03-03t09:30:00.123456789z", "2026-03-03T09:30:00.123Z"],
    ["2026-03-03T09:30:00.5+02:00", "2026-03-03T07:30:00.500Z"],
    ["2026-03-03T23:30:00-05:30", "2026-03-04T05:00:00.000Z"],
    ["2026-03-03T09:30:00", "2026-03-03T09:30:00.000Z"],
    ["2026-03-03T09:30", "2026-03-03T09:30:00.000Z"],
    ["2026-03-03 09:30:15", "2026-03-03T09:30:15.000Z"],
    [new Date("2026-03-03T09:30:00.007Z"), "2026-03-03T09:30:00.007Z"],
  ]);
  refuses("date", "type_error", [1_772_530_200_000, true, null, undefined, {}, []]);
  refuses("date", "format_error", [
    "",
    "15/01/2024",
    "2024-1-5",
    "2024-02-30",
    "2023-02-29",
    "1900-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-01-00",
    "0000-01-01",
    "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-01:00",
    "2024-02-30T10:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T10:60:00Z",
    "2024-01-01T10:00:60Z",
    "2024-01-01T10:00:00+25:00",
    "2024-01-01T10:00:00.Z",
    "2024-01-01T10",
    "2024-01-01T10:00:00 Z",
    "20240101",
    "+002024-01-01",
    new Date(Number.NaN),
    new Date(8.64e15),
    new Date(-8.64e15),
  ]);
});

describe("number", () => {
  accepts("number", [
    [0, 0],
    [-0, 0],
    [89, 89],
    [1e300, 1e300],
    [2 ** 64, 2 ** 64],
    ["89", 89],
    ["12.34", 12.34],
    [" -5 ", -5],
    ["+7", 7],
    [".5", 0.5],
    ["5.", 5],
    ["007", 7],
    ["-0", 0],
    ["0e-999", 0],
    ["1e3", 1000],
    ["1e300", 1e300],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ]);
  refuses("number", "type_error", [true, false, null, undefined, {}, [], [1], 1n, new Date(0)]);
  refuses("number", "format_error", [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    "",
    " ",
    "0x10",
    "0b1",
    "1e400",
    "-1e400",
    "1e-400",
    "Infinity",
    "NaN",
    "1,5",
    "1_000",
    "1 000",
    "12abc",
    "e5",
    ".",
    "--1",
    "9007199254740993",
    "-9007199254740993",
    "123456789012345678901234567890",
    "9007199254740993.0",
    "9007199254740993e0",
    "٣",
    "1".repeat(500),
  ]);
});

describe("boolean", () => {
  accepts("boolean", [
    [true, true],
    [false, false],
    ["true", true],
    [" YES ", true],
    ["1", true],
    ["False", false],
    ["no", false],
    ["0", false],
  ]);
  refuses("boolean", "type_error", [1, 0, "", "y", "on", "2", "truee", null, undefined, {}, [], " ".repeat(10_000)]);
});

describe("json", () => {
  accepts("json", [
    [{}, {}],
    [[], []],
    [{ a: [1, "x", null, { b: -0 }] }, { a: [1, "x", null, { b: 0 }] }],
    ['{"a": 1, "a": 2}', { a: 2 }],
    [' [1, "two"] ', [1, "two"]],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ]);
  refuses("json", "type_error", [1, true, null, undefined, Symbol("s"), 1n, () => 1]);
  refuses("json", "format_error", [
    "",
    "text",
    "{",
    "1",
    '"text"',
    "null",
    "true",
    '{"__proto__": 1}',
    '{"a": "\\u0000"}',
    '{"a": "\\ud800"}',
    { a: undefined },
    { a: Number.NaN },
    { a: () => 1 },
    { a: 1n },
    new Map([["a", 1]]),
    new Date(0),
    [new Date(0)],
    new (class Row {
      a = 1;
    })(),
    Array.from({ length: 3 }),
    "[".repeat(40) + "]".repeat(40),
    JSON.stringify(["x".repeat(VALUE_BYTES_MAX)]),
    Array.from({ length: 40_000 }, () => 1),
  ]);

  it("measures the whole value as JSON text", () => {
    const fitting = ["x".repeat(VALUE_BYTES_MAX - 4)];
    expect(Buffer.byteLength(JSON.stringify(fitting))).toBe(VALUE_BYTES_MAX);
    expect(coerce("json", fitting).ok).toBe(true);
    expect(coerce("json", [`${fitting[0]}x`]).ok).toBe(false);
  });

  it("takes 32 levels below the top and no more", () => {
    const nested = (levels: number): unknown => (levels === 0 ? [] : [nested(levels - 1)]);
    expect(coerce("json", nested(32)).ok).toBe(true);
    expect(coerce("json", nested(33)).ok).toBe(false);
  });

  it("copies, so that what is kept cannot be changed from outside", () => {
    const given = { list: [1] };
    const coercion = coerce("json", given);
    given.list.push(2);
    expect(coercion).toEqual({ ok: true, value: { list: [1] } });
  });

  it("refuses cycles, throwing getters, hostile proxies and shared structure that unfolds without end", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    const getter = {
      get a(): never {
        throw new RangeError("no");
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    let shared: unknown = [1];
    for (let level = 0; level < 30; level++) shared = [shared, shared];
    for (const hostile of [cycle, getter, revoked.proxy, shared]) {
      for (const type of FIELD_VALUE_TYPES) expect(coerce(type, hostile).ok).toBe(false);
    }
  });
});
