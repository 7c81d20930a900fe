import { isVaultError, VaultError } from "../../errors.ts";
import { type JsonObject, storabilityProblem } from "../../json.ts";
import {
  WORM_BATCH_BYTES_MAX,
  WORM_DOCUMENT_BYTES_MAX,
  WORM_INDEXED_BYTES_MAX,
  type WormDescriptor,
} from "../worm-store.ts";

/** A document as it is kept. */
export interface EncodedDocument<T> {
  readonly document: T;
  readonly bytes: Uint8Array;
  readonly indexed: JsonObject;
}

const NAME_LENGTH_MAX = 128;
const NAME_EXCLUDED = /[.$\0]/;

/** What is kept of a document. Throws `limit_exceeded` and `invalid_value`. */
function encodeDocument<T>(descriptor: WormDescriptor<T>, document: T): EncodedDocument<T> {
  const bytes = calling(() => descriptor.encode(document), "cannot be encoded");
  requireAtMost(bytes.length, WORM_DOCUMENT_BYTES_MAX, "document");
  const indexed = calling(() => descriptor.indexed(document), "cannot be indexed");
  requireIndexable(indexed);
  return { document, bytes, indexed };
}

/** Throws like `encodeDocument`. */
export function encodeBatch<T>(descriptor: WormDescriptor<T>, documents: readonly T[]): readonly EncodedDocument<T>[] {
  let length = 0;
  return documents.map((document) => {
    const encoded = encodeDocument(descriptor, document);
    length += encoded.bytes.length;
    requireAtMost(length, WORM_BATCH_BYTES_MAX, "batch");
    return encoded;
  });
}

/** Whether what is kept for queries is what the document says. */
export function isSameIndexed(kept: unknown, indexed: JsonObject): boolean {
  if (typeof kept !== "object" || kept === null) return false;
  const names = Object.keys(indexed);
  const members = kept as Readonly<Record<string, unknown>>;
  return Object.keys(kept).length === names.length && names.every((name) => members[name] === indexed[name]);
}

function requireIndexable(indexed: JsonObject): void {
  const problem = storabilityProblem(indexed) ?? flatnessProblem(indexed);
  if (problem) throw new VaultError("invalid_value", `What is indexed of the document cannot be kept: ${problem}.`);
  requireAtMost(Buffer.byteLength(JSON.stringify(indexed)), WORM_INDEXED_BYTES_MAX, "indexed");
}

function flatnessProblem(indexed: JsonObject): string | undefined {
  if (typeof indexed !== "object" || indexed === null || Array.isArray(indexed)) return "not an object";
  for (const [name, value] of Object.entries(indexed)) {
    if (name.length === 0 || name.length > NAME_LENGTH_MAX || NAME_EXCLUDED.test(name)) return "a name that is none";
    if (typeof value === "object" && value !== null) return "not flat";
  }
  return undefined;
}

function requireAtMost(bytes: number, limit: number, part: string): void {
  if (bytes <= limit) return;
  throw new VaultError("limit_exceeded", "Too many bytes for the log.", { details: { part, limit } });
}

function calling<R>(call: () => R, problem: string): R {
  try {
    return call();
  } catch (error) {
    if (isVaultError(error)) throw error;
    throw new VaultError("invalid_value", `The document ${problem}.`, { cause: error });
  }
}
