import { type Coercion, coerced, formatError, typeError } from "./coercion.ts";

const EMAIL_LENGTH_MAX = 254;
const LOCAL_PART_LENGTH_MAX = 64;

/* A dot-atom of RFC 5322, section 3.2.3, extended by the letters of RFC 6531. Quoted local parts are not taken. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)+(?:\p{L}[\p{L}\p{M}]{1,62}|xn--[a-z0-9-]{1,59})$/u;

/** `Local.Part@Example.ORG` becomes `Local.Part@example.org`: only the domain ignores case (RFC 5321, section 2.4). */
export function coerceEmail(value: unknown): Coercion {
  if (typeof value !== "string") return typeError("Must be text.");
  const text = value.trim();
  const at = text.lastIndexOf("@");
  if (at < 1 || at > LOCAL_PART_LENGTH_MAX || text.length > EMAIL_LENGTH_MAX) return NOT_AN_ADDRESS;
  const localPart = text.slice(0, at);
  const domain = text
    .slice(at + 1)
    .toLowerCase()
    .normalize("NFC");
  if (!LOCAL_PART.test(localPart) || !DOMAIN.test(domain)) return NOT_AN_ADDRESS;
  const canonical = `${localPart}@${domain}`;
  return canonical.length > EMAIL_LENGTH_MAX ? NOT_AN_ADDRESS : coerced(canonical);
}

const NOT_AN_ADDRESS = formatError(
  `Must be an e-mail address of at most ${EMAIL_LENGTH_MAX} characters with a local part and a domain that ends in two letters or more.`,
);
