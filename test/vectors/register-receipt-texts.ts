import { buildNote } from "./naive-receipt-builder.ts";
import { SAMPLE } from "./register-hostile-case.ts";
import { KEYS, VALUE } from "./register-sample.ts";

/* Other ways to write a receipt, and notes with other lines: what is lost, or put right, once it is read. */

/**
 * A receipt of the vectors, written without white space and with its members in their order, of which the first occurrence
 * of a text is replaced by others, each as often as is said.
 */
export interface ReceiptText {
  readonly name: string;
  readonly receipt: string;
  readonly isValid: boolean;
  readonly replace: string;
  readonly by: readonly (readonly [text: string, times: number])[];
}

/** The text of a case, made of a receipt. */
export function textOfCase(receipt: unknown, { replace, by }: ReceiptText): string {
  const [before = "", ...after] = JSON.stringify(receipt).split(replace);
  return before + by.map(([text, times]) => text.repeat(times)).join("") + after.join(replace);
}

/** In a text in JSON, where the checkpoint of a receipt ends. */
const END_OF_NOTE = '\\n","proof"';
const NOTE_BYTES_MAX = 1_000_000;
const LINES_MAX = 100;

export function receiptTexts(): readonly ReceiptText[] {
  return [...writings(), ...minusZeros(), ...names(), ...lines(), ...lengths()];
}

function writings(): readonly ReceiptText[] {
  const at = (replace: string) => (isValid: boolean, name: string, by: string) => {
    return { name, receipt: "disclosed", isValid, replace, by: [[by, 1]] } as const;
  };
  const format = '{"format":"strongroom/receipt/v1"';
  const [begin, brace] = [at(format), at("{")];
  const [index, instant] = [at('"index":2'), at('"createdAt":1767225600000')];
  return [
    begin(true, "white space", ` \n\t\r{ "format" : "strongroom/receipt/v1"`),
    begin(true, "a member twice, the last right", `{"format":"x",${format.slice(1)}`),
    begin(false, "a member twice, the last wrong", `${format},"format":"x"`),
    begin(true, "a character escaped", '{"\\u0066ormat":"strongroom\\/receipt/v1"'),
    index(true, "an index with a fraction and an exponent", '"index":0.2e1'),
    instant(true, "an instant with a fraction", '"createdAt":1767225600000.0'),
    instant(true, "an instant with an exponent", '"createdAt":1.7672256e12'),
    instant(true, "an instant that no double is", '"createdAt":1767225600000.00001'),
    instant(false, "an instant with another fraction", '"createdAt":1767225600000.001'),
    at(`"value":"${VALUE}"`)(false, "a number beyond all doubles", '"value":1e400'),
    brace(false, "a byte order mark", "\ufeff{"),
    brace(false, "a comma more", "{,"),
    brace(false, "a member named __proto__", '{"__proto__":{},'),
  ];
}

/** The instant is zero, so that nothing but the sign is wrong. */
function minusZeros(): readonly ReceiptText[] {
  const receipt = "of a register from 1970";
  const replace = '"createdAt":0';
  const of = (isValid: boolean, written: string): ReceiptText => {
    return {
      name: `a charter of the instant ${written}`,
      receipt,
      isValid,
      replace,
      by: [[`"createdAt":${written}`, 1]],
    };
  };
  return [of(true, "0.0"), of(false, "-0"), of(false, "-0.0"), of(false, "-1e-400")];
}

/** With lines at the end of its note, in JSON. */
function noted(isValid: boolean, name: string, ...by: ReceiptText["by"]): ReceiptText {
  const replace = END_OF_NOTE;
  return {
    name: `a note with ${name}`,
    receipt: "disclosed",
    isValid,
    replace,
    by: [["\\n", 1], ...by, ['","proof"', 1]],
  };
}

const SIGNED = Buffer.alloc(68, 7).toString("base64");
const lineOf = (name: string, signed = SIGNED) => `\u2014 ${name} ${signed}\\n`;

/** Of those who signed besides. */
function names(): readonly ReceiptText[] {
  const of = (isValid: boolean, text: string, name: string) => noted(isValid, text, [lineOf(name), 1]);
  return [
    of(true, "the name of somebody else", "example.com/witness"),
    of(true, "U+FEFF in a name", "a\ufeffb"),
    of(true, "U+200B in a name", "a\u200bb"),
    of(true, "U+007F in a name", "a\u007fb"),
    of(false, "an empty name", ""),
    of(false, "a plus sign in a name", "a+b"),
    of(false, "a tab in a name", "a\\tb"),
    of(false, "U+001F in a name", "a\\u001fb"),
    of(false, "U+0085 in a name", "a\u0085b"),
    of(false, "U+00A0 in a name", "a\u00a0b"),
    of(false, "U+2028 in a name", "a\u2028b"),
    of(false, "U+3000 in a name", "a\u3000b"),
    of(false, "a lone surrogate in a name", "a\\ud800b"),
  ];
}

/** Base64 that is none, or is written in another way. */
function lines(): readonly ReceiptText[] {
  const of = (isValid: boolean, text: string, line: string) => noted(isValid, text, [line, 1]);
  return [
    of(true, "a signature of one byte", lineOf("a", "AAAAAAA=")),
    of(false, "a key id alone", lineOf("a", "AAAAAA==")),
    of(false, "no padding", lineOf("a", "AAAAAAA")),
    of(false, "other bits left over", lineOf("a", "AAAAAAB=")),
    of(false, "base64url", lineOf("a", "AAAA_AA=")),
    of(false, "a space at the end of a line", lineOf("a", "AAAAAAA= ")),
    of(false, "U+00A0 at the end of a line", lineOf("a", "AAAAAAA=\u00a0")),
    of(false, "a hyphen for the dash", lineOf("a").replace("\u2014", "-")),
    of(false, "an empty line at the end", "\\n"),
    of(false, "no line feed at the end", lineOf("a").slice(0, -2)),
  ];
}

function lengths(): readonly ReceiptText[] {
  const [before = "", after = ""] = lineOf("|", "AAAAAAA=").split("|");
  // In the note, the line feed is one byte.
  const left =
    NOTE_BYTES_MAX - Buffer.byteLength(buildNote(SAMPLE, 6, KEYS.notary)) - Buffer.byteLength(before + after) + 1;
  const long = (isValid: boolean, name: string, written: ReceiptText["by"][number]) =>
    noted(isValid, name, [before, 1], written, [after, 1]);
  return [
    noted(true, "100 lines", [lineOf("a"), LINES_MAX - 1]),
    noted(false, "101 lines", [lineOf("a"), LINES_MAX]),
    long(true, "1,000,000 bytes", ["a", left]),
    long(false, "1,000,001 bytes", ["a", left + 1]),
    long(false, "over 1,000,000 bytes in fewer characters", ["\u20ac", Math.ceil(left / 3) + 1]),
  ];
}
