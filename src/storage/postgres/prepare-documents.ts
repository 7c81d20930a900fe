import { type CollectionDescriptor } from "../document-store.ts";
import { columnsOf, type DocumentColumn, indexPrefix } from "./document-columns.ts";
import type { OwnerConnection } from "./sql-database.ts";

/** Any number: processes that prepare at once take turns. */
const LOCK_KEY = 7_305_005;

/**
 * Makes the columns and indexes that are missing, and removes indexes that are not declared any more. Columns stay:
 * processes that still declare them use them. Nothing is locked when nothing is missing. A column that is made
 * rewrites the table, and nobody reads or writes documents meanwhile.
 */
export async function prepareDocuments(
  owner: OwnerConnection,
  collections: readonly CollectionDescriptor[],
): Promise<void> {
  const known = await knownNames(owner);
  const steps = collections.flatMap((descriptor) => stepsFor(descriptor, known));
  if (steps.length === 0) return;
  await owner.execute(`select pg_advisory_xact_lock(${LOCK_KEY}); ${steps.join(" ")}`);
}

interface KnownNames {
  readonly columns: ReadonlySet<string>;
  readonly indexes: readonly string[];
}

async function knownNames(owner: OwnerConnection): Promise<KnownNames> {
  const columns = await owner.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = to_regclass('documents') and attnum > 0 and not attisdropped`,
  );
  const indexes = await owner.query<{ name: string }>(
    `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = to_regclass('documents')`,
  );
  return { columns: new Set(columns.map(({ name }) => name)), indexes: indexes.map(({ name }) => name) };
}

function stepsFor(descriptor: CollectionDescriptor, known: KnownNames): string[] {
  const columns = columnsOf(descriptor);
  const declared = new Set(columns.map(({ indexName }) => indexName));
  const stale = known.indexes.filter((name) => name.startsWith(indexPrefix(descriptor.name)) && !declared.has(name));
  return [
    ...stale.map((name) => `drop index if exists ${name};`),
    ...columns.filter(({ column }) => !known.columns.has(column)).map((column) => columnSql(descriptor.name, column)),
    ...columns.filter(({ indexName }) => !known.indexes.includes(indexName)).map(indexSql),
  ];
}

function columnSql(collection: string, { index, column, sqlType }: DocumentColumn): string {
  const parents = index.path.slice(0, -1).map((name) => ` -> ${literal(name)}`);
  const last = literal(index.path.at(-1) ?? "");
  const json = `body${parents.join("")} -> ${last}`;
  const value = sqlType === "text" ? `body${parents.join("")} ->> ${last}` : `(${json})::float8`;
  const isMeant = `collection = '${collection}' and jsonb_typeof(${json}) = '${index.type}'`;
  const collation = sqlType === "text" ? ` collate "C"` : "";
  return `alter table documents add column if not exists ${column} ${sqlType}${collation}
    generated always as (case when ${isMeant} then ${value} end) stored;`;
}

function indexSql({ index, column, indexName }: DocumentColumn): string {
  const unique = index.unique === true ? "unique " : "";
  return `create ${unique}index if not exists ${indexName} on documents (tenant_id, ${column})
    where ${column} is not null;`;
}

/** A name of a member as SQL text; whether a backslash escapes depends on a setting unless the text says so itself. */
function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
