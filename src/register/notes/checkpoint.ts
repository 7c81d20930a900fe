import { base64Of, bytesOfBase64 } from "../../signatures/byte-text.ts";

/*
 * Checkpoints as C2SP describes them (c2sp.org/tlog-checkpoint): the text of a signed note that says how long a log is and
 * what the root of its tree is.
 */

export interface Checkpoint {
  /** Names the log: one line without a space at either end. */
  readonly origin: string;
  /** Leaves of the tree. */
  readonly size: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Further lines, which others may not know. */
  readonly extensions: readonly string[];
}

const ROOT_BYTES = 32;
const SIZE_MAX = 2n ** 63n - 1n;

/** The text to be signed; it ends in a line break. Takes what `parseCheckpoint` gives. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, size.toString(), base64Of(root), ...extensions];
  return lines.map((line) => `${line}\n`).join("");
}

/** The checkpoint that a note's text is, or `undefined` when it is none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith("\n")) return undefined;
  const [origin = "", size = "", root = "", ...extensions] = text.slice(0, -1).split("\n");
  const bytes = bytesOfBase64(root);
  if (bytes?.length !== ROOT_BYTES || origin === "" || !isSize(size) || extensions.includes("")) return undefined;
  return { origin, size: BigInt(size), root: bytes, extensions };
}

/** Decimal digits without a zero in front. */
function isSize(text: string): boolean {
  return /^(?:0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= SIZE_MAX;
}
