import { describe, expect, it } from "vitest";
import {
  COMMITMENT_FORM,
  COUNTER_FORM,
  exactly,
  type Form,
  flatReader,
  HASH_FORM,
  ID_FORM,
  INSTANT_FORM,
  integerForm,
  listForm,
  oneOf,
  recordForm,
  SUITE_FORM,
  UUID_FORM,
  writtenRecord,
} from "./record-form.ts";

interface Expected {
  /** What is written as the expression says. */
  readonly written: readonly unknown[];
  /** What has the form and is left to whoever reads JSON. */
  readonly unwritten?: readonly unknown[];
  readonly wrong: readonly unknown[];
}

const hash = "0123456789abcdef".repeat(4);
const id = hash.slice(32);
const uuid = "0123abcd-0000-9fff-0000-000000000000";
const commitment = `${"-_".repeat(21)}8`;
/** An expression that is given one of these sees the text in it, or the text that it turns into. */
const wrapped = (text: string) => [[text], { text }, { toString: () => text }, null, undefined, true, Number(text)];

const FORMS: readonly (readonly [name: string, form: Form, expected: Expected])[] = [
  ["a hash", HASH_FORM, { written: [hash], wrong: [id, `${hash}0`, ` ${hash}`, hash.toUpperCase(), ...wrapped(hash)] }],
  ["an id", ID_FORM, { written: [id], wrong: [hash, id.slice(1), `${id}\n`, ...wrapped(id)] }],
  [
    "digits",
    ID_FORM,
    { written: ["1".repeat(32)], wrong: [...wrapped("1".repeat(32)), 11111111111111111111111111111111n] },
  ],
  ["a UUID", UUID_FORM, { written: [uuid], wrong: [uuid.replaceAll("-", ""), uuid.toUpperCase(), ...wrapped(uuid)] }],
  [
    "a commitment",
    COMMITMENT_FORM,
    { written: [commitment], wrong: [`${commitment.slice(1)}9`, ...wrapped(commitment)] },
  ],
  ["a suite", SUITE_FORM, { written: ["ed25519", "p256"], wrong: ["", "ED25519", "ed25519 ", ...wrapped("p256")] }],
  ["one of two", oneOf(["a.b", "1"]), { written: ["a.b", "1"], wrong: ["a-b", "a.b1", 1, ["1"], ["a.b"]] }],
  ["this text", exactly("a.b"), { written: ["a.b"], wrong: ["a-b", ["a.b"], "a.b "] }],
  ["this number", exactly(1), { written: [1], wrong: ["1", 2, 1n, 11, true] }],
  [
    "a counter",
    COUNTER_FORM,
    {
      written: ["0", "1", "10", "9".repeat(18)],
      unwritten: ["9223372036854775807", "1".repeat(19)],
      wrong: ["9223372036854775808", "00", "01", "-1", "1.0", "", "9".repeat(20), ...wrapped("7")],
    },
  ],
  [
    "an instant",
    INSTANT_FORM,
    {
      written: [0, 1, 99_999_999_999_999],
      unwritten: [100_000_000_000_000, 253_402_300_799_999],
      wrong: [-1, 0.5, 253_402_300_800_000, Number.NaN, "0", [0], null, 0n],
    },
  ],
  ["from 0 to 1,000", integerForm(0, 1_000), { written: [0, 9, 999], unwritten: [1_000], wrong: [1_001, -1, 0.5] }],
  ["from 1 to 1,000", integerForm(1, 1_000), { written: [1, 999], unwritten: [1_000], wrong: [0, 1_001, 1.5, "1"] }],
  ["from 1 to 10", integerForm(1, 10), { written: [1, 9], unwritten: [10], wrong: [0, 11] }],
  ["from 2 to 1,000", integerForm(2, 1_000), { written: [], unwritten: [2, 1_000], wrong: [1, 1_001] }],
  ["from -1 to 100", integerForm(-1, 100), { written: [], unwritten: [-1, 0, 100], wrong: [-2, 101] }],
  ["from 0 to 9", integerForm(0, 9), { written: [], unwritten: [0, 9], wrong: [10, -1] }],
  [
    "two to three ids",
    listForm(ID_FORM, 2, 3),
    {
      written: [
        [id, id],
        [id, id, id],
      ],
      wrong: [[], [id], [id, id, id, id], [id, hash], { 0: id, 1: id, length: 2 }],
    },
  ],
  [
    "up to two ids",
    listForm(ID_FORM, 0, 2),
    { written: [], unwritten: [[], [id], [id, id]], wrong: [[id, id, id], id] },
  ],
  ["some numbers", listForm(integerForm(2, 9), 1, 2), { written: [], unwritten: [[2], [9, 9]], wrong: [[1], []] }],
];

describe.each(FORMS)("%s", (_, form, { written, unwritten = [], wrong }) => {
  const isWritten = (value: unknown): boolean =>
    form.written !== undefined && new RegExp(`^${form.written}$`).test(JSON.stringify(value) ?? "");

  it("is told from what it is not, whatever that turns into", () => {
    expect([...written, ...unwritten].filter((value) => !form(value))).toEqual([]);
    expect(wrong.filter((value) => form(value))).toEqual([]);
  });

  it("is what its expression says, or is left to others", () => {
    expect(written.filter((value) => !isWritten(value))).toEqual([]);
    const json = wrong.filter((value) => typeof value !== "bigint" && !form(value));
    expect([...unwritten, ...json].filter(isWritten)).toEqual([]);
  });
});

describe("a record", () => {
  const members = { "b?": exactly(1), c: ID_FORM, "d?": oneOf(["x", "y"]), e: integerForm(0, 1_000) };
  const form = recordForm(members);
  const read = flatReader(members);
  const readJson = (record: object) => read(Buffer.from(JSON.stringify(record)));

  const whole = { b: 1, c: id, d: "y", e: 7 };
  const records = [whole, { c: id, e: 0 }, { b: 1, c: id, e: 1 }, { c: id, d: "x", e: 999 }];

  it.each(records)("is read as it is written: %j", (record) => {
    expect(form(record)).toBe(true);
    expect(readJson(record)).toEqual(record);
  });

  it.each([
    ["a member more", { ...whole, f: 1 }],
    ["a member less", { b: 1, e: 7 }],
    ["a member in another form", { ...whole, b: 2 }],
    ["a member twice as text", { ...whole, d: ["x", "y"] }],
    ["a member that objects have anyway", { ...whole, toString: 1 }],
    ["nothing", {}],
  ])("is none with %s", (__, record) => {
    expect(form(record)).toBe(false);
    expect(readJson(record)).toBeUndefined();
  });

  it("is none that is no object", () => {
    for (const value of [null, undefined, [whole], "x", 1]) expect(form(value)).toBe(false);
  });

  it("is read by its expression only as it is written canonically", () => {
    const { b, c, d, e } = whole;
    expect(readJson({ c, b, d, e })).toBeUndefined();
    expect(read(Buffer.from(` ${JSON.stringify(whole)}`))).toBeUndefined();
    expect(read(Buffer.from(`${JSON.stringify(whole)}\n`))).toBeUndefined();
    expect(readJson({ ...whole, e: 1_000 })).toBeUndefined();
    expect(form({ ...whole, e: 1_000 })).toBe(true);
  });

  it("has no expression where one of its members has none, or none is always there", () => {
    expect(writtenRecord({ a: ID_FORM, b: integerForm(2, 9) })).toBeUndefined();
    expect(writtenRecord({ "a?": ID_FORM })).toBeUndefined();
    expect(recordForm({ a: ID_FORM, b: integerForm(2, 9) }).written).toBeUndefined();
    expect(() => flatReader({ "a?": ID_FORM })).toThrow();
  });
});
