import type { Collection, Document } from "mongodb";
import type { DocumentBody } from "../../src/storage/document-store.ts";
import type { ByHandConnection } from "./by-hand-connection.ts";

/** What is stored: an application for an account, of about 700 bytes. */
export interface Application extends DocumentBody {
  readonly id: string;
  readonly email: string;
  readonly amount: number;
  readonly address: { readonly city: string; readonly country: string };
  readonly steps: readonly { readonly name: string; readonly status: string; readonly score: number }[];
  readonly note: string;
}

const COUNTRIES = ["AT", "BE", "CH", "DE", "ES", "FR", "IT", "NL", "PL", "PT"];
const STEP_NAMES = ["identity", "address", "income", "risk"];
const STATUSES = ["open", "passed", "failed"];

export function application(index: number): Application {
  return {
    id: idOf(index),
    email: emailOf(index),
    amount: (index * 37) % 100_000,
    address: { city: `City ${index % 500}`, country: COUNTRIES[index % COUNTRIES.length] ?? "" },
    steps: STEP_NAMES.map((name, place) => ({
      name,
      status: STATUSES[(index + place) % STATUSES.length] ?? "",
      score: (index * 13 + place * 29) % 100,
    })),
    note: "what was said on the telephone ".repeat(10),
  };
}

export function idOf(index: number): string {
  return `application-${String(index).padStart(8, "0")}`;
}

/** A tenth of the numbers share one. */
export function emailOf(index: number): string {
  return `customer-${index % 1_000}@example.org`;
}

/** Of the nested query: in this country with a failed step of at least this score. */
export const NESTED = { country: "PT", status: "failed", score: 95 } as const;

/** The same documents in a table as somebody would make it for them, and an index for the query. */
export const MAKE_DOCUMENTS = `
  create table by_hand_documents (
    tenant_id uuid not null,
    id text collate "C" not null,
    version bigint not null,
    body jsonb not null,
    primary key (tenant_id, id)
  );
  create index on by_hand_documents (tenant_id, (body ->> 'email'));`;

const SELECTED = "select id, version, body from by_hand_documents where tenant_id = $1";

const STATEMENTS = {
  get: { name: "hand_document_get", text: `${SELECTED} and id = $2` },
  byEmail: {
    name: "hand_document_by_email",
    text: `${SELECTED} and body ->> 'email' = $2 order by id limit 101`,
  },
  nested: {
    name: "hand_document_nested",
    text: `${SELECTED} and body -> 'address' ->> 'country' = $2 and exists (
        select from jsonb_array_elements(body -> 'steps') step
        where step ->> 'status' = $3 and (step ->> 'score')::float8 >= $4)
      order by id limit 101`,
  },
  insert: { name: "hand_document_insert", text: "insert into by_hand_documents values ($1, $2, 1, $3)" },
  replace: {
    name: "hand_document_replace",
    text: `update by_hand_documents set version = version + 1, body = $3
      where tenant_id = $1 and id = $2 and version = $4 returning version`,
  },
  patch: {
    name: "hand_document_patch",
    text: `update by_hand_documents set version = version + 1, body = body || $3
      where tenant_id = $1 and id = $2 returning id, version, body`,
  },
};

/** What the documents are asked for and how they are written, by whoever keeps them. */
export interface DocumentsByHand {
  get(id: string): Promise<unknown>;
  byEmail(email: string): Promise<readonly unknown[]>;
  nested(): Promise<readonly unknown[]>;
  insert(document: Application): Promise<unknown>;
  patch(id: string, change: Partial<Application>): Promise<unknown>;
  replace(document: Application, version: number): Promise<unknown>;
}

export function sqlByHand(connection: ByHandConnection, tenantId: string): DocumentsByHand {
  const run = (statement: keyof typeof STATEMENTS, ...values: unknown[]) =>
    connection.query(STATEMENTS[statement], [tenantId, ...values]);
  return {
    get: (id) => run("get", id),
    byEmail: (email) => run("byEmail", email),
    nested: () => run("nested", NESTED.country, NESTED.status, NESTED.score),
    insert: (document) => run("insert", document.id, JSON.stringify(document)),
    patch: (id, change) => run("patch", id, JSON.stringify(change)),
    replace: (document, version) => run("replace", document.id, JSON.stringify(document), version),
  };
}

export interface HandDocument extends Document {
  readonly _id: string;
  readonly tenant: string;
  readonly version: number;
  readonly body: Application;
}

/** @param elementFilters whether the server knows `$elemMatch` with several conditions; else they are checked here */
export function mongoByHand(
  collection: Collection<HandDocument>,
  { tenant, elementFilters }: { readonly tenant: string; readonly elementFilters: boolean },
): DocumentsByHand {
  const { country, status, score } = NESTED;
  const keyOf = (id: string): string => `${tenant}/${id}`;
  const find = (condition: Document) => collection.find({ tenant, ...condition }).sort({ _id: 1 });
  const inCountry = { "body.address.country": country };
  const ofSteps = { "body.steps": { $elemMatch: { status, score: { $gte: score } } } };
  return {
    get: (id) => collection.findOne({ _id: keyOf(id) }),
    byEmail: (email) => find({ "body.email": email }).limit(101).toArray(),
    nested: async () => {
      if (elementFilters)
        return find({ ...inCountry, ...ofSteps })
          .limit(101)
          .toArray();
      const found = await find(inCountry).toArray();
      return found.filter(({ body }) => body.steps.some((step) => step.status === status && step.score >= score));
    },
    insert: (body) => collection.insertOne({ _id: keyOf(body.id), tenant, version: 1, body }),
    patch: (id, change) => {
      const members = Object.entries(change).map(([name, value]) => [`body.${name}`, value]);
      const update = { $set: Object.fromEntries(members), $inc: { version: 1 } };
      return collection.findOneAndUpdate({ _id: keyOf(id) }, update, { returnDocument: "after" });
    },
    replace: (body, version) =>
      collection.updateOne({ _id: keyOf(body.id), version }, { $set: { body }, $inc: { version: 1 } }),
  };
}
