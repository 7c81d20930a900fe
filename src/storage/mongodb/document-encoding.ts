import type { JsonObject, JsonValue } from "../../json.ts";
import type { FilterPath } from "../filter.ts";

/**
 * How JSON lies in BSON, so that the server's own operators mean what filters and orders mean:
 *
 * - A scalar lies under its member's name.
 * - Of an object or array only an empty object lies there, so that all of them are equal in an order, and none is met
 *   by a comparison. What is in it lies beside it, under the name with `{` or `[` in front.
 * - An element of an array is the member `v` of an object. So no array lies on the way of a path, nor in an array.
 * - Names are escaped, so that they hold no `.` and `$`, and those in front are ours. Members are sorted, because
 *   the server compares objects with regard to their order.
 */
export interface EncodedObject {
  readonly [field: string]: EncodedValue;
}

type EncodedValue = null | boolean | number | string | EncodedObject | readonly EncodedObject[];

/** A document as it is stored. */
export interface StoredBody {
  /** The tenant's id, a slash and the document's id: ids of one tenant lie together, in their order. */
  readonly _id: string;
  readonly tenant: string;
  readonly version: number;
  /** For each unique index a text that no other document has; see `UniqueKeys`. */
  readonly keys: Readonly<Record<string, string>>;
  readonly body: EncodedObject;
}

export function encodeObject(object: JsonObject): EncodedObject {
  const encoded: Record<string, EncodedValue> = {};
  for (const name of Object.keys(object).sort()) {
    const value = object[name] as JsonValue;
    const field = encodeName(name);
    encoded[field] = isContainer(value) ? {} : value;
    if (isList(value)) encoded[`[${field}`] = encodeList(value);
    else if (isContainer(value)) encoded[`{${field}`] = encodeObject(value);
  }
  return encoded;
}

export function encodeList(list: readonly JsonValue[]): EncodedObject[] {
  return list.map((element) => encodeObject({ [ELEMENT]: element }));
}

export function decodeObject(encoded: EncodedObject): JsonObject {
  const object: Record<string, JsonValue> = {};
  for (const [field, value] of Object.entries(encoded)) {
    const first = field[0];
    if (first === "{") object[decodeName(field.slice(1))] = decodeObject(value as EncodedObject);
    else if (first === "[") object[decodeName(field.slice(1))] = decodeList(value as readonly EncodedObject[]);
    else if (typeof value !== "object" || value === null) object[decodeName(field)] = value;
  }
  return object;
}

/** The name that an element has within the object that holds it. */
export const ELEMENT = "v";

/** The field of a scalar at the end of a path, and of what stands for an object or array there. */
export function fieldAt(path: FilterPath): string {
  return joinedPath(path, "");
}

/** The field of what is in the object or array at the end of a path. */
export function contentAt(path: FilterPath, kind: "object" | "array"): string {
  return joinedPath(path, kind === "object" ? "{" : "[");
}

export function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isContainer(value: JsonValue): value is JsonObject | readonly JsonValue[] {
  return typeof value === "object" && value !== null;
}

function joinedPath(path: FilterPath, last: "" | "{" | "["): string {
  return path.map((name, index) => `${index < path.length - 1 ? "{" : last}${encodeName(name)}`).join(".");
}

function decodeList(list: readonly EncodedObject[]): JsonValue[] {
  return list.map((element) => decodeObject(element)[ELEMENT] as JsonValue);
}

/** Some servers give `_id` a meaning at any depth, and cannot index a name with a quotation mark. */
const ESCAPED = /[%.$"]|^[{[]|^_(?=id$)/g;
const EMPTY_NAME = "%";

function encodeName(name: string): string {
  if (name === "") return EMPTY_NAME;
  return name.replace(ESCAPED, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodeName(field: string): string {
  if (!field.includes("%")) return field;
  if (field === EMPTY_NAME) return "";
  return field.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
