import { createHash } from "node:crypto";
import { hexOf, INTEGER_64, isAccepted } from "./naive-register-records.ts";

/* The notes of c2sp.org that hold checkpoints, as docs/register-format.md narrows them, sharing no code with the product. */

/** A note with a checkpoint. */
export interface Note {
  readonly text: string;
  readonly registerId: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  /** Those under the name of the origin: 4 bytes that hint at the key, and the signature. */
  readonly signatures: readonly Uint8Array[];
}

const NOTE_BYTES_MAX = 1_000_000;
const LINES_MAX = 100;

/** All that Unicode has as white space (PropList.txt), and the plus sign. */
const NOT_IN_NAMES = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/;

/** Undefined when the text is no note, or holds no checkpoint of a register. */
export function readNote(note: string): Note | undefined {
  const end = note.lastIndexOf("\n\n");
  if (!isNoteText(note) || end < 0) return undefined;
  const checkpoint = readCheckpoint(note.slice(0, end + 1));
  const lines = note.slice(end + 2, -1).split("\n");
  const read = lines.flatMap((line) => readLine(line) ?? []);
  if (!checkpoint || lines.length > LINES_MAX || read.length < lines.length) return undefined;
  const own = read.filter(({ name }) => name === `strongroom/register/${checkpoint.registerId}`);
  return { ...checkpoint, signatures: own.map(({ bytes }) => bytes) };
}

function readCheckpoint(text: string): Omit<Note, "signatures"> | undefined {
  const [, registerId = "", size = "", base64 = ""] =
    /^strongroom\/register\/([0-9a-f]{32})\n([0-9]+)\n([A-Za-z0-9+/]+=)\n$/.exec(text) ?? [];
  const root = bytesOf(base64);
  return root?.length === 32 && INTEGER_64(size) ? { text, registerId, size: BigInt(size), root } : undefined;
}

/** Whether all is of characters that a note may have, and not too many. */
function isNoteText(note: string): boolean {
  const isShort = Buffer.byteLength(note) <= NOTE_BYTES_MAX;
  return (
    isShort && note.isWellFormed() && note.endsWith("\n") && Array.from(note).every((one) => one === "\n" || one >= " ")
  );
}

/** The name and what is signed, with the 4 bytes before it. */
function readLine(line: string): { readonly name: string; readonly bytes: Uint8Array } | undefined {
  const [dash, name = "", base64 = "", ...more] = line.split(" ");
  const bytes = bytesOf(base64);
  const isName = name !== "" && !NOT_IN_NAMES.test(name);
  return dash === "\u2014" && isName && bytes && bytes.length > 4 && more.length === 0 ? { name, bytes } : undefined;
}

/** Undefined unless this is the one way to write the bytes. */
function bytesOf(base64: string): Buffer | undefined {
  const bytes = Buffer.from(base64, "base64");
  return bytes.toString("base64") === base64 ? bytes : undefined;
}

/** The first 4 bytes of a signature in a note: those of SHA-256 over the name, a line feed, 0x01 and the Ed25519 key. */
export function noteKeyHint(name: string, publicKey: Uint8Array): Buffer {
  return createHash("sha256").update(`${name}\n`).update(Buffer.of(1)).update(publicKey).digest().subarray(0, 4);
}

/** Whether one of these keys signed a note, and none of them wrongly. */
export function isNoteSigned(note: Note, publicKeys: readonly Uint8Array[]): boolean {
  const name = `strongroom/register/${note.registerId}`;
  const verified = publicKeys.flatMap((raw) => {
    const own = note.signatures.filter((bytes) => noteKeyHint(name, raw).equals(bytes.subarray(0, 4)));
    const key = { alg: "ed25519", publicKey: hexOf(raw) } as const;
    return own.map((bytes) => isAccepted(key, Buffer.from(note.text), bytes.subarray(4)));
  });
  return verified.length > 0 && verified.every(Boolean);
}
