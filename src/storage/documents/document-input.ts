import { jsonPointer, VaultError } from "../../errors.ts";
import { storabilityProblem, textProblem } from "../../json.ts";
import {
  type CollectionDescriptor,
  DOCUMENT_BYTES_MAX,
  DOCUMENT_LIMIT_MAX,
  DOCUMENTS_AT_ONCE_MAX,
  DOCUMENTS_BYTES_MAX,
  type DocumentBody,
  INDEXED_TEXT_LENGTH_MAX,
} from "../document-store.ts";
import { valueAt } from "../filters/evaluate-filter.ts";
import { validateOrder } from "../filters/validate-filter.ts";
import type { CheckedDocument, CheckedPatch } from "./document-rows.ts";

const ID_LENGTH_MAX = 256;
const COLLECTION_NAME = /^[a-z][a-z0-9_]{0,31}$/;
const INDEX_NAME = /^[a-z0-9_]{1,32}$/;

/** Whether a document may have this id. */
export function isDocumentId(id: unknown): id is string {
  return typeof id === "string" && id.length > 0 && id.length <= ID_LENGTH_MAX && textProblem(id) === undefined;
}

/** @throws `invalid_request` for a name, a path or a type that breaks the rules of descriptors */
export function checkDescriptor({ name, indexes }: CollectionDescriptor): void {
  require(COLLECTION_NAME.test(name), "The name of a collection is not one.");
  const names = new Set(indexes.map((index) => index.name));
  require(names.size === indexes.length, "Two indexes of a collection have one name.");
  for (const index of indexes) {
    require(INDEX_NAME.test(index.name) && index.name !== "id", "The name of an index is not one.");
    require(index.type === "string" || index.type === "number", "An index is of texts or of numbers.");
  }
  for (const { path } of indexes) validateOrder([{ path }]);
}

/** @throws `invalid_value`, `limit_exceeded` */
export function checkDocument({ indexes }: CollectionDescriptor, candidate: unknown): CheckedDocument {
  const json = checkObject(candidate, "document");
  const document = JSON.parse(json) as DocumentBody;
  if (!isDocumentId(document.id)) throw invalidValue("/id", "A document's id is 1 to 256 characters of text.");
  checkIndexedTexts(indexes, document);
  return { id: document.id, document, json };
}

/** @throws `invalid_value`, `limit_exceeded` */
export function checkDocuments(descriptor: CollectionDescriptor, candidates: readonly unknown[]): CheckedDocument[] {
  requireFew(candidates.length);
  let characters = 0;
  return candidates.map((candidate) => {
    const checked = checkDocument(descriptor, candidate);
    characters += checked.json.length;
    if (characters > DOCUMENTS_BYTES_MAX)
      throw limitExceeded("The documents are too long together.", DOCUMENTS_BYTES_MAX);
    return checked;
  });
}

/** @throws `invalid_value` for a patch that is no object, names another id or could not be stored; `limit_exceeded` */
export function checkPatch({ indexes }: CollectionDescriptor, id: string, candidate: unknown): CheckedPatch {
  const json = checkObject(candidate, "patch");
  const patch = JSON.parse(json) as CheckedPatch["patch"];
  if (Object.hasOwn(patch, "id") && patch["id"] !== id) throw invalidValue("/id", "A patch cannot change the id.");
  checkIndexedTexts(indexes, patch);
  return { id, patch, json };
}

/** @throws `limit_exceeded` */
export function checkLength(json: string): void {
  // Most are so short that their bytes need not be counted.
  if (json.length * 3 <= DOCUMENT_BYTES_MAX || Buffer.byteLength(json) <= DOCUMENT_BYTES_MAX) return;
  throw limitExceeded("The JSON of the document is too long.", DOCUMENT_BYTES_MAX);
}

/** @throws `limit_exceeded` */
export function requireFew(count: number): void {
  if (count > DOCUMENTS_AT_ONCE_MAX) throw limitExceeded("Too many documents at once.", DOCUMENTS_AT_ONCE_MAX);
}

/** @throws `invalid_request` */
export function requireLimit(limit: number): void {
  require(Number.isInteger(limit) && limit >= 1 && limit <= DOCUMENT_LIMIT_MAX, "The limit is out of range.");
}

/** @throws `invalid_request` */
export function requireVersion(version: number | undefined): void {
  require(version === undefined ||
    (Number.isSafeInteger(version) && version >= 0), "The expected version is no version.");
}

function checkObject(candidate: unknown, what: string): string {
  if (typeof candidate !== "object" || candidate === null || Array.isArray(candidate)) {
    throw invalidValue("", `The ${what} is no JSON object.`);
  }
  const problem = storabilityProblem(candidate);
  if (problem) throw invalidValue("", `The ${what} cannot be stored: ${problem}.`);
  const json = JSON.stringify(candidate);
  checkLength(json);
  return json;
}

function checkIndexedTexts(indexes: CollectionDescriptor["indexes"], value: unknown): void {
  for (const { path } of indexes) {
    if (!isLongText(valueAt(value, path))) continue;
    throw invalidValue(jsonPointer(path), `An indexed text has at most ${INDEXED_TEXT_LENGTH_MAX} characters.`);
  }
}

function isLongText(value: unknown): boolean {
  if (typeof value !== "string" || value.length <= INDEXED_TEXT_LENGTH_MAX) return false;
  return value.length > 2 * INDEXED_TEXT_LENGTH_MAX || Array.from(value).length > INDEXED_TEXT_LENGTH_MAX;
}

function require(condition: boolean, message: string): void {
  if (!condition) throw new VaultError("invalid_request", message);
}

function invalidValue(path: string, message: string): VaultError {
  return new VaultError("invalid_value", message, { errors: [{ path, code: "invalid_value", message }] });
}

function limitExceeded(message: string, limit: number): VaultError {
  return new VaultError("limit_exceeded", message, { details: { limit } });
}
