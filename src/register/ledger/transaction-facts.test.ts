import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../signatures/byte-text.ts";
import { eventDraft, ledgerOf } from "../../testing/ledger-chain.ts";
import { decodeFrame } from "./docket-frame.ts";
import { charterIn, encodeTransaction, keyChangesIn, prevTxIdIn, readTransaction } from "./transaction.ts";
import { eventFacts, readFacts } from "./transaction-facts.ts";

const SETTINGS = { seed: 20_260_303, numRuns: 3_000 };
const chain = ledgerOf("facts", [2, 3]);
const records = chain.dockets.flatMap(({ bytes }) => decodeFrame(bytes)?.records ?? []);

/** What `readTransaction` says of the same. */
function longFacts(bytes: Uint8Array) {
  const transaction = readTransaction(bytes);
  if (!transaction) return undefined;
  const { body, signatures, id, txId } = transaction;
  return {
    type: body.type,
    registerId: body.registerId,
    prevTxId: prevTxIdIn(body),
    charter: charterIn(body),
    keyChanges: keyChangesIn(body),
    signatures,
    id,
    txId,
  };
}

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const name = fc.stringMatching(/^[\x21-\x7e]{1,64}$/);
const actor = fc.record({ type: name, id: name, role: name }, { requiredKeys: ["type"] });
const optional = fc.record(
  {
    subject: hex(64),
    item: hex(64),
    parents: fc.array(hex(64), { minLength: 1, maxLength: 3 }),
    value: fc.stringMatching(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/),
    prevTxId: hex(64),
  },
  { requiredKeys: [] },
);
const needed = fc.record({
  actor,
  createdAt: fc.oneof(fc.nat(), fc.integer({ min: 10 ** 14 - 2, max: 253_402_300_799_999 })),
  eventType: fc.stringMatching(/^[a-z_]{1,64}$/),
  sender: hex(32),
});
const signature = { alg: "ed25519", sig: "A".repeat(86) };
const event = fc.record({ needed, optional, others: fc.uniqueArray(hex(32), { maxLength: 2 }) }).map((parts) => {
  const { subject: _, item: __, ...draft } = eventDraft("facts");
  const body = { ...draft, ...parts.needed, ...parts.optional, v: 1, registerId: chain.registerId } as never;
  const signatures = [parts.needed.sender, ...parts.others].map((keyId) => ({ ...signature, keyId }));
  return encodeTransaction({ body, signatures });
});

describe("what a register is judged by", () => {
  it("is what is read of any event the long way", () => {
    const property = fc.property(event, (bytes) => {
      const long = longFacts(bytes);
      expect(long).toBeDefined();
      expect(readFacts(bytes)).toEqual(long);
      expect([undefined, long]).toContainEqual(eventFacts(bytes));
    });
    fc.assert(property, SETTINGS);
  });

  it("is read the short way of an ordinary event", () => {
    expect(records.map((record) => eventFacts(record) !== undefined)).toEqual([false, true, true, true, true, true]);
    for (const record of records) expect(readFacts(record)).toEqual(longFacts(record));
  });

  it("is what is read the long way of bytes that were altered, or nothing", () => {
    const pieces = fc.oneof(
      fc.constantFrom(...'0 9 a F { } [ ] , : " \\ null -0 1e3 \u00e9'.split(" "), " ", "\ufeff", '"v":1,'),
      fc.string({ maxLength: 3 }),
    );
    const alteration = fc.record({ at: fc.nat(), gone: fc.nat({ max: 4 }), put: pieces });
    const property = fc.property(event, fc.array(alteration, { minLength: 1, maxLength: 2 }), (bytes, alterations) => {
      const altered = alterations.reduce((text, { at, gone, put }) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + put + text.slice(place + gone);
      }, new TextDecoder().decode(bytes));
      expect(readFacts(utf8(altered))).toEqual(longFacts(utf8(altered)));
    });
    fc.assert(property, { ...SETTINGS, numRuns: 10_000 });
  });

  it("is nothing for a member more, a member twice, another order, or bytes that are no text", () => {
    const text = new TextDecoder().decode(records[1]);
    const altered = [
      text.replace('"v":1', '"v":1,"w":1'),
      text.replace('"v":1', '"v":1,"v":1'),
      text.replace(/("subject":"[^"]*"),("type":"event")/, "$2,$1"),
      `${text}\n`,
      `\ufeff${text}`,
      text.replace('"type":"event"', '"type":"key"'),
      text.replace(/"sender":"./, (sender) => sender.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"))),
    ];
    for (const each of altered) {
      expect(each).not.toBe(text);
      expect([eventFacts(utf8(each)), readFacts(utf8(each)), longFacts(utf8(each))]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
    expect(readFacts(Uint8Array.of(0xff))).toBeUndefined();
  });
});
