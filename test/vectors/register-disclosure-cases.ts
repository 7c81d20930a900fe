import { commitment, type Disclosure } from "./naive-disclosure.ts";
import { base64url, type TransactionPlan } from "./naive-register-builder.ts";
import { canonical, hexOf } from "./naive-register-records.ts";
import { type Event, event, eventOf, eventSecretOf, ITEM_ID, KEYS, SECRETS } from "./register-sample.ts";

/* Transactions that commit to what may just be disclosed, or may not: each proves itself, whatever it commits to. */

export interface DisclosureCase {
  readonly name: string;
  readonly isValid: boolean;
  readonly plan: TransactionPlan;
  readonly disclosure: Disclosure;
}

/** How an event or its value differs from one of the sample's. */
interface Oddity {
  readonly name: string;
  readonly isValid?: boolean;
  /** Members of the event. */
  readonly members?: (event: Event) => object;
  readonly value?: unknown;
  /** When what the transaction tells of happened, if not when the event says. */
  readonly createdAt?: number;
}

/** Of the events, which no other transactions tell of. */
const FIRST_NUMBER = 20;

export function disclosureCases(): readonly DisclosureCase[] {
  return [...limits(), ...times(), ...events(), ...values()].map((oddity, at) => caseOf(oddity, FIRST_NUMBER + at));
}

function caseOf({ name, isValid = false, members, value, createdAt }: Oddity, number: number): DisclosureCase {
  const plain = eventOf(number);
  const told = { ...plain, ...members?.(plain) };
  const secret = eventSecretOf(plain);
  const body = {
    ...event(number).body,
    commitment: hexOf(commitment("event-commitment", secret, textOf(told))),
    ...(createdAt !== undefined && { createdAt }),
    ...(value !== undefined && {
      value: base64url(commitment("value-commitment", SECRETS.k, textOf([ITEM_ID, value]))),
    }),
  };
  const disclosure = {
    event: told,
    secret: base64url(secret),
    ...(value !== undefined && { value: { value, secret: base64url(SECRETS.k) } }),
  };
  return { name, isValid, plan: { signers: [KEYS.clerk], body }, disclosure };
}

/** A lone surrogate has no canonical form, and stays escaped here: what somebody would commit to who does not look. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value).replaceAll(/\\(ud[89a-f]..)/g, "@$1@");
  return canonical(JSON.parse(text))
    .toString()
    .replaceAll(/@(ud...)@/g, "\\$1");
}

/** A value inside as many lists. */
function inLists(count: number, value: unknown): unknown {
  return count === 0 ? value : [inLists(count - 1, value)];
}

const PROTO = { ["__proto__"]: "x" };

/** The event is around its members, and their object around theirs. */
function limits(): readonly Oddity[] {
  const eventData = {
    "": [null, 1e300, 0.1],
    constructor: false,
    list: inLists(30, []),
    text: inLists(30, "\u{1f511}"),
  };
  return [
    { name: "what may just be", isValid: true, members: () => ({ eventData }), value: inLists(32, "\u007f") },
    { name: "an actor that says less", isValid: true, members: () => ({ actor: { type: "system" } }) },
  ];
}

function times(): readonly Oddity[] {
  const time = (name: string, from: RegExp, to: string): Oddity => {
    return { name: `a time ${name}`, members: ({ timestamp }) => ({ timestamp: timestamp.replace(from, to) }) };
  };
  return [
    time("without decimals", /\.000/, ""),
    time("with six decimals", /\.000/, ".000000"),
    time("with its distance from UTC", /Z/, "+00:00"),
    time("with a space", /T/, " "),
    {
      ...time("of 24 o'clock", /T.*/, "T24:00:00.000Z"),
      createdAt: Date.parse(eventOf(0).timestamp.replace(/T.*/, "T24:00:00.000Z")),
    },
  ];
}

function events(): readonly Oddity[] {
  const data = (name: string, eventData: unknown): Oddity => {
    return { name: `an event with ${name}`, members: () => ({ eventData }) };
  };
  return [
    data("a text inside too much", inLists(32, "x")),
    data("an empty list inside too much", inLists(32, [])),
    data("a NUL", "a\0b"),
    data("a NUL in a name", { "\0": 1 }),
    data("a lone surrogate", "\ud800"),
    data("a lone surrogate in a name", { "\udfff": 1 }),
    data("a member named __proto__", PROTO),
  ];
}

function values(): readonly Oddity[] {
  const of = (name: string, value: unknown): Oddity => ({ name: `a value with ${name}`, value });
  return [
    of("a number inside too much", inLists(33, 1)),
    of("a NUL", "\0"),
    of("a lone surrogate", "\udfff\ud800"),
    of("a member named __proto__", [PROTO]),
    { name: "a value of no item", members: () => ({ subjectId: null }), value: 1 },
  ];
}
