import { hash } from "node:crypto";
import type { CollectionDescriptor } from "../document-store.ts";
import type { DocumentScan } from "../documents/document-rows.ts";
import type { Filter, FilterPath } from "../filter.ts";
import { compileDocumentFilter, type DocumentFilterContext } from "./compile-document-filter.ts";
import { compileDocumentOrder } from "./compile-document-order.ts";
import { Parameters } from "./compile-record-filter.ts";
import { columnLookup, columnsOf, type PathColumn } from "./document-columns.ts";
import type { SqlStatement } from "./sql-database.ts";

/* Each takes the collection first. Row-level security adds the tenant to what is read, changed and deleted. */

export const GET: SqlStatement = {
  name: "documents_get",
  text: "select id, version, body from documents where collection = $1 and id = any($2::text[])",
};

export const EXISTS: SqlStatement = {
  name: "documents_exists",
  text: "select 1 as one from documents where collection = $1 and id = $2",
};

export const INSERT: SqlStatement = {
  name: "documents_insert",
  text: `insert into documents (tenant_id, collection, id, version, body)
    select $2::uuid, $1, id, 1, body::jsonb from unnest($3::text[], $4::text[]) as given (id, body)`,
};

export const UPSERT: SqlStatement = {
  name: "documents_upsert",
  text: `insert into documents (tenant_id, collection, id, version, body) values ($2::uuid, $1, $3, 1, $4::jsonb)
    on conflict (tenant_id, collection, id) do update set version = documents.version + 1, body = excluded.body
    returning version`,
};

export const REPLACE: SqlStatement = {
  name: "documents_replace",
  text: `update documents set version = version + 1, body = $3::jsonb
    where collection = $1 and id = $2 and ($4::bigint is null or version = $4)
    returning version`,
};

export const PATCH: SqlStatement = {
  name: "documents_patch",
  text: `update documents set version = version + 1, body = json_merge_patch(body, $3::jsonb)
    where collection = $1 and id = $2 and ($4::bigint is null or version = $4)
      and octet_length(body::text) <= $5::integer
    returning id, version, body`,
};

export const DELETE: SqlStatement = {
  name: "documents_delete",
  text: `delete from documents where collection = $1 and id = $2 and ($3::bigint is null or version = $3)
    returning 1 as one`,
};

/** A statement and its values but for the collection, which is the first. */
export interface BoundStatement {
  readonly statement: SqlStatement;
  readonly values: readonly unknown[];
}

/** The statements of one collection that depend on a filter or an order. */
export class DocumentStatements {
  readonly #collection: string;
  readonly #column: (path: FilterPath, type: string) => PathColumn | undefined;
  readonly #ruleByIndex: ReadonlyMap<string, string>;
  /** Servers keep a plan for each name, and a text has one. */
  readonly #nameByText = new Map<string, string>();

  constructor(descriptor: CollectionDescriptor) {
    const columns = columnsOf(descriptor);
    this.#collection = descriptor.name;
    this.#column = columnLookup(columns);
    this.#ruleByIndex = new Map(columns.map(({ indexName, index }) => [indexName, index.name]));
  }

  scan({ filter, orderBy, after, limit }: DocumentScan): BoundStatement {
    const context = this.#context();
    const condition = this.#condition(filter, context);
    const order = compileDocumentOrder({ orderBy, after }, context);
    const text = `select id, version, body from documents where ${condition} and ${order.after}
      order by ${order.orderBy} limit ${context.parameters.add(limit, "integer")}`;
    return this.#bound("scan", text, context.parameters);
  }

  count(filter: Filter | undefined): BoundStatement {
    const context = this.#context();
    const text = `select count(*) as count from documents where ${this.#condition(filter, context)}`;
    return this.#bound("count", text, context.parameters);
  }

  deleteMany(filter: Filter): BoundStatement {
    const context = this.#context();
    const text = `with deleted as (delete from documents where ${this.#condition(filter, context)} returning 1)
      select count(*) as count from deleted`;
    return this.#bound("delete_many", text, context.parameters);
  }

  /** The name of the unique index, as the descriptor calls it, or `id`. */
  ruleOf(constraint: string): string {
    return this.#ruleByIndex.get(constraint) ?? "id";
  }

  #context(): DocumentFilterContext {
    return { parameters: new Parameters(this.#collection), root: "body", column: this.#column, depth: 0 };
  }

  #condition(filter: Filter | undefined, context: DocumentFilterContext): string {
    return filter === undefined ? "collection = $1" : `collection = $1 and (${compileDocumentFilter(filter, context)})`;
  }

  #bound(kind: string, text: string, { values }: Parameters): BoundStatement {
    let name = this.#nameByText.get(text);
    if (name === undefined) {
      name = `documents_${kind}_${hash("sha256", text, "hex").slice(0, 24)}`;
      this.#nameByText.set(text, name);
    }
    return { statement: { name, text }, values: values.slice(1) };
  }
}
