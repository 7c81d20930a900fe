import { invariant } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import { base64UrlOf, bytesOfBase64Url, hexOf, utf8 } from "../signatures/byte-text.ts";
import { canonicalJson } from "../signatures/canonical-json.ts";
import { hmacSha256 } from "../signatures/hmac-sha256.ts";

/*
 * What the register says of customers, items, events and values without holding them, as `docs/register-format.md` has it.
 * Who has the secret can check it; once the secret is destroyed, nothing can be learned or guessed from it.
 */

/** Of a customer's secret, of an event's and of a value's. */
export const COMMITMENT_SECRET_BYTES = 32;

const SUBJECT = domain("subject");
const ITEM = domain("item");
const EVENT_SECRET = domain("event-secret");
const EVENT_COMMITMENT = domain("event-commitment");
const VALUE_COMMITMENT = domain("value-commitment");

/** The pseudonym of a customer in one register: 64 hexadecimal digits. */
export function subjectRef(secret: Uint8Array, registerId: string): string {
  return hexOf(hmacSha256(secret, SUBJECT, utf8(registerId)));
}

/** The pseudonym of an item of the customer whose secret it is: 64 hexadecimal digits. */
export function itemRef(secret: Uint8Array, itemId: string): string {
  return hexOf(hmacSha256(secret, ITEM, utf8(itemId)));
}

/** What opens the commitment to one event, and nothing else: 32 bytes. */
export function eventSecret(secret: Uint8Array, eventId: string): Uint8Array {
  return hmacSha256(secret, EVENT_SECRET, utf8(eventId));
}

/**
 * Binds the register to a whole event: 64 hexadecimal digits. Throws like `canonicalJson`.
 *
 * @param secret what `eventSecret` gives for the event
 */
export function eventCommitment(secret: Uint8Array, event: JsonValue): string {
  return hexOf(hmacSha256(secret, EVENT_COMMITMENT, utf8(canonicalJson(event))));
}

/**
 * Binds the register to the value of an item: base64url. Throws like `canonicalJson`.
 *
 * @param secret `COMMITMENT_SECRET_BYTES` random bytes, for each version of a value others
 */
export function valueCommitment(secret: Uint8Array, itemId: string, value: JsonValue): string {
  return base64UrlOf(hmacSha256(secret, VALUE_COMMITMENT, utf8(canonicalJson([itemId, value]))));
}

/** `valueCommitment` by a secret as it is kept: base64url. */
export function commitmentOf(secret: string, itemId: string, value: JsonValue): string {
  const bytes = bytesOfBase64Url(secret);
  invariant(bytes, "a secret is kept in base64url");
  return valueCommitment(bytes, itemId, value);
}

function domain(name: string): Uint8Array {
  return utf8(`strongroom/${name}/v1\n`);
}
