import { describe, expect, it } from "vitest";
import { encodeRecord, type ProtocolRecord, type ProtocolValue } from "../../signatures/protocol-record.ts";
import { emptyLedger, eventDraft, ledgerOf, testKey } from "../../testing/ledger-chain.ts";
import { CHARTER_FORM, KEY_RECORD_FORM } from "./charter.ts";
import { isHeader, isSeal, readHeader, readSeal } from "./docket.ts";
import { decodeFrame, encodeFrame } from "./docket-frame.ts";
import { isTransaction, readTransaction, TRANSACTION_BYTES_MAX } from "./transaction.ts";
import { readFacts } from "./transaction-facts.ts";

/* Each member at its limits and beyond them, in the forms that `docs/register-format.md` gives. */

type Members = Readonly<Record<string, ProtocolValue | undefined>>;
/** The members in place of those that would be there, and whether they have their form. */
type Limit = readonly [name: string, members: Members, isForm: boolean];

const { charter, registerId, signer, checkpointKey } = emptyLedger("limits");
const { actor: _, ...draft } = eventDraft("limits") as unknown as Record<string, ProtocolValue>;
const EVENT: Members = { ...draft, actor: { type: "system" }, v: 1, registerId, sender: signer.keyId };
const HASH = "0123456789abcdef".repeat(4);
const VALUE = `${"-_".repeat(21)}8`;
const UUID = "0123abcd-0000-9fff-0000-000000000000";
const signature = (keyId: string) => ({ alg: "ed25519", keyId, sig: "A".repeat(86) });
const many = (count: number) => Array.from({ length: count }, (__, at) => HASH.replace(/^.{4}/, `${1_000 + at}`));
const names = (count: number) => many(count).map((hash) => hash.slice(0, 32));
const keysOf = (count: number) => Array.from({ length: count }, (__, at) => testKey(`limits/${at}`, ["tx"]).record);
const absent = (...members: string[]) => Object.fromEntries(members.map((name) => [name, undefined]));

const INSTANTS: readonly Limit[] = ["createdAt"].flatMap((name) => [
  ["the first instant", { [name]: 0 }, true],
  ["the last instant", { [name]: 253_402_300_799_999 }, true],
  ["an instant after the last", { [name]: 253_402_300_800_000 }, false],
  ["an instant before the first", { [name]: -1 }, false],
  ["an instant as text", { [name]: "0" }, false],
]);

const EVENTS: readonly Limit[] = [
  ["all that it can have", { subject: HASH, item: HASH, parents: [HASH], value: VALUE, prevTxId: HASH }, true],
  ["only what it must have", absent("subject", "item"), true],
  ...["v", "registerId", "type", "sender", "createdAt", "eventId", "eventType", "commitment", "actor"].map(
    (name): Limit => [`no ${name}`, absent(name), false],
  ),
  ...["registerId", "prevTxId", "commitment", "subject", "item", "eventId"].flatMap((name): Limit[] => {
    const form = { registerId: HASH.slice(32), eventId: UUID }[name] ?? HASH;
    return [
      [`${name} with a character more`, { [name]: `${form}0` }, false],
      [`${name} with a character more in front`, { [name]: `0${form}` }, false],
      [`${name} with a character fewer`, { [name]: form.slice(1) }, false],
      [`${name} in upper case`, { [name]: form.toUpperCase() }, false],
      [`${name} with a line feed`, { [name]: `${form}\n` }, false],
    ];
  }),
  ["another UUID", { eventId: UUID }, true],
  ["another version", { v: 2 }, false],
  ["another type", { type: "toString" }, false],
  ["an event type of 64", { eventType: "_z".repeat(32) }, true],
  ["an event type of 65", { eventType: "a".repeat(65) }, false],
  ["an empty event type", { eventType: "" }, false],
  ["an event type with a digit", { eventType: "a1" }, false],
  ["an event type with a digit in front", { eventType: "1a" }, false],
  ["actors of 64 characters", { actor: { type: "~!".repeat(32), id: '"\\'.repeat(32), role: "a".repeat(64) } }, true],
  ...["type", "id", "role"].flatMap((name): Limit[] => [
    [`${name} of 65`, { actor: { type: "a", [name]: "a".repeat(65) } }, false],
    [`an empty ${name}`, { actor: { type: "a", [name]: "" } }, false],
    [`${name} with a space`, { actor: { type: "a", [name]: "a b" } }, false],
    [`${name} with a space in front`, { actor: { type: "a", [name]: " b" } }, false],
    [`${name} with a space behind`, { actor: { type: "a", [name]: "b " } }, false],
    [`${name} beyond ASCII`, { actor: { type: "a", [name]: "\u007f" } }, false],
  ]),
  ["an actor without a type", { actor: { id: "a" } }, false],
  ["an actor with more", { actor: { type: "a", name: "b" } }, false],
  ["an actor that is a list", { actor: ["a"] }, false],
  ["64 parents", { parents: many(64) }, true],
  ["65 parents", { parents: many(65) }, false],
  ["no parents", { parents: [] }, false],
  ["a parent that is no hash", { parents: [HASH, HASH.slice(1)] }, false],
  ["a first parent that is no hash", { parents: [HASH.slice(1), HASH] }, false],
  ["parents that are no list", { parents: HASH }, false],
  ["a value of 42", { value: VALUE.slice(1) }, false],
  ["a value of 44", { value: `A${VALUE}` }, false],
  ["a value with more", { value: `${VALUE}A` }, false],
  ["a value with spare bits", { value: `${VALUE.slice(0, -1)}9` }, false],
  ["keys", { keys: [{ end: HASH.slice(32), reason: "retired" }] }, false],
  ["a charter", { charter }, false],
  ["something else", { note: "x" }, false],
];

const KEYS: readonly Limit[] = [
  ["16 changes", { keys: keysOf(16).map((add) => ({ add })) }, true],
  ["17 changes", { keys: keysOf(17).map((add) => ({ add })) }, false],
  ["ends", { keys: ["retired", "revoked"].map((reason) => ({ end: HASH.slice(32), reason })) }, true],
  ["no changes", { keys: [] }, false],
  ["nothing of them", absent("keys"), false],
  ["an end without a reason", { keys: [{ end: HASH.slice(32) }] }, false],
  ["another reason", { keys: [{ end: HASH.slice(32), reason: "lost" }] }, false],
  ["an end that is no key id", { keys: [{ end: HASH, reason: "retired" }] }, false],
  ["an addition that ends", { keys: [{ add: signer.record, end: signer.keyId, reason: "retired" }] }, false],
  ["an addition of nothing", { keys: [{}] }, false],
];

const GENESIS: readonly Limit[] = [
  ["its charter", {}, true],
  ["no charter", absent("charter"), false],
  ["a charter that is none", { charter: { ...charter, v: 2 } }, false],
  ...["eventId", "eventType", "commitment", "actor", "subject", "item", "parents", "value", "keys"].map(
    (name): Limit => [name, { [name]: EVENT[name] ?? HASH }, false],
  ),
];

const KINDS = [
  ["an event", EVENT, [...EVENTS, ...INSTANTS]],
  ["a change of keys", { ...EVENT, type: "key", keys: [{ add: signer.record }] }, [...KEYS, ...INSTANTS]],
  [
    "a genesis",
    { v: 1, registerId, sender: signer.keyId, createdAt: 0, type: "genesis", charter },
    [...GENESIS, ...INSTANTS],
  ],
] as const;

function transactionOf(
  body: Members,
  signatures: ProtocolValue = [signature(body["sender"] as string)],
): ProtocolRecord {
  return { body: JSON.parse(JSON.stringify(body)) as ProtocolRecord, signatures };
}

describe.each(KINDS)("%s", (__, whole, limits) => {
  it.each(limits)("with %s", (___, members, isForm) => {
    const record = transactionOf({ ...whole, ...members });
    expect(isTransaction(record)).toBe(isForm);
    expect(readFacts(encodeRecord(record)) !== undefined).toBe(isForm);
  });
});

describe("the signatures of a transaction", () => {
  const sender = signer.keyId;
  const others = (count: number) => [sender, ...names(count - 1)].map(signature);
  it.each<readonly [string, ProtocolValue | undefined, boolean]>([
    ["one", others(1), true],
    ["eight", others(8), true],
    ["nine", others(9), false],
    ["none", [], false],
    ["of one key twice", [signature(sender), signature(sender)], false],
    ["of another key first", [signature(HASH.slice(32)), signature(sender)], false],
    ["of an algorithm that there is not", [{ ...signature(sender), alg: "rsa" }], false],
    ["of the other algorithm", [{ ...signature(sender), alg: "p256" }], true],
    ["of a key that has no id", [signature(sender), signature(HASH)], false],
    ["with more", [{ ...signature(sender), at: 1 }], false],
    ["with fewer characters", [{ ...signature(sender), sig: "A".repeat(85) }], false],
    ["with more characters", [{ ...signature(sender), sig: "A".repeat(87) }], false],
    ["with more characters behind", [{ ...signature(sender), sig: `${"A".repeat(86)}=` }], false],
    ["with spare bits", [{ ...signature(sender), sig: `${"A".repeat(85)}B` }], false],
    ["that are no list", signature(sender), false],
  ])("may be %s: %#", (__, signatures, isForm) => {
    const record = transactionOf(EVENT, signatures);
    expect(isTransaction(record)).toBe(isForm);
    expect(readFacts(encodeRecord(record)) !== undefined).toBe(isForm);
  });

  it("come with a body and nothing else", () => {
    const record = transactionOf(EVENT);
    const { body, signatures } = record as { body: ProtocolValue; signatures: ProtocolValue };
    for (const other of [{ body }, { signatures }, { ...record, note: 1 }, { ...record, body: "x" }, {}]) {
      expect(isTransaction(other as ProtocolRecord)).toBe(false);
    }
  });

  it("come in 64 KiB at most", () => {
    const bytes = encodeRecord(transactionOf(EVENT));
    const long = new Uint8Array(TRANSACTION_BYTES_MAX + 1).fill(0x20);
    long.set(bytes);
    expect([TRANSACTION_BYTES_MAX, readTransaction(long), readFacts(long)]).toEqual([65_536, undefined, undefined]);
  });
});

describe("a charter", () => {
  it.each<Limit>([
    ["16 keys", { keys: keysOf(16) }, true],
    ["17 keys", { keys: keysOf(17) }, false],
    ["no keys", { keys: [] }, false],
    ["a key twice", { keys: [signer.record, checkpointKey.record, signer.record] }, false],
    ["a key for nothing", { keys: [{ ...signer.record, purposes: [] }] }, false],
    ["another hash", { hashAlg: "sha512" }, false],
    ["another nonce", { nonce: HASH.slice(1) }, false],
    ["an instant after the last", { createdAt: 253_402_300_800_000 }, false],
    ["something else", { note: "x" }, false],
  ])("with %s", (__, members, isForm) => {
    expect(CHARTER_FORM({ ...charter, ...members })).toBe(isForm);
    for (const name of Object.keys(charter)) expect(CHARTER_FORM({ ...charter, [name]: undefined })).toBe(false);
  });

  it.each<Limit>([
    ["all purposes", { purposes: ["checkpoint", "docket", "tx"] }, true],
    ["a purpose twice", { purposes: ["tx", "tx"] }, false],
    ["purposes that are not sorted", { purposes: ["tx", "docket"] }, false],
    ["another purpose", { purposes: ["root"] }, false],
    ["the id of another key", { keyId: checkpointKey.keyId }, false],
    ["another algorithm", { alg: "p256" }, false],
    ["a longer key", { publicKey: `${signer.record.publicKey}00` }, false],
    ["a key in upper case", { publicKey: signer.record.publicKey.toUpperCase() }, false],
    ["a key that is no hexadecimal", { publicKey: "x".repeat(64) }, false],
    ["a key that is none", { publicKey: 1 }, false],
    ["something else", { note: "x" }, false],
  ])("with a key with %s", (__, members, isForm) => {
    expect(KEY_RECORD_FORM({ ...signer.record, ...members })).toBe(isForm);
  });
});

describe("a docket", () => {
  const frame = decodeFrame(ledgerOf("limits", [1, 1]).dockets[1]?.bytes ?? new Uint8Array());
  const header = (frame && readHeader(frame.header)) as ProtocolRecord;
  const seal = (frame && readSeal(frame.seal)) as unknown as ProtocolRecord;

  it.each<Limit>([
    ["one transaction", { txCount: 1 }, true],
    ["1,000 transactions", { txCount: 1_000 }, true],
    ["1,001 transactions", { txCount: 1_001 }, false],
    ["no transactions", { txCount: 0 }, false],
    ["the largest height", { height: "9223372036854775807" }, true],
    ["a height that is too large", { height: "9223372036854775808" }, false],
    ["a height of 20 digits", { height: "10000000000000000000" }, false],
    ["a height with a zero in front", { height: "01" }, false],
    ["a height that is a number", { height: 1 }, false],
    ["height 0 with a docket before it", { height: "0" }, false],
    ["height 0 without one", { height: "0", prevDocketHash: undefined }, true],
    ["height 1 without one", { prevDocketHash: undefined }, false],
    ["the largest epoch", { epoch: "9223372036854775807" }, true],
    ["an epoch that is too large", { epoch: "9223372036854775808" }, false],
    ["the last instant", { sealedAt: 253_402_300_799_999 }, true],
    ["an instant after the last", { sealedAt: 253_402_300_800_000 }, false],
    ["another version", { v: 2 }, false],
    ["another policy", { policyVersion: 2 }, false],
    ...["registerId", "proposer", "logRoot", "txRoot", "prevDocketHash"].map(
      (name): Limit => [`${name} that is too short`, { [name]: HASH.slice(33) }, false],
    ),
    ["something else", { note: "x" }, false],
  ])("with a header of %s", (__, members, isForm) => {
    const record = JSON.parse(JSON.stringify({ ...header, ...members })) as ProtocolRecord;
    expect(isHeader(record)).toBe(isForm);
    expect(readHeader(encodeRecord(record)) !== undefined).toBe(isForm);
  });

  it("has a seal with its members and nothing else", () => {
    expect(isSeal(seal)).toBe(true);
    for (const name of Object.keys(seal)) expect(isSeal({ ...seal, [name]: "x" })).toBe(false);
    expect(isSeal({ ...seal, note: "x" })).toBe(false);
  });

  it.each([
    ["its hash", 4, []],
    ["its header", 36, [0xff]],
    ["its seal", 36, [0, 0, 0, 0, 0xff]],
    ["its count", 36, [0, 0, 0, 0, 0, 0, 0, 0, 0xff]],
    ["a record", 36, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff]],
  ])("is none when there is not all of %s, whatever follows", (__, start, bytes) => {
    const whole = new Uint8Array(start + bytes.length + 15);
    whole.set([0x53, 0x52, 0x44, 0x31]);
    whole.set(bytes, start);
    for (let length = 0; length < whole.length; length++) {
      const isWhole = start === 36 && bytes.length === 13 && length === 48;
      expect(decodeFrame(whole.subarray(0, length)) !== undefined).toBe(isWhole);
    }
  });

  it("has 1,000 ids and records at most, and 14 MiB", () => {
    const [docketHash, empty] = [new Uint8Array(32), new Uint8Array()];
    const of = (ids: number, records: number, record = empty) => {
      const txIds = Array.from({ length: ids }, () => docketHash);
      const all = Array.from({ length: records }, () => record);
      return decodeFrame(encodeFrame({ docketHash, header: empty, seal: empty, txIds, records: all }));
    };
    expect(of(1_000, 1_000)).toMatchObject({ txIds: { length: 1_000 }, records: { length: 1_000 } });
    expect(of(1_001, 1)).toBeUndefined();
    expect(of(1, 1_001)).toBeUndefined();
    // The mark, the hash, the count and three lengths.
    const room = 14 * 1_024 * 1_024 - 4 - 32 - 4 - 3 * 4;
    expect(of(0, 1, new Uint8Array(room))?.records[0]?.length).toBe(room);
    expect(of(0, 1, new Uint8Array(room + 1))).toBeUndefined();
  });
});
