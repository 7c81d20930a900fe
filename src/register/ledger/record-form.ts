import { invariant } from "../../errors.ts";
import { type ProtocolRecord, textOfRecord } from "../../signatures/protocol-record.ts";
import { SUITE_IDS } from "../../signatures/signature-suite.ts";

/*
 * The forms that members of the register's records have. A record that has a member more than its form, or one in another
 * form, is none: what nobody checks could say anything.
 */

/** Whether a value has the form. */
export interface Form {
  (value: unknown): boolean;
  /**
   * The source of a regular expression for how such values are written in canonical JSON: it matches nothing else, and
   * nearly all of them. `undefined` when there is none.
   */
  readonly written?: string | undefined;
}

/** Each member with its form; one whose name ends in `?` may be absent. */
export function recordForm(members: Readonly<Record<string, Form>>): Form {
  const forms = new Map<string, { readonly form: Form; readonly isRequired: boolean }>();
  let required = 0;
  for (const [name, form] of Object.entries(members)) {
    const isRequired = !name.endsWith("?");
    forms.set(isRequired ? name : name.slice(0, -1), { form, isRequired });
    if (isRequired) required++;
  }
  const check = (value: unknown): boolean => {
    if (!isRecord(value)) return false;
    let found = 0;
    for (const name of Object.keys(value)) {
      const member = forms.get(name);
      if (!member?.form(value[name])) return false;
      if (member.isRequired) found++;
    }
    return found === required;
  };
  return Object.assign(check, { written: writtenRecord(members) });
}

export function listForm(form: Form, min: number, max: number): Form {
  const check = (value: unknown): boolean =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every((element) => form(element));
  const { written } = form;
  if (written === undefined || min < 1) return check;
  return Object.assign(check, { written: `\\[${written}(?:,${written}){${min - 1},${max - 1}}\\]` });
}

/** @param written as in `Form`, with its quotation marks */
export function textForm(pattern: RegExp, written?: string): Form {
  const check = (value: unknown): boolean => typeof value === "string" && pattern.test(value);
  return Object.assign(check, { written });
}

/** Of texts that have nothing in them that JSON writes in another way. */
function plainForm(source: string): Form {
  return textForm(new RegExp(`^${source}$`), `"${source}"`);
}

export function exactly(expected: string | number): Form {
  return Object.assign((value: unknown): boolean => value === expected, { written: literally(expected) });
}

function literally(value: string | number): string {
  return JSON.stringify(value).replaceAll(/[^\w"]/g, "\\$&");
}

export function oneOf(values: readonly string[]): Form {
  const check = (value: unknown): boolean => typeof value === "string" && values.includes(value);
  return Object.assign(check, { written: `(?:${values.map(literally).join("|")})` });
}

/** The expression, which can only count digits, leaves out those with as many as the largest one has. */
export function integerForm(min: number, max: number): Form {
  const check = (value: unknown): boolean =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
  const digits = max.toString().length - 1;
  if (min > 1 || min < 0 || digits === 0) return check;
  return Object.assign(check, { written: `(?:${min === 0 ? "0|" : ""}[1-9][0-9]{0,${digits - 1}})` });
}

/** 32 bytes in lower-case hexadecimal. */
export const HASH_FORM: Form = plainForm("[0-9a-f]{64}");
/** Of registers and of keys: 16 bytes in lower-case hexadecimal. */
export const ID_FORM: Form = plainForm("[0-9a-f]{32}");
export const UUID_FORM: Form = plainForm("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
/** 64 bytes in base64url; the last character has four bits to spare, which are zero. */
const SIGNATURE_FORM = plainForm("[A-Za-z0-9_-]{85}[AQgw]");
/** 32 bytes in base64url; the last character has two bits to spare, which are zero. */
export const COMMITMENT_FORM: Form = plainForm("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]");
/** Of the year 9999: later instants have no text that every reader knows. */
const INSTANT_MAX = 253_402_300_799_999;
/** Milliseconds since 1970. */
export const INSTANT_FORM: Form = integerForm(0, INSTANT_MAX);

const COUNTER_MAX = 2n ** 63n - 1n;
const COUNTER = /^(?:0|[1-9]\d{0,18})$/;

/** A 64-bit integer as decimal text. */
export const COUNTER_FORM: Form = Object.assign(
  (value: unknown): boolean => typeof value === "string" && COUNTER.test(value) && BigInt(value) <= COUNTER_MAX,
  { written: '"(?:0|[1-9][0-9]{0,17})"' },
);

export const SUITE_FORM = oneOf(SUITE_IDS);

/** A signature with what it says of itself. */
export interface RecordSignature {
  readonly alg: string;
  readonly keyId: string;
  /** Base64url. */
  readonly sig: string;
}

export const RECORD_SIGNATURE_MEMBERS = { alg: SUITE_FORM, keyId: ID_FORM, sig: SIGNATURE_FORM };
export const RECORD_SIGNATURE_FORM: Form = recordForm(RECORD_SIGNATURE_MEMBERS);

/**
 * How records of such members are written: sorted, with a comma after each that comes before the first one that is always
 * there, and before each that comes after it. `undefined` when one of them has no expression, or none is always there.
 *
 * @param captured members whose values the expression captures, in the order of their names
 */
export function writtenRecord(
  members: Readonly<Record<string, Form>>,
  captured: readonly string[] = [],
): string | undefined {
  const sorted = Object.entries(members)
    .map(([key, { written }]) => ({ name: key.replace("?", ""), isRequired: !key.endsWith("?"), written }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const first = sorted.findIndex(({ isRequired }) => isRequired);
  if (first < 0 || sorted.some(({ written }) => written === undefined)) return undefined;
  const parts = sorted.map(({ name, isRequired, written }, at) => {
    const member = `"${name}":${captured.includes(name) ? `(${written})` : written}`;
    if (at < first) return `(?:${member},)?`;
    if (at === first) return member;
    return isRequired ? `,${member}` : `(?:,${member})?`;
  });
  return `\\{${parts.join("")}\\}`;
}

/**
 * Reads records of texts and integers by one expression, many times faster than as JSON. What is read has its form; bytes
 * that it says `undefined` to may still be such a record.
 */
export function flatReader(members: Readonly<Record<string, Form>>): (bytes: Uint8Array) => ProtocolRecord | undefined {
  const names = Object.keys(members)
    .map((name) => name.replace("?", ""))
    .sort();
  const written = writtenRecord(members, names);
  invariant(written, "flat records have an expression");
  const expression = new RegExp(`^${written}$`);
  return (bytes) => {
    const match = expression.exec(textOfRecord(bytes) ?? "");
    if (!match) return undefined;
    const record: Record<string, string | number> = {};
    for (const [at, name] of names.entries()) {
      const value = match[at + 1];
      if (value !== undefined) record[name] = value.startsWith('"') ? value.slice(1, -1) : Number(value);
    }
    return record;
  };
}

export function isRecord(value: unknown): value is ProtocolRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
