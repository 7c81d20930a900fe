import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import type { TenantId } from "../../src/identifiers.ts";
import { UuidV7Generator } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { openPostgres } from "../../src/storage/postgres/pg-connection.ts";
import { openPGlite } from "../../src/storage/postgres/pglite-connection.ts";
import { PostgresWormDatabase } from "../../src/storage/postgres/postgres-worm-store.ts";
import type { SqlDatabase } from "../../src/storage/postgres/sql-database.ts";
import type { WormDescriptor, WormStore } from "../../src/storage/worm-store.ts";
import { type ByHandConnection, connectToPGlite, connectToServer } from "../by-hand/by-hand-connection.ts";
import { appendByHand, MAKE_TABLE, readByHand } from "../by-hand/worm.ts";
import { race } from "../race.ts";
import { atLeast, comparedLines, type Effort, type Section } from "../section.ts";

interface Docket {
  readonly height: number;
  readonly transactions: readonly { readonly id: string; readonly payload: string; readonly signature: string }[];
}

const DOCKET: WormDescriptor<Docket> = {
  name: "docket",
  encode: (docket) => Buffer.from(JSON.stringify(docket)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) as Docket,
  indexed: ({ height, transactions }) => ({ height, transactions: transactions.length }),
};

const TRANSACTIONS = 10;
const RECORDS = 1_000;
const RANGE = 100;

/** Appends one docket of 4 KB after the other to a log, as a sealer does, and reads ranges of a hundred. */
export async function worm(effort: Effort): Promise<Section[]> {
  const sections = await onPGlite(effort);
  const url = process.env["DATABASE_URL"];
  return url ? [...sections, ...(await onServer(url, effort))] : sections;
}

interface Ground {
  readonly engine: Section["engine"];
  readonly database: SqlDatabase;
  readonly schema: string;
  readonly byHand: ByHandConnection;
}

async function onPGlite(effort: Effort): Promise<Section[]> {
  const root = await mkdtemp(join(tmpdir(), "strongroom-bench-"));
  try {
    const [own, hand] = [join(root, "own"), join(root, "hand")];
    const schema = "public";
    await using database = await openPGlite({ dataDirectory: own, schema });
    await using byHand = await connectToPGlite(hand, schema);
    return await measure({ engine: "pglite", database, schema, byHand }, effort);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function onServer(url: string, effort: Effort): Promise<Section[]> {
  const schema = `bench_worm_${randomBytes(4).toString("hex")}`;
  await using database = await openPostgres({ url, schema });
  try {
    await using byHand = await connectToServer({ url, schema });
    return await measure({ engine: "postgres", database, schema, byHand }, effort);
  } finally {
    await database.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
  }
}

async function measure({ engine, database, schema, byHand }: Ground, effort: Effort): Promise<Section[]> {
  await new Migrator({ database, schema, migrations: ALL_MIGRATIONS }).up();
  await byHand.client.query(MAKE_TABLE);
  const tenantId = new UuidV7Generator().uuid<TenantId>();
  const store = new PostgresWormDatabase(database).log(DOCKET, tenantId, "main");
  const ground = { engine, byHand, store, tenantId };
  return [await measureAppend(ground, effort), await measureRead(ground, effort)];
}

interface Course {
  readonly engine: Section["engine"];
  readonly byHand: ByHandConnection;
  readonly store: WormStore<Docket>;
  readonly tenantId: TenantId;
}

async function measureAppend({ engine, byHand, store, tenantId }: Course, effort: Effort): Promise<Section> {
  let own = 0;
  let hand = 0;
  const appendOwn = () => store.append(docketAt(own), { expectedSequence: BigInt(own++), sealedAt: systemClock.now() });
  const appendHand = () => {
    const document = docketAt(hand);
    return appendByHand(byHand, { tenantId, sequence: hand++, document, indexed: DOCKET.indexed(document) });
  };
  const figures = await race(
    [
      { name: "by hand: insert and commit", call: appendHand },
      { name: "append", call: appendOwn },
    ],
    { ...effort, inFlight: 1 },
  );
  while (own < RECORDS) await appendOwn();
  while (hand < RECORDS) await appendHand();
  return {
    operation: "worm append",
    engine,
    inFlight: 1,
    lines: comparedLines(figures, (line) =>
      line.name === "append" ? [atLeast("throughput", 1 / line.ratio, 0.85)] : [],
    ),
    notes: ["By hand computes no hash, checks no link, and lets everybody change what is there."],
  };
}

async function measureRead({ engine, byHand, store, tenantId }: Course, effort: Effort): Promise<Section> {
  const firstOf = (index: number) => (index * RANGE) % (RECORDS - RANGE);
  const figures = await race(
    [
      {
        name: "by hand: select",
        call: (index) => readByHand(byHand, [tenantId, firstOf(index), firstOf(index) + RANGE - 1]),
      },
      {
        name: "getRange",
        call: (index) => store.getRange({ from: BigInt(firstOf(index)), to: BigInt(firstOf(index) + RANGE - 1) }),
      },
    ],
    { ...effort, inFlight: 1 },
  );
  return {
    operation: `worm range read of ${RANGE}`,
    engine,
    inFlight: 1,
    lines: comparedLines(figures, (line) =>
      line.name === "getRange" ? [atLeast("throughput", 1 / line.ratio, 0.85)] : [],
    ),
    notes: [],
  };
}

function docketAt(height: number): Docket {
  const transactions = Array.from({ length: TRANSACTIONS }, (_, index) => ({
    id: `${height}-${index}`.padEnd(64, "0"),
    payload: PAYLOADS[(height + index) % PAYLOADS.length] ?? "",
    signature: SIGNATURE,
  }));
  return { height, transactions };
}

const PAYLOADS = Array.from({ length: 97 }, () => randomBytes(120).toString("base64"));
const SIGNATURE = randomBytes(64).toString("base64");
