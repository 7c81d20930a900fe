import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readRegisterVectors } from "../../test/vectors/register-vectors.ts";
import type { JsonValue } from "../json.ts";
import { bytesOfHex, hexOf } from "../signatures/byte-text.ts";
import { commitmentOf, eventCommitment, eventSecret, itemRef, subjectRef, valueCommitment } from "./commitments.ts";

const SECRET = Uint8Array.from({ length: 32 }, (_, at) => 200 - at);
const REGISTER = "0123456789abcdef0123456789abcdef";
const EVENT_ID = "01890a5d-ac96-774b-bcce-b302099a8057";

function naive(secret: Uint8Array, text: string) {
  return createHmac("sha256", secret).update(text).digest();
}

describe("commitments", () => {
  it("are the HMACs that the format says", () => {
    expect(subjectRef(SECRET, REGISTER)).toBe(naive(SECRET, `strongroom/subject/v1\n${REGISTER}`).toString("hex"));
    expect(itemRef(SECRET, EVENT_ID)).toBe(naive(SECRET, `strongroom/item/v1\n${EVENT_ID}`).toString("hex"));
    const secret = naive(SECRET, `strongroom/event-secret/v1\n${EVENT_ID}`);
    expect(Buffer.from(eventSecret(SECRET, EVENT_ID))).toEqual(secret);
    const event = { b: [1, null, 0.5], a: "é" };
    expect(eventCommitment(secret, event)).toBe(
      naive(secret, 'strongroom/event-commitment/v1\n{"a":"é","b":[1,null,0.5]}').toString("hex"),
    );
    expect(valueCommitment(SECRET, EVENT_ID, { b: 1, a: 2 })).toBe(
      naive(SECRET, `strongroom/value-commitment/v1\n["${EVENT_ID}",{"a":2,"b":1}]`).toString("base64url"),
    );
  });

  it("say the same of a value whose secret is kept as text", () => {
    const secret = Buffer.from(SECRET).toString("base64url");
    expect(commitmentOf(secret, EVENT_ID, [true])).toBe(valueCommitment(SECRET, EVENT_ID, [true]));
  });

  it("differ with the secret, the register and the item", () => {
    const other = SECRET.map((byte) => byte ^ 1);
    expect(subjectRef(other, REGISTER)).not.toBe(subjectRef(SECRET, REGISTER));
    expect(subjectRef(SECRET, REGISTER.replace("0", "1"))).not.toBe(subjectRef(SECRET, REGISTER));
    expect(itemRef(SECRET, REGISTER)).not.toBe(subjectRef(SECRET, REGISTER));
  });

  it("are those of the vectors", () => {
    const { commitments: of } = readRegisterVectors() as unknown as { commitments: Readonly<Record<string, string>> };
    const [secret, valueSecret] = [bytesOfHex(of["customerSecret"] ?? ""), bytesOfHex(of["valueSecret"] ?? "")];
    const opened = eventSecret(secret, of["eventId"] ?? "");
    expect({
      subject: subjectRef(secret, of["registerId"] ?? ""),
      item: itemRef(secret, of["itemId"] ?? ""),
      eventSecret: hexOf(opened),
      commitment: eventCommitment(opened, JSON.parse(of["event"] ?? "") as JsonValue),
      value: valueCommitment(valueSecret, of["itemId"] ?? "", of["valueText"] ?? ""),
    }).toEqual({
      subject: of["subject"],
      item: of["item"],
      eventSecret: of["eventSecret"],
      commitment: of["commitment"],
      value: of["value"],
    });
  });
});
