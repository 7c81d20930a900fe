import { buildNote, buildReceipt, textOf } from "./naive-receipt-builder.ts";
import type { Receipt } from "./naive-receipt-verifier.ts";
import { base64url, buildRegister } from "./naive-register-builder.ts";
import { noPointReceipt, oddRegisters, tooLongNote } from "./register-charter-cases.ts";
import { disclosureCases } from "./register-disclosure-cases.ts";
import { bodyAt, docketAt, SAMPLE } from "./register-hostile-case.ts";
import { CHARTER_OF_SAMPLE, eventOf, eventSecretOf, FULL, KEYS, SECRETS, VALUE } from "./register-sample.ts";

/* The receipts of the vectors, and what to change in them so that they prove nothing. */

export interface ReceiptVector {
  readonly name: string;
  readonly receipt: Receipt;
}

export interface HostileReceipt {
  readonly name: string;
  readonly receipt: number;
  /** When empty, the whole receipt is replaced, and what is trusted is the register that it names. */
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** A receipt of the vectors as a case alters it, and the register that it is asked about. */
export function alteredReceipt(
  vectors: readonly ReceiptVector[],
  { receipt: at, path, value }: HostileReceipt,
): { readonly receipt: unknown; readonly registerId: string } {
  const original = vectors[at]?.receipt;
  if (!original) throw new Error("The vectors have no such receipt.");
  if (path.length === 0) return { receipt: value, registerId: (value as Receipt).registerId };
  const receipt: unknown = structuredClone(original);
  const owner = path.slice(0, -1).reduce((inner, name) => Reflect.get(Object(inner), name) as unknown, receipt);
  Reflect.set(Object(owner), path.at(-1) ?? "", value);
  return { receipt, registerId: original.registerId };
}

export function receipts(): readonly ReceiptVector[] {
  const event = eventOf(FULL.number);
  const disclosure = {
    event,
    secret: base64url(eventSecretOf(event)),
    value: { value: VALUE, secret: base64url(SECRETS.k) },
  };
  const key = KEYS.notary;
  const proof = { height: FULL.height, index: FULL.index };
  const rotated = { height: 3, index: 1 };
  const keys = [{ height: 1, index: 1 }];
  return [
    { name: "disclosed", receipt: buildReceipt(SAMPLE, { size: 6, key, proof, keys: [], disclosure }) },
    { name: "after a rotation", receipt: buildReceipt(SAMPLE, { size: 5, key, proof: rotated, keys }) },
    ...UNTRUE.map(([member, stated]) => {
      const register = buildRegister(CHARTER_OF_SAMPLE, bodyAt(1, UNTRUE_AT, { [member]: stated }).slice(0, 2));
      const untrue = { height: 1, index: UNTRUE_AT };
      return {
        name: `with an untrue ${member}`,
        receipt: buildReceipt(register, { size: 2, key, proof: untrue, keys: [] }),
      };
    }),
    ...disclosing(),
    ...oddRegisters(),
  ];
}

/** The disclosures that are not valid come without, to be added. */
function disclosing(): readonly ReceiptVector[] {
  const cases = disclosureCases();
  const plan = docketAt(1, () => ({ transactions: cases.map((one) => one.plan) })).slice(0, 2);
  const register = buildRegister(CHARTER_OF_SAMPLE, plan);
  return cases.map(({ name, isValid, disclosure }, index) => {
    const proof = { height: 1, index };
    const parts = { size: 2, key: KEYS.notary, proof, keys: [] };
    return { name, receipt: buildReceipt(register, { ...parts, ...(isValid && { disclosure }) }) };
  });
}

/** What transactions say of an event that they commit to, which says another thing: nobody sees it without the event. */
const UNTRUE = [
  ["eventId", eventOf(99).id],
  ["eventType", "fact_deleted"],
  ["createdAt", Date.parse(eventOf(99).timestamp)],
  ["actor", { id: "u-8", type: "system" }],
] as const;
const UNTRUE_AT = 3;

export function hostileReceipts(): readonly HostileReceipt[] {
  const zeros = "0".repeat(64);
  const secret = "A".repeat(43);
  const of = (receipt: number, path: HostileReceipt["path"], value: unknown) => {
    return { name: path.join(" "), receipt, path, value };
  };
  const disclosed = { event: eventOf(4), secret: base64url(eventSecretOf(eventOf(4))) };
  const sealOf = (height: number) => JSON.parse(textOf(SAMPLE.dockets[height]?.seal)) as unknown;
  return [
    of(0, ["format"], "strongroom/receipt/v2"),
    of(0, ["registerId"], zeros.slice(32)),
    of(0, ["charter", "nonce"], zeros),
    of(0, ["checkpoint"], buildNote(SAMPLE, 6, KEYS.stranger)),
    of(0, ["checkpoint"], buildNote(SAMPLE, 5, KEYS.notary)),
    of(0, ["checkpoint"], buildNote(SAMPLE, 6, KEYS.notary).replace("\n6\n", "\n06\n")),
    of(0, ["proof", "index"], 3),
    of(0, ["proof", "transactionPath", 0], zeros),
    of(0, ["proof", "transactionPath"], []),
    of(0, ["proof", "docketPath", 0], zeros),
    of(0, ["proof", "docket", "seal"], sealOf(2)),
    of(0, ["proof", "docket", "header", "epoch"], "2"),
    of(0, ["proof", "transaction", "body", "item"], zeros),
    of(0, ["proof", "transaction", "signatures", 1, "sig"], "A".repeat(86)),
    of(0, ["disclosure", "event", "eventType"], "fact_deleted"),
    of(0, ["disclosure", "secret"], secret),
    of(0, ["disclosure", "value", "value"], "13 Example Street, Zürich"),
    of(0, ["disclosure", "value", "secret"], secret),
    of(0, ["disclosure", "note"], "x"),
    ...UNTRUE.map(([member], at) => {
      return { ...of(2 + at, ["disclosure"], disclosed), name: `disclosure of an untrue ${member}` };
    }),
    ...disclosureCases().flatMap(({ name, isValid, disclosure }, at) => {
      return isValid
        ? []
        : { ...of(2 + UNTRUE.length + at, ["disclosure"], disclosure), name: `disclosure of ${name}` };
    }),
    {
      ...of(2 + UNTRUE.length + disclosureCases().length + 1, ["checkpoint"], tooLongNote()),
      name: "checkpoint of more than 2^63 - 1 dockets",
    },
    { ...of(0, [], noPointReceipt()), name: "charter with an Ed25519 key that is no point" },
    of(1, ["keys"], []),
    of(1, ["keys", 0, "transactionPath", 0], zeros),
    of(1, ["keys", 0, "docket", "seal"], sealOf(2)),
  ];
}
