import { createHmac } from "node:crypto";
import { type Body, canonical, type Form, hexOf } from "./naive-register-records.ts";

/* What a receipt discloses, and the commitments that it opens, by docs/register-format.md and no code of the product. */

export interface Disclosure {
  readonly event: unknown;
  readonly secret: string;
  readonly value?: { readonly value: unknown; readonly secret: string };
}

const LEVELS_MAX = 32;

/** Whether nothing is in an event or a value that must not be in it. */
export const DISCLOSED: Form = (value) => isDisclosed(value, 0);

/** @param around how many objects and lists are around it */
function isDisclosed(value: unknown, around: number): boolean {
  if (around > LEVELS_MAX || value === undefined) return false;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return isText(value);
  if (typeof value !== "object" || value === null) return true;
  const names = Array.isArray(value) ? [] : Object.keys(value);
  const areNames = names.every((name) => name !== "__proto__" && isText(name));
  return areNames && Object.values(value).every((inner) => isDisclosed(inner, around + 1));
}

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** HMAC(secret, "strongroom/<kind>/v1\n" and the content) of the commitments. */
export function commitment(kind: string, secret: Uint8Array, content: string | Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`strongroom/${kind}/v1\n`).update(content).digest();
}

/** YYYY-MM-DDThh:mm:ss.sssZ */
function timeOf(instant: number): string {
  const at = new Date(instant);
  const digits = (value: number, count = 2) => String(value).padStart(count, "0");
  const date = [digits(at.getUTCFullYear(), 4), digits(at.getUTCMonth() + 1), digits(at.getUTCDate())].join("-");
  const time = [digits(at.getUTCHours()), digits(at.getUTCMinutes()), digits(at.getUTCSeconds())].join(":");
  return `${date}T${time}.${digits(at.getUTCMilliseconds(), 3)}Z`;
}

/** Whether the transaction says of its event what that says of itself; an event has a null for what is absent here. */
function isTold({ id, eventType, timestamp, actor }: Readonly<Record<string, unknown>>, body: Body): boolean {
  const isSame = id === body.eventId && eventType === body.eventType;
  const isThen = timestamp === timeOf(body.createdAt);
  const stated = Object.entries(Object(actor) as object).filter(([, value]) => value !== null);
  return isSame && isThen && canonical(Object.fromEntries(stated)).equals(canonical(body.actor));
}

export function faultOfDisclosure({ event, secret, value }: Disclosure, body: Body): string | undefined {
  const opened = commitment("event-commitment", Buffer.from(secret, "base64url"), canonical(event));
  if (hexOf(opened) !== body.commitment) return "the event is not the one committed to";
  if (!isTold(Object(event), body)) return "the event says another thing than the transaction";
  if (!value) return undefined;
  const item = (event as { subjectId?: unknown } | null)?.subjectId;
  if (typeof item !== "string") return "the event names no item";
  const key = Buffer.from(value.secret, "base64url");
  const openedValue = commitment("value-commitment", key, canonical([item, value.value]));
  return openedValue.toString("base64url") === body.value ? undefined : "the value is not the one committed to";
}
