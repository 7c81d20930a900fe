import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeRecord,
  encodeRecord,
  type ProtocolRecord,
  RECORD_BYTES_MAX,
  RECORD_DEPTH_MAX,
} from "./protocol-record.ts";

const SEED = 20_261_121;

const text = fc.string({ unit: "binary" }).filter((each) => each.isWellFormed() && !each.includes("\u0000"));
const { record } = fc.letrec<{ value: unknown; record: ProtocolRecord }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.maxSafeInteger().map((integer) => integer + 0),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("record"),
  ),
  record: fc.dictionary(text, tie("value"), { maxKeys: 4 }) as fc.Arbitrary<ProtocolRecord>,
}));

const bytesOf = (json: string) => new TextEncoder().encode(json);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const nested = (levels: number): ProtocolRecord => (levels === 0 ? {} : { a: nested(levels - 1) });

describe("records of the register", () => {
  it("are read back as they were written", () => {
    fc.assert(
      fc.property(record, (written) => {
        expect(decodeRecord(encodeRecord(written))).toEqual(written);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it("have one form: whatever is read would be written like that", () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, at, flip) => {
        const bytes = encodeRecord(written);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip;
        const read = decodeRecord(bytes);
        if (read) expect(Buffer.from(encodeRecord(read))).toEqual(Buffer.from(bytes));
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });

  it("are canonical JSON", () => {
    const written = { z: 1, a: "é\n\u2028", "\u{1f600}": [true], "\ufb33": { b: -5, a: undefined as never } };
    expect(textOf(encodeRecord(written))).toBe('{"a":"é\\n\u2028","z":1,"\u{1f600}":[true],"\ufb33":{"b":-5}}');
  });

  it.each([
    ["a space", '{"a": 1}'],
    ["a line break at the end", '{"a":1}\n'],
    ["members out of order", '{"b":1,"a":1}'],
    ["a member twice", '{"a":1,"a":1}'],
    ["a member twice with two values", '{"a":1,"a":2}'],
    ["an escape that is not needed", '{"\\u0061":1}'],
    ["an escape in capitals", '{"a":"\\u001F"}'],
    ["a slash with an escape", '{"a":"\\/"}'],
    ["a fraction", '{"a":1.5}'],
    ["a fraction of nothing", '{"a":1.0}'],
    ["an exponent", '{"a":1e3}'],
    ["minus zero", '{"a":-0}'],
    ["an integer that is rounded", '{"a":9007199254740993}'],
    ["an integer beyond the safe ones", '{"a":9007199254740992}'],
    ["null", '{"a":null}'],
    ["a lone surrogate", '{"a":"\\ud800"}'],
    ["NUL", '{"a":"\\u0000"}'],
    ["NUL in a name", '{"\\u0000":1}'],
    ["a reserved name", '{"__proto__":{}}'],
    ["a byte order mark", '\ufeff{"a":1}'],
    ["a list", "[1]"],
    ["a text", '"a"'],
    ["nothing", ""],
    ["half of it", '{"a":'],
    ["two of them", '{"a":1}{"a":1}'],
  ])("are not read with %s", (_, json) => {
    expect(decodeRecord(bytesOf(json))).toBeUndefined();
  });

  it.each([
    ["a byte that begins nothing", [0xff]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80]],
    ["a code point that is none", [0xf4, 0x90, 0x80, 0x80]],
    ["the beginning of a code point", [0xe2, 0x82]],
  ])("are not read with %s", (_, inside) => {
    expect(decodeRecord(Uint8Array.from([...bytesOf('{"a":"'), ...inside, ...bytesOf('"}')]))).toBeUndefined();
  });

  it("are no deeper and no longer than they may be", () => {
    expect(decodeRecord(encodeRecord(nested(RECORD_DEPTH_MAX)))).toEqual(nested(RECORD_DEPTH_MAX));
    expect(() => encodeRecord(nested(RECORD_DEPTH_MAX + 1))).toThrow("deeper");
    expect(decodeRecord(bytesOf('{"a":'.repeat(200_000) + "1" + "}".repeat(200_000)))).toBeUndefined();
    expect(decodeRecord(bytesOf(`{"a":${"[".repeat(100)}${"]".repeat(100)}}`))).toBeUndefined();
    const longest = { a: "x".repeat(RECORD_BYTES_MAX - '{"a":""}'.length) };
    expect(decodeRecord(encodeRecord(longest))).toEqual(longest);
    expect(() => encodeRecord({ a: `${longest.a}x` })).toThrow(expect.objectContaining({ code: "limit_exceeded" }));
    expect(decodeRecord(bytesOf(JSON.stringify({ a: `${longest.a}x` })))).toBeUndefined();
  });

  it.each([
    ["null", null],
    ["a fraction", 0.5],
    ["minus zero", -0],
    ["no number", Number.NaN],
    ["a bigint", 1n],
    ["a function", () => 1],
    ["a lone surrogate", "\ud800"],
    ["NUL", "\u0000"],
  ])("are not written with %s", (_, value) => {
    for (const written of [{ a: value }, { a: [value] }, { a: { b: value } }]) {
      expect(() => encodeRecord(written as never)).toThrow(expect.objectContaining({ code: "invalid_value" }));
    }
  });
});
