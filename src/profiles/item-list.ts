import { type Instant, parseInstant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import { decodeCursor, encodeCursor } from "../storage/page.ts";

/** A place in a list of items that goes from the newest to the oldest. */
export interface ItemPlace {
  /** When the item was collected or uploaded. */
  readonly instant: Instant;
  /** Its position among all insertions, as decimal text. */
  readonly sequence: string;
}

const SEQUENCE = /^[1-9]\d{0,17}$/;

export function encodeItemCursor(list: string, { instant, sequence }: ItemPlace): string {
  return encodeCursor(list, [instant, sequence]);
}

/** The place a page ended at; `undefined` for a first page. Throws `invalid_cursor`. */
export function decodeItemCursor(list: string, cursor: string | undefined): ItemPlace | undefined {
  if (cursor === undefined) return undefined;
  const [text = "", sequence = ""] = decodeCursor(list, cursor, 2);
  const instant = parseInstant(text);
  if (instant === text && SEQUENCE.test(sequence)) return { instant, sequence };
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}
