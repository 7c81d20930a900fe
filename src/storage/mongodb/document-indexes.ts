import { hash } from "node:crypto";
import type { Collection } from "mongodb";
import type { JsonObject } from "../../json.ts";
import type { CollectionDescriptor, DocumentIndex } from "../document-store.ts";
import { valueAt } from "../filters/evaluate-filter.ts";
import { decodeObject, fieldAt, type StoredBody } from "./document-encoding.ts";

/**
 * What is unique, as one text for each unique index and document: a server then needs no index that leaves documents
 * out, which not every one has. A document without a value has a text that no other can have.
 */
export class UniqueKeys {
  readonly #indexes: readonly { readonly key: string; readonly index: DocumentIndex }[];
  readonly #ruleByKey: ReadonlyMap<string, string>;

  constructor({ indexes }: CollectionDescriptor) {
    this.#indexes = indexes.filter(({ unique }) => unique === true).map((index) => ({ key: keyNameOf(index), index }));
    this.#ruleByKey = new Map(this.#indexes.map(({ key, index }) => [key, index.name]));
  }

  /** @param place tells the document from all others of all tenants */
  keysOf(
    place: string,
    { tenant, document }: { readonly tenant: string; readonly document: JsonObject },
  ): Record<string, string> {
    return Object.fromEntries(
      this.#indexes.map(({ key, index }) => {
        const value = valueAt(document, index.path);
        return [key, typeof value === index.type ? `${tenant}=${String(value)}` : place];
      }),
    );
  }

  /** The rule of a key or an index, as the descriptor calls it, or `id`; `undefined` for an unknown one. */
  ruleOf(index: string | undefined): string | undefined {
    return index === "_id_" ? "id" : this.#ruleByKey.get(index ?? "");
  }

  get names(): readonly string[] {
    return [...this.#ruleByKey.keys()];
  }
}

const INDEX_NOT_FOUND = 27;
const NAMESPACE_NOT_FOUND = 26;
const OURS = /^(?:by|one)_[0-9a-f]{16}$/;

/**
 * Makes the indexes of a collection that are missing, and removes those that are not declared any more. Documents
 * from before a unique index get their keys first.
 */
export async function prepareIndexes(
  collection: Collection<StoredBody>,
  descriptor: CollectionDescriptor,
): Promise<void> {
  const uniqueKeys = new UniqueKeys(descriptor);
  const plain = new Map(descriptor.indexes.map((index) => [indexNameOf(index), index]));
  for (const name of await indexNames(collection)) {
    if (OURS.test(name) && !plain.has(name) && !uniqueKeys.names.includes(name)) await dropIndex(collection, name);
  }
  for (const [name, { path }] of plain) {
    await collection.createIndex({ tenant: 1, [`body.${fieldAt(path)}`]: 1, _id: 1 }, { name });
  }
  for (const name of uniqueKeys.names) {
    await addMissingKeys(collection, { name, uniqueKeys });
    await collection.createIndex({ [`keys.${name}`]: 1 }, { name, unique: true });
  }
}

async function addMissingKeys(
  collection: Collection<StoredBody>,
  { name, uniqueKeys }: { readonly name: string; readonly uniqueKeys: UniqueKeys },
): Promise<void> {
  for await (const { _id, tenant, version, body } of collection.find({ [`keys.${name}`]: { $exists: false } })) {
    const keys = uniqueKeys.keysOf(_id, { tenant, document: decodeObject(body) });
    // Whoever has changed the document meanwhile has written its key.
    await collection.updateOne({ _id, version }, { $set: { [`keys.${name}`]: keys[name] } });
  }
}

async function indexNames(collection: Collection<StoredBody>): Promise<string[]> {
  try {
    return (await collection.indexes()).map(({ name }) => name ?? "");
  } catch (error) {
    if (codeOf(error) === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

async function dropIndex(collection: Collection<StoredBody>, name: string): Promise<void> {
  try {
    await collection.dropIndex(name);
  } catch (error) {
    if (codeOf(error) !== INDEX_NOT_FOUND) throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
}

/* Names depend on what an index is, so that a changed one is another one. */

function indexNameOf({ path }: DocumentIndex): string {
  return `by_${digest(path)}`;
}

function keyNameOf({ name, path, type }: DocumentIndex): string {
  return `one_${digest([name, path, type])}`;
}

function digest(parts: readonly unknown[]): string {
  return hash("sha256", JSON.stringify(parts), "hex").slice(0, 16);
}
