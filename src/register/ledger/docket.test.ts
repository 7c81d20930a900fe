import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../signatures/byte-text.ts";
import { decodeRecord } from "../../signatures/protocol-record.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { isHeader, isSeal, readHeader, readSeal } from "./docket.ts";
import { decodeFrame } from "./docket-frame.ts";

const SETTINGS = { seed: 20_260_303, numRuns: 10_000 };
const frames = ledgerOf("docket form", [1, 2, 1]).dockets.flatMap(({ bytes }) => decodeFrame(bytes) ?? []);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const KINDS = [
  { kind: "header", read: readHeader, is: isHeader, texts: frames.map(({ header }) => textOf(header)) },
  { kind: "seal", read: readSeal, is: isSeal, texts: frames.map(({ seal }) => textOf(seal)) },
] as const;

describe.each(KINDS)("the $kind of a docket", ({ read, is, texts }) => {
  /** Read as any record is. */
  const longWay = (bytes: Uint8Array) => {
    const record = decodeRecord(bytes);
    return record && is(record) ? record : undefined;
  };

  it("is read", () => {
    for (const text of texts) {
      expect(read(utf8(text))).toEqual(JSON.parse(text));
      expect(read(utf8(text))).toEqual(longWay(utf8(text)));
    }
  });

  it("is what is read as any record is, however it was altered", () => {
    const piece = fc.constantFrom(
      ...'0 9 00 253402300799999 253402300800000 9223372036854775807 9223372036854775808 a F { } , : " null -0 1e3'.split(
        " ",
      ),
      " ",
      '"v":1,',
    );
    const alteration = fc.record({ at: fc.nat(), gone: fc.nat({ max: 4 }), put: piece });
    const values = fc.tuple(fc.nat(), piece);
    const property = fc.property(
      fc.constantFrom(...texts),
      alteration,
      values,
      (text, { at, gone, put }, [nth, value]) => {
        const place = at % (text.length + 1);
        const numbers = [...text.matchAll(/[0-9]+/g)];
        const number = numbers[nth % numbers.length];
        const altered = [
          text.slice(0, place) + put + text.slice(place + gone),
          text.slice(0, number?.index) + value + text.slice((number?.index ?? 0) + (number?.[0].length ?? 0)),
        ];
        for (const each of altered) expect(read(utf8(each))).toEqual(longWay(utf8(each)));
      },
    );
    fc.assert(property, SETTINGS);
  });
});
