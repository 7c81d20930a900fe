import { describe, expect, it } from "vitest";
import { eventDraft, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import {
  checkpointOf,
  disclosedEvent,
  keyDraft,
  receiptOf,
  trustOf,
  verdictOf,
} from "../../testing/ledger-receipts.ts";
import { formatReceipt, RECEIPT_BYTES_MAX, RECEIPT_KEYS_MAX, type Receipt } from "./receipt.ts";

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
type Path = readonly (string | number)[];

const second = testKey("second", ["docket", "tx"], "p256");
const { draft, disclosure } = disclosedEvent("hostile", { amount: 12, isKnown: true, tags: ["a", null] });
const begun = ledgerOf("hostile", [2]);
const added = withDocket(begun, [eventDraft("x"), keyDraft("add", { add: second.record }), eventDraft("y")]);
const chain = withDocket(withDocket(added, [eventDraft("z"), draft, eventDraft("w")], second), [eventDraft("v")]);
const text = receiptOf(chain, { at: [2, 1], keysAt: [[1, 1]], disclosure });
const receipt = JSON.parse(text) as Json;
const { byId, byKey } = trustOf(chain);

/** Each place of a value, the whole first. */
function placesOf(value: Json, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name]))];
}

function at(path: Path): Json {
  return path.reduce<Json>((value, name) => (value as { [name: string]: Json })[name] as Json, receipt);
}

/** The receipt with something else at a place; `undefined` takes the member away. */
function withAt(path: Path, value: Json | undefined): Json {
  const copy = structuredClone(receipt);
  const name = path.at(-1);
  if (name === undefined) return value as Json;
  const parent = path
    .slice(0, -1)
    .reduce<Json>((found, step) => (found as { [name: string]: Json })[step] as Json, copy);
  if (Array.isArray(parent) && value === undefined) parent.splice(Number(name), 1);
  else (parent as { [name: string]: Json | undefined })[name] = value;
  return copy;
}

/** Values of the same kind that are near, and others. */
function alterationsOf(value: Json): readonly Json[] {
  if (typeof value === "string") {
    const spots = value.length > 200 ? Array.from({ length: 40 }, (_, n) => Math.floor((n * value.length) / 40)) : [];
    const ends = [0, value.length >> 1, value.length - 1, ...spots];
    const changed = ends.map((spot) => value.slice(0, spot) + other(value[spot]) + value.slice(spot + 1));
    return [...changed, value.slice(1), `${value}0`, value.toUpperCase(), "", 0, null, []].filter(
      (text) => text !== value,
    );
  }
  if (typeof value === "number") return [value + 1, value - 1, -value - 1, value + 0.5, 2 ** 53, `${value}`, null];
  if (typeof value === "boolean") return [!value, 0, null];
  if (value === null) return [false, 0, "", {}];
  if (Array.isArray(value))
    return [[...value, ...value.slice(0, 1), 0], {}, null, "", value.toReversed()].slice(0, value.length > 1 ? 5 : 4);
  return [{ ...value, more: 1 }, { ...value, ["__proto__"]: {} }, [], null, ""];
}

function other(character = ""): string {
  return /[0-9]/.test(character) ? String((Number(character) + 1) % 10) : character === "A" ? "B" : "A";
}

describe("a receipt that was altered", () => {
  it("is accepted as it was", () => {
    for (const trust of [byId, byKey, { ...byId, ...byKey }])
      expect(verdictOf(text, trust)).toMatchObject({ isValid: true });
  });

  it("is refused, whatever was altered, with whatever is trusted", () => {
    const accepted: string[] = [];
    let count = 0;
    for (const path of placesOf(receipt)) {
      for (const value of alterationsOf(at(path))) {
        for (const trust of [byId, byKey]) {
          count++;
          if (verdictOf(withAt(path, value), trust).isValid)
            accepted.push(`${path.join("/")}: ${JSON.stringify(value)}`);
        }
      }
    }
    expect(accepted).toEqual([]);
    expect(count).toBeGreaterThan(2_000);
  });

  it("is refused without any of its members, but for what it need not disclose", () => {
    const accepted = placesOf(receipt)
      .filter((path) => path.length > 0 && verdictOf(withAt(path, undefined), byId).isValid)
      .map((path) => path.join("/"));
    expect(accepted).toEqual(["disclosure", "disclosure/value"]);
  });

  it("is refused when any character of its checkpoint was altered", () => {
    const checkpoint = checkpointOf(chain);
    for (let spot = 0; spot < checkpoint.length; spot++) {
      const altered = checkpoint.slice(0, spot) + other(checkpoint[spot]) + checkpoint.slice(spot + 1);
      expect(verdictOf(withAt(["checkpoint"], altered), byId)).toMatchObject({ isValid: false });
      expect(verdictOf(withAt(["checkpoint"], altered), byKey)).toMatchObject({ isValid: false, step: "checkpoint" });
    }
  });
});

describe("hostile text", () => {
  const refused = (hostile: unknown) =>
    expect(verdictOf(hostile as string, byId)).toMatchObject({ isValid: false, step: "form" });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["other JSON", "[]"],
    ["a text", '"receipt"'],
    ["null", "null"],
    ["a byte order mark", `\ufeff${text}`],
    ["a number that is none", text.replace('"index": 1', '"index": 01')],
    ["two receipts", text + text],
  ])("is refused: %s", (_, hostile) => {
    refused(hostile);
  });

  it("is refused when it is no text at all", () => {
    for (const nothing of [undefined, null, 1, {}, [text], new String(text)]) {
      expect(() => verdictOf(nothing, byId)).not.toThrow();
      expect(verdictOf(nothing, byId).isValid).toBe(false);
    }
  });

  it("is refused when it is too long or has too many parts, before anything is computed", () => {
    refused(text + " ".repeat(RECEIPT_BYTES_MAX));
    refused(text.replace('"amount"', `"${"\u20ac".repeat(RECEIPT_BYTES_MAX / 3)}": 1, "amount"`));
    const { keys } = receipt as unknown as Receipt;
    const many = (count: number) =>
      withAt(
        ["keys"],
        Array.from({ length: count }, () => keys[0] as never),
      );
    expect(verdictOf(many(RECEIPT_KEYS_MAX), byId)).toMatchObject({ isValid: true });
    refused(many(RECEIPT_KEYS_MAX + 1));
    for (const path of ["transactionPath", "docketPath"])
      refused(withAt(["proof", path], Array(64).fill("0".repeat(64))));
  });

  it("is refused when it is nested deeply, anywhere", () => {
    const depth = 50_000;
    for (const nested of ["[".repeat(depth) + "]".repeat(depth), '{"a":'.repeat(depth) + "1" + "}".repeat(depth)]) {
      refused(nested);
      for (const member of ["charter", "header", "body", "signatures", "event", "value"]) {
        refused(text.replace(new RegExp(`"${member}": [{[]`), (begin) => begin.replace(/[{[]$/, `${nested},"x":{`)));
        refused(text.replace(new RegExp(`"${member}": ([{[])`), (begin) => `"more": ${nested}, ${begin}`));
      }
    }
  });

  it("is refused with names of what every object has", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      for (const place of ["{", '"charter": {', '"header": {', '"body": {', '"proof": {', '"docket": {']) {
        refused(text.replace(place, `${place}"${name}": {"v": 1},`));
      }
    }
    refused(text.replace('"event": {', '"event": {"__proto__": {},'));
  });

  it("counts the last of a member that is there twice, and reports what it counts", () => {
    const twice = (member: string, first: string, last: string) =>
      text.replace(`"${member}": ${last}`, `"${member}": ${first}, "${member}": ${last}`);
    const good = twice("eventType", '"wrong"', '"field_written"');
    expect(good).not.toBe(text);
    expect(verdictOf(good, byId)).toEqual(verdictOf(text, byId));
    const bad = text.replace('"eventType": "field_written"', '"eventType": "field_written", "eventType": "other"');
    expect(verdictOf(bad, byId).isValid).toBe(false);
  });

  it("is the same receipt when its records are not written canonically", () => {
    const spaced = JSON.stringify(JSON.parse(text), null, 7).replaceAll('"v":', '"\\u0076":');
    expect(verdictOf(spaced, byId)).toEqual(verdictOf(text, byId));
  });

  it("is refused with numbers that no record has", () => {
    for (const number of ["-0", "1.5", "9007199254740993", "1e400", "-1"]) {
      for (const member of ["sealedAt", "createdAt", "txCount", "v"]) {
        refused(text.replace(new RegExp(`"${member}": \\d+`), `"${member}": ${number}`));
      }
    }
  });

  it("is refused with texts that no record has", () => {
    for (const unit of ["\\ud800", "\\u0000"]) {
      refused(text.replace('"type": "system"', `"type": "${unit}"`));
      refused(text.replace('"fieldName": "income"', `"fieldName": "${unit}"`));
    }
    const checkpoint = text.replace("strongroom/register/", "strongroom/register/\\ud800");
    expect(verdictOf(checkpoint, byId)).toMatchObject({ isValid: false, step: "checkpoint" });
  });
});

describe("formatReceipt", () => {
  it("writes what it reads, in one way", () => {
    const { format: _, ...parts } = receipt as unknown as Receipt;
    expect(formatReceipt(parts)).toBe(text);
    const shuffled = { ...parts, charter: Object.fromEntries(Object.entries(parts.charter).toReversed()) as never };
    expect(formatReceipt(shuffled)).toBe(text);
    expect(text.startsWith('{\n  "format": "strongroom/receipt/v1",\n  "registerId": ')).toBe(true);
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("refuses to write what nobody would read", () => {
    const { format: _, ...parts } = receipt as unknown as Receipt;
    const keys = Array.from({ length: RECEIPT_KEYS_MAX + 1 }, () => parts.proof);
    expect(() => formatReceipt({ ...parts, keys })).toThrow(expect.objectContaining({ code: "limit_exceeded" }));
    const event = { text: "x".repeat(RECEIPT_BYTES_MAX) };
    expect(() => formatReceipt({ ...parts, disclosure: { ...disclosure, event } })).toThrow(
      expect.objectContaining({ code: "limit_exceeded" }),
    );
  });
});
