import { base64Of, bytesOfBase64, hexOf, utf8 } from "../../signatures/byte-text.ts";
import { sha256 } from "../../signatures/sha256.ts";

/*
 * Signed notes as C2SP describes them (c2sp.org/signed-note): a text for people and machines, an empty line, and a line
 * for each signature. What is signed is the text with the line break at its end.
 */

/** One signature line. Neither its name nor its key id proves anything before it is verified. */
export interface NoteSignature {
  readonly name: string;
  /** 4 bytes: which key of that name. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** Ends in a line break. */
  readonly text: string;
  /** In the order of the lines, at least one. */
  readonly signatures: readonly NoteSignature[];
}

/** Who may have signed: an Ed25519 key with the name it goes by. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export const NOTE_SIGNATURES_MAX = 100;
/** Of the note in UTF-8, as in Go. */
const NOTE_BYTES_MAX = 1_000_000;

const KEY_ID_BYTES = 4;
/** The only kind of key that is used here. */
const ED25519 = 0x01;
const PUBLIC_KEY_BYTES = 32;
const FIRST_PRINTABLE = 0x20;
const LINE_BREAK = 0x0a;
const SIGNATURE_MARK = "\u2014 ";

/** The note as it is kept and handed on. Takes what `parseNote` gives. */
export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(
    ({ name, keyId, signature }) => `${SIGNATURE_MARK}${name} ${base64Of(joined(keyId, signature))}\n`,
  );
  return `${text}\n${lines.join("")}`;
}

/** The note's parts, or `undefined` when the text is no signed note. */
export function parseNote(note: string): SignedNote | undefined {
  if (isTooLong(note) || !note.endsWith("\n") || !isNoteText(note)) return undefined;
  const split = note.lastIndexOf("\n\n");
  if (split < 0) return undefined;
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX) return undefined;
  const signatures = lines.map(parseSignature).filter((signature) => signature !== undefined);
  return signatures.length === lines.length ? { text: note.slice(0, split + 1), signatures } : undefined;
}

/** The verifier of a key. @throws nothing: a name that is none makes a verifier that no line matches */
export function noteVerifier(name: string, publicKey: Uint8Array): NoteVerifier {
  return { name, keyId: keyIdOf(name, publicKey), publicKey };
}

/** `name+keyId+key`, the form in which verifiers are handed on. */
export function formatVerifier({ name, keyId, publicKey }: NoteVerifier): string {
  return `${name}+${hexOf(keyId)}+${base64Of(joined(Uint8Array.of(ED25519), publicKey))}`;
}

/** The verifier that a text describes, or `undefined`: also when its key id is not that of its key. */
export function parseVerifier(text: string): NoteVerifier | undefined {
  const [name = "", keyId = "", key = "", ...rest] = splitAtFirst(text, "+", 3);
  const bytes = bytesOf(key);
  if (rest.length > 0 || !isName(name) || bytes?.length !== 1 + PUBLIC_KEY_BYTES || bytes[0] !== ED25519)
    return undefined;
  const verifier = noteVerifier(name, bytes.subarray(1));
  return hexOf(verifier.keyId) === keyId ? verifier : undefined;
}

/**
 * Those of the verifiers that have signed the note, each once, or `undefined` when a line names one of them and is not its
 * signature. Lines of others are passed over: who knows them may verify them.
 *
 * @param verify whether the signature of the message is the key's
 */
export function signersOf(
  note: SignedNote,
  verifiers: readonly NoteVerifier[],
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): readonly NoteVerifier[] | undefined {
  const message = utf8(note.text);
  const signers = new Set<NoteVerifier>();
  for (const line of note.signatures) {
    const verifier = verifiers.find(({ name, keyId }) => name === line.name && hexOf(keyId) === hexOf(line.keyId));
    if (!verifier) continue;
    if (!verify(verifier.publicKey, message, line.signature)) return undefined;
    signers.add(verifier);
  }
  return [...signers];
}

function keyIdOf(name: string, publicKey: Uint8Array): Uint8Array {
  return sha256(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey).subarray(0, KEY_ID_BYTES);
}

function parseSignature(line: string): NoteSignature | undefined {
  if (!line.startsWith(SIGNATURE_MARK)) return undefined;
  const [name = "", encoded = "", ...rest] = line.slice(SIGNATURE_MARK.length).split(" ");
  const bytes = bytesOf(encoded);
  if (rest.length > 0 || !isName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) };
}

/** Neither empty nor with a plus sign or white space in it: what Unicode calls so, which is not quite what JavaScript does. */
function isName(name: string): boolean {
  return name !== "" && !/[\p{White_Space}+]/u.test(name);
}

/** What has too many characters has too many bytes, and need not be written to be counted. */
function isTooLong(note: string): boolean {
  return note.length > NOTE_BYTES_MAX || utf8(note).length > NOTE_BYTES_MAX;
}

/** Well-formed text without control characters but line breaks. */
function isNoteText(note: string): boolean {
  if (!note.isWellFormed()) return false;
  for (let at = 0; at < note.length; at++) {
    const unit = note.charCodeAt(at);
    if (unit < FIRST_PRINTABLE && unit !== LINE_BREAK) return false;
  }
  return true;
}

/** The bytes of a text in base64 with its padding, or `undefined` when they would be written in another way. */
function bytesOf(text: string): Uint8Array | undefined {
  return text === "" ? undefined : bytesOfBase64(text);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

/** At most `parts` parts: the last one may hold the separator. */
function splitAtFirst(text: string, separator: string, parts: number): string[] {
  const pieces = text.split(separator);
  return pieces.length <= parts ? pieces : [...pieces.slice(0, parts - 1), pieces.slice(parts - 1).join(separator)];
}
