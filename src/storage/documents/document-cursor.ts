import { hash } from "node:crypto";
import { VaultError } from "../../errors.ts";
import type { Filter, OrderKey } from "../filter.ts";
import type { SortKeys, SortPosition } from "../filters/sort-position.ts";
import { decodeCursor, encodeCursor } from "../page.ts";
import { isDocumentId } from "./document-input.ts";

/** What a cursor belongs to. */
export interface DocumentList {
  readonly collection: string;
  readonly filter: Filter | undefined;
  readonly orderBy: readonly OrderKey[];
}

export function encodePlace(list: DocumentList, { positions, id }: SortKeys): string {
  return encodeCursor(listName(list), [...positions.map(textOf), id]);
}

/** @throws `invalid_cursor` when the text is no cursor of this list */
export function decodePlace(list: DocumentList, cursor: string): SortKeys {
  const parts = decodeCursor(listName(list), cursor, list.orderBy.length + 1);
  const positions = parts.slice(0, -1).map(positionOf);
  const id = parts.at(-1);
  if (isDocumentId(id) && positions.every((position) => position !== undefined)) return { positions, id };
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}

/** Binds a cursor to its filter and order without giving the filter's values away. */
function listName({ collection, filter, orderBy }: DocumentList): string {
  const order = orderBy.map(({ path, direction = "ascending" }) => [path, direction]);
  return `documents/${collection}/${hash("sha256", JSON.stringify([filter ?? null, order]), "base64url").slice(0, 22)}`;
}

/** The class of a position is one character; the value of a number or a text follows it. */
const LETTERS = { nothing: "-", number: "n", text: "s", container: "c", false: "f", true: "t" } as const;
const CLASSES = { "-": "nothing", c: "container", f: "false", t: "true" } as const;

function textOf(position: SortPosition): string {
  const letter = LETTERS[position.class];
  return position.class === "number" || position.class === "text" ? `${letter}${position.value}` : letter;
}

function positionOf(text: string): SortPosition | undefined {
  const value = text.slice(1);
  if (text.startsWith(LETTERS.text)) return value.isWellFormed() ? { class: "text", value } : undefined;
  if (text.startsWith(LETTERS.number)) {
    const number = Number(value);
    return value !== "" && Number.isFinite(number) ? { class: "number", value: number } : undefined;
  }
  return Object.hasOwn(CLASSES, text) ? { class: CLASSES[text as keyof typeof CLASSES] } : undefined;
}
