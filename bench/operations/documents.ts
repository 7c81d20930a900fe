import { deepStrictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TenantId, UuidV7Generator } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import type { CollectionDescriptor, DocumentStore } from "../../src/storage/document-store.ts";
import type { Filter } from "../../src/storage/filter.ts";
import { openMongo } from "../../src/storage/mongodb/connection.ts";
import { encodeObject, type StoredBody } from "../../src/storage/mongodb/document-encoding.ts";
import { MongoDocumentDatabase } from "../../src/storage/mongodb/mongo-document-store.ts";
import { openPostgres } from "../../src/storage/postgres/pg-connection.ts";
import { PostgresDocumentDatabase } from "../../src/storage/postgres/postgres-document-store.ts";
import { TENANT_SETTING } from "../../src/storage/postgres/sql-database.ts";
import { connectToServer } from "../by-hand/by-hand-connection.ts";
import {
  type Application,
  application,
  type DocumentsByHand,
  emailOf,
  type HandDocument,
  idOf,
  MAKE_DOCUMENTS,
  mongoByHand,
  NESTED,
  sqlByHand,
} from "../by-hand/document.ts";
import { type Contestant, race } from "../race.ts";
import { atMost, comparedLines, type Effort, FULL_EFFORT, type Section } from "../section.ts";

const DOCUMENTS = 10_000;
/** Some servers that speak MongoDB's protocol look at all documents for almost every question. */
const DOCUMENTS_WHERE_SCANNED = 2_000;
const DOCUMENTS_WHERE_SCANNED_QUICK = 100;
const LAPS_WHERE_SCANNED = 3;
const BATCH = 1_000;
const P99_MS_MAX = 100;
const OURS = "document store";

const NESTED_FILTER: Filter = {
  op: "and",
  filters: [
    { op: "eq", path: ["address", "country"], value: NESTED.country },
    {
      op: "elemMatch",
      path: ["steps"],
      filter: {
        op: "and",
        filters: [
          { op: "eq", path: ["status"], value: NESTED.status },
          { op: "gte", path: ["score"], value: NESTED.score },
        ],
      },
    },
  ],
};

interface Field {
  readonly engine: Section["engine"];
  readonly store: DocumentStore<Application>;
  readonly byHand: DocumentsByHand;
  readonly effort: Effort;
  readonly inFlight: number;
  /** How many documents there are at first. */
  readonly count: number;
  readonly notes: readonly string[];
}

/** Ten thousand documents on the server that DATABASE_URL names, beside statements of its driver. */
export async function documents(effort: Effort): Promise<Section[]> {
  const url = process.env["DATABASE_URL"];
  if (url) return onPostgres(url, effort);
  console.error("Without DATABASE_URL the figures of documents in PostgreSQL are left out.");
  return [];
}

/** Documents on the server that MONGODB_URL names, beside commands of its driver. */
export async function documentsOnMongo(effort: Effort): Promise<Section[]> {
  const url = process.env["MONGODB_URL"];
  if (url) return onMongo(url, effort);
  console.error("Without MONGODB_URL the figures of documents in MongoDB are left out.");
  return [];
}

async function onPostgres(url: string, effort: Effort): Promise<Section[]> {
  const schema = `bench_documents_${randomBytes(4).toString("hex")}`;
  await using database = await openPostgres({ url, schema });
  try {
    await new Migrator({ database, schema, migrations: ALL_MIGRATIONS }).up();
    await using byHand = await connectToServer({ url, schema });
    await byHand.client.query(MAKE_DOCUMENTS);
    await using tier = new PostgresDocumentDatabase(database);
    const descriptor = descriptorOf("applications");
    await tier.prepare([descriptor]);
    const tenantId = new UuidV7Generator().uuid<TenantId>();
    const store = tier.collection<Application>(descriptor, tenantId);
    for (const batch of batches(DOCUMENTS)) await store.insertMany(batch);
    // Row-level security is forced on the owner too.
    await byHand.client.query(`select set_config('${TENANT_SETTING}', '${tenantId}', false)`);
    await byHand.client.query("insert into by_hand_documents select tenant_id, id, version, body from documents");
    await byHand.client.query("vacuum analyze documents");
    await byHand.client.query("vacuum analyze by_hand_documents");
    const notes = ["By hand there is no row-level security, and nobody checks what is stored."];
    const hand = sqlByHand(byHand, tenantId);
    return await measure({ engine: "postgres", store, byHand: hand, effort, inFlight: 1, count: DOCUMENTS, notes });
  } finally {
    await database.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
  }
}

async function onMongo(url: string, effort: Effort): Promise<Section[]> {
  await using connection = await openMongo({ url });
  const { elementFilters } = connection.features;
  const descriptor = descriptorOf(`bench_${randomBytes(4).toString("hex")}`);
  const own = connection.database.collection<StoredBody>(`documents_${descriptor.name}`);
  const hand = connection.database.collection<HandDocument>(`${descriptor.name}_by_hand`);
  const tenant = new UuidV7Generator().uuid<TenantId>();
  const scanned = effort.laps < FULL_EFFORT.laps ? DOCUMENTS_WHERE_SCANNED_QUICK : DOCUMENTS_WHERE_SCANNED;
  const count = elementFilters ? DOCUMENTS : scanned;
  try {
    await using tier = new MongoDocumentDatabase(connection);
    await tier.prepare([descriptor]);
    for (const batch of batches(count)) {
      // Not every server takes documents by the thousand through the store, so they are laid down as it would.
      await own.insertMany(
        batch.map((body) => ({ _id: `${tenant}/${body.id}`, tenant, version: 1, keys: {}, body: encodeObject(body) })),
      );
      await hand.insertMany(batch.map((body) => ({ _id: `${tenant}/${body.id}`, tenant, version: 1, body })));
    }
    await hand.createIndex({ tenant: 1, "body.email": 1 });
    const store = tier.collection<Application>(descriptor, tenant);
    const byHand = mongoByHand(hand, { tenant, elementFilters });
    const how = elementFilters ? "by the server" : "here, by both, since this server cannot";
    const notes = [`${count.toLocaleString("en-US")} documents. Conditions of elements are decided ${how}.`];
    const patience = { laps: elementFilters ? effort.laps : LAPS_WHERE_SCANNED, lapMs: effort.lapMs };
    return await measure({ engine: "mongodb", store, byHand, effort: patience, inFlight: 1, count, notes });
  } finally {
    await own.drop();
    await hand.drop();
  }
}

async function measure(field: Field): Promise<Section[]> {
  await checkSameAnswers(field);
  const { engine, store, byHand, count } = field;
  // Of the first half, in an order that is not theirs.
  const someId = (index: number): string => idOf((index * 7_919) % (count / 2));
  const find = (filter: Filter) => store.query({ filter });
  const get: Contestants = [(index) => byHand.get(someId(index)), (index) => store.get(someId(index))];
  const byEmail = (index: number): Filter => ({ op: "eq", path: ["email"], value: emailOf(index) });
  return [
    await section(field, "get", get),
    ...(engine === "postgres" ? [await section({ ...field, inFlight: 20 }, "get", get)] : []),
    await section(field, "query by index", [
      (index) => byHand.byEmail(emailOf(index)),
      (index) => find(byEmail(index)),
    ]),
    await section(field, "nested query", [() => byHand.nested(), () => find(NESTED_FILTER)]),
    await section(field, "insert", inserts(field)),
    await section(field, "patch", [
      (index) => byHand.patch(someId(index), { amount: index }),
      (index) => store.patch(someId(index), { amount: index }),
    ]),
    await section(field, "replace with version", replacements(field)),
  ];
}

/** By hand and ours. */
type Contestants = readonly [Contestant["call"], Contestant["call"]];

function inserts({ store, byHand, count }: Field): Contestants {
  const next = { own: count, hand: count };
  return [() => byHand.insert(application(next.hand++)), () => store.insert(application(next.own++))];
}

/** The versions are known by who wrote last. Only a tenth of the documents, and those were not patched before. */
function replacements({ store, byHand, count }: Field): Contestants {
  const own = new Map<number, number>();
  const hand = new Map<number, number>();
  const at = (index: number) => count / 2 + (index % (count / 10));
  return [
    async (index) => {
      const place = at(index);
      const version = hand.get(place) ?? 1;
      hand.set(place, version + 1);
      return byHand.replace({ ...application(place), amount: index }, version);
    },
    async (index) => {
      const place = at(index);
      const expectedVersion = own.get(place) ?? 1;
      const { version } = await store.replace({ ...application(place), amount: index }, { expectedVersion });
      own.set(place, version);
    },
  ];
}

async function section(
  { engine, effort, notes, inFlight }: Field,
  operation: string,
  [byHand, ours]: Contestants,
): Promise<Section> {
  const contestants = [
    { name: "by hand", call: byHand },
    { name: OURS, call: ours },
  ];
  const figures = await race(contestants, { ...effort, inFlight });
  const lines = comparedLines(figures, ({ name, p99Ms }) =>
    name === OURS ? [atMost("p99 ms", p99Ms, P99_MS_MAX)] : [],
  );
  return { operation: `document ${operation}`, engine, inFlight, lines, notes };
}

async function checkSameAnswers({ store, byHand }: Field): Promise<void> {
  const found = await store.get(idOf(5));
  deepStrictEqual(found?.document, application(5));
  const nested = await store.query({ filter: NESTED_FILTER });
  deepStrictEqual(nested.items.length, (await byHand.nested()).length);
  const filter: Filter = { op: "eq", path: ["email"], value: emailOf(5) };
  deepStrictEqual((await store.query({ filter })).items.length, (await byHand.byEmail(emailOf(5))).length);
}

function descriptorOf(name: string): CollectionDescriptor {
  return { name, indexes: [{ name: "email", path: ["email"], type: "string" }] };
}

function* batches(count: number): Generator<Application[]> {
  for (let from = 0; from < count; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - from) }, (_, place) => application(from + place));
  }
}
