import type { ProtocolRecord } from "../../signatures/protocol-record.ts";
import { SUITE_IDS } from "../../signatures/signature-suite.ts";

/*
 * The forms that members of the register's records have. A record that has a member more than its form, or one in another
 * form, is none: what nobody checks could say anything.
 */

export type Form = (value: unknown) => boolean;

/** Each member with its form; one whose name ends in `?` may be absent. */
export function recordForm(members: Readonly<Record<string, Form>>): Form {
  const forms = new Map<string, { readonly form: Form; readonly isRequired: boolean }>();
  let required = 0;
  for (const [name, form] of Object.entries(members)) {
    const isRequired = !name.endsWith("?");
    forms.set(isRequired ? name : name.slice(0, -1), { form, isRequired });
    if (isRequired) required++;
  }
  return (value) => {
    if (!isRecord(value)) return false;
    let found = 0;
    for (const name of Object.keys(value)) {
      const member = forms.get(name);
      if (!member?.form(value[name])) return false;
      if (member.isRequired) found++;
    }
    return found === required;
  };
}

export function listForm(form: Form, min: number, max: number): Form {
  return (value) => Array.isArray(value) && value.length >= min && value.length <= max && value.every(form);
}

export function textForm(pattern: RegExp): Form {
  return (value) => typeof value === "string" && pattern.test(value);
}

export function exactly(expected: string | number): Form {
  return (value) => value === expected;
}

export function oneOf(values: readonly string[]): Form {
  return (value) => typeof value === "string" && values.includes(value);
}

export function integerForm(min: number, max: number): Form {
  return (value) => typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

/** 32 bytes in lower-case hexadecimal. */
export const HASH_FORM = textForm(/^[0-9a-f]{64}$/);
/** Of registers and of keys: 16 bytes in lower-case hexadecimal. */
export const ID_FORM = textForm(/^[0-9a-f]{32}$/);
export const UUID_FORM = textForm(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
/** 64 bytes in base64url; the last character has four bits to spare, which are zero. */
const SIGNATURE_FORM = textForm(/^[A-Za-z0-9_-]{85}[AQgw]$/);
/** 32 bytes in base64url; the last character has two bits to spare, which are zero. */
export const COMMITMENT_FORM = textForm(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
/** Of the year 9999: later instants have no text that every reader knows. */
const INSTANT_MAX = 253_402_300_799_999;
/** Milliseconds since 1970. */
export const INSTANT_FORM = integerForm(0, INSTANT_MAX);

const COUNTER_MAX = 2n ** 63n - 1n;
const COUNTER = /^(?:0|[1-9]\d{0,18})$/;

/** A 64-bit integer as decimal text. */
export const COUNTER_FORM: Form = (value) =>
  typeof value === "string" && COUNTER.test(value) && BigInt(value) <= COUNTER_MAX;

export const SUITE_FORM = oneOf(SUITE_IDS);

/** A signature with what it says of itself. */
export interface RecordSignature {
  readonly alg: string;
  readonly keyId: string;
  /** Base64url. */
  readonly sig: string;
}

export const RECORD_SIGNATURE_FORM = recordForm({ alg: SUITE_FORM, keyId: ID_FORM, sig: SIGNATURE_FORM });

export function isRecord(value: unknown): value is ProtocolRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
