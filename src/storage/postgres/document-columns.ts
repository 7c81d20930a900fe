import { hash } from "node:crypto";
import type { CollectionDescriptor, DocumentIndex } from "../document-store.ts";
import type { FilterPath } from "../filter.ts";

/** A declared index in the database: a generated column, and the index on it. */
export interface DocumentColumn {
  readonly index: DocumentIndex;
  readonly column: string;
  readonly sqlType: "text" | "float8";
  readonly indexName: string;
}

/** Of a column that holds what is at `path` where it has the index's type. */
export interface PathColumn {
  readonly column: string;
  readonly sqlType: "text" | "float8";
}

/** Names depend on what an index is, so that a changed one is another one. */
export function columnsOf({ name, indexes }: CollectionDescriptor): DocumentColumn[] {
  return indexes.map((index) => ({
    index,
    column: `key_${digest([name, index.path, index.type])}`,
    sqlType: index.type === "string" ? "text" : "float8",
    indexName: `${indexPrefix(name)}${digest([name, index.name, index.path, index.type, index.unique === true])}`,
  }));
}

/** What the names of a collection's indexes begin with. */
export function indexPrefix(collection: string): string {
  return `documents_${digest([collection])}_`;
}

/** How statements find the columns of a collection: by path, and by the type of what is compared. */
export function columnLookup(
  columns: readonly DocumentColumn[],
): (path: FilterPath, type: string) => PathColumn | undefined {
  const byPath = new Map<string, PathColumn>([[keyOf(["id"], "string"), { column: "id", sqlType: "text" }]]);
  for (const { index, column, sqlType } of columns) byPath.set(keyOf(index.path, index.type), { column, sqlType });
  return (path, type) => byPath.get(keyOf(path, type));
}

function keyOf(path: FilterPath, type: string): string {
  return JSON.stringify([type, ...path]);
}

function digest(parts: readonly unknown[]): string {
  return hash("sha256", JSON.stringify(parts), "hex").slice(0, 16);
}
