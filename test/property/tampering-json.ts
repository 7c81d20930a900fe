import { canonical } from "../vectors/naive-register-records.ts";
import type { Draw } from "./tampering-chains.ts";

/* Records altered: to others that may have the form, or to the same in another form. */

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
type Place = { readonly owner: Record<string | number, Json>; readonly name: string | number };

/** Every value inside, with what holds it. */
function placesIn(value: Json): readonly Place[] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Record<string | number, Json>;
  const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return names.flatMap((name) => [{ owner, name }, ...placesIn(owner[name] as Json)]);
}

const ALPHABETS = ["0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** Another text of the same length and, where it can be, the same alphabet. */
function otherText(text: string, draw: Draw): string {
  if (/^\d+$/.test(text)) return String(BigInt(text) + BigInt(draw(2) * 2 - 1));
  const at = draw(text.length);
  const character = text[at] ?? "";
  const alphabet = ALPHABETS.find((one) => one.includes(character)) ?? ALPHABETS[0] ?? "";
  const other = alphabet[(alphabet.indexOf(character) + 1 + draw(alphabet.length - 1)) % alphabet.length] ?? "";
  return text.slice(0, at) + other + text.slice(at + 1);
}

const NUMBERS = [0, 1, 2, 1_000, 1_001, 253_402_300_799_999, 253_402_300_800_000, 2 ** 53 - 1, -1];
const OTHER_VALUES: readonly Json[] = [null, true, "", "0", 0, [], {}, "f".repeat(64), "0".repeat(32), [["x"]]];

function otherValue(value: Json, draw: Draw): Json {
  if (draw(4) === 0) return OTHER_VALUES[draw(OTHER_VALUES.length)] ?? null;
  if (typeof value === "string") return otherText(value, draw);
  if (typeof value === "number") return draw(2) === 0 ? value + draw(2) * 2 - 1 : (NUMBERS[draw(NUMBERS.length)] ?? 0);
  return Array.isArray(value) ? [...value, value[0] ?? "x"] : { ...(value as object), note: "x" };
}

/** The record with one value altered, left out, put twice or put in, in its canonical form. */
export function altered(record: Uint8Array, draw: Draw): Buffer {
  const value = parsed(record);
  const places = placesIn(value);
  const { owner, name } = places[draw(places.length)] ?? { owner: {}, name: "" };
  const kind = draw(6);
  if (kind > 1) owner[name] = otherValue(owner[name] as Json, draw);
  else if (Array.isArray(owner)) owner.splice(Number(name), kind, ...(kind === 0 ? [owner[Number(name)] as Json] : []));
  else if (kind === 0) delete owner[name];
  else owner[`${name}2`] = owner[name] as Json;
  return canonical(value);
}

/** The record with the value of one member put in place of all that it had. */
export function withMember(record: Uint8Array, path: readonly (string | number)[], value: unknown): Buffer {
  const whole = parsed(record);
  const owner = path.slice(0, -1).reduce((inner, name) => Reflect.get(Object(inner), name) as Json, whole);
  Reflect.set(Object(owner), path.at(-1) ?? "", value);
  return canonical(whole);
}

export function parsed(record: Uint8Array): Json {
  return JSON.parse(Buffer.from(record).toString()) as Json;
}

type Rewrite = (text: string, draw: Draw) => string;

const nested =
  (levels: number): Rewrite =>
  (text) =>
    `${text.slice(0, -1)},"z":${"[".repeat(levels)}${"]".repeat(levels)}}`;
const inPlaceOfNumber =
  (value: string): Rewrite =>
  (text) =>
    text.replace(/:\d+/, `:${value}`);

/** The same record or nearly so, in a form that is none. */
const REWRITES: readonly Rewrite[] = [
  (text) => text.replace(",", ", "),
  (text) => text.replace("{", "{ "),
  (text) => text.replace(":", " :"),
  (text, draw) => `${text}${["\n", " ", "\0", "}", "{}", "\ufeff"][draw(6)]}`,
  (text) => `\ufeff${text}`,
  (text) => text.replace(/"([a-zA-Z]+)":("[^"]*"|\d+)/, '"$1":$2,"$1":$2'),
  (text) => text.replace(/("[a-zA-Z]+":(?:"[^"]*"|\d+)),("[a-zA-Z]+":(?:"[^"]*"|\d+))/, "$2,$1"),
  (text) => text.replace(/"([a-z])/, (_, letter: string) => `"\\u00${letter.charCodeAt(0).toString(16)}`),
  (text) => text.replace(/:(\d+)([,}])/, ":$1.0$2"),
  (text) => text.replace(/:(\d+)([,}])/, ":$1e0$2"),
  (text) => text.replace(/:(\d+)([,}])/, ":0$1$2"),
  (text) => text.replace(/:(\d+)([,}])/, ":-$1$2"),
  inPlaceOfNumber("9007199254740992"),
  inPlaceOfNumber("1e400"),
  inPlaceOfNumber("1e-7"),
  inPlaceOfNumber("-0"),
  inPlaceOfNumber("9".repeat(400)),
  nested(15),
  nested(16),
  nested(17),
  nested(30_000),
  (text) => `${"[".repeat(20_000)}${text}${"]".repeat(20_000)}`,
  (text) => `${text.slice(0, -1)},"__proto__":{"v":1}}`,
  (text) => `${text.slice(0, -1)},"z":"\\ud800"}`,
  (text) => `${text.slice(0, -1)},"z":"\\u0000"}`,
  (text) => text.slice(0, -1),
  () => "",
  () => "null",
  () => "[]",
];

export function rewritten(record: Uint8Array, draw: Draw): Buffer {
  const rewrite = REWRITES[draw(REWRITES.length)];
  return Buffer.from(rewrite?.(Buffer.from(record).toString(), draw) ?? "");
}
