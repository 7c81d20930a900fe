import { randomBytes } from "node:crypto";
import type { Instant } from "../../src/clock.ts";
import { openMongo } from "../../src/storage/mongodb/connection.ts";
import { decodeObject, encodeObject } from "../../src/storage/mongodb/document-encoding.ts";
import { WORM_COLLECTION, type WormRecordDocument } from "../../src/storage/mongodb/mongo-worm-rows.ts";
import { MongoWormDatabase } from "../../src/storage/mongodb/mongo-worm-store.ts";
import type { KeptRow, LogPlace, WormStorage } from "../../src/testing/worm-storage.ts";

/** A database of its own, dropped when the storage is disposed of. */
export async function openMongoWormStorage(url: string): Promise<WormStorage> {
  const connection = await openMongo({ url, database: `test_worm_${randomBytes(6).toString("hex")}` });
  const [worm, another] = [await MongoWormDatabase.open(connection), await MongoWormDatabase.open(connection)];
  const spare = await Promise.all(Array.from({ length: 3 }, () => MongoWormDatabase.open(connection)));
  const records = connection.database.collection<WormRecordDocument>(WORM_COLLECTION);
  let handedOut = 0;
  return {
    database: worm,
    another: () => [another, ...spare][handedOut++ % 4] as MongoWormDatabase,
    async tamper(place, change) {
      const key = keyOf(place);
      const found = await records
        .find(key, { useBigInt64: true, promoteBuffers: true })
        .map((document) => keptOf(document))
        .toArray();
      await records.deleteMany(key);
      const ascending = found.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1));
      const changed = change(ascending).map((row) => documentOf(place, row));
      if (changed.length > 0) await records.insertMany(changed);
    },
    async forget() {
      await records.deleteMany({});
    },
    async [Symbol.asyncDispose]() {
      await connection.database.dropDatabase();
      await connection[Symbol.asyncDispose]();
    },
  };
}

function keyOf({ tenantId, kind, log }: LogPlace) {
  return { tenant: tenantId as string, kind, log };
}

function keptOf(document: WormRecordDocument): KeptRow {
  return {
    sequence: document.sequence,
    sealedAt: document.sealedAt.toISOString() as Instant,
    previousHash: document.previousHash?.toString("hex") ?? null,
    hash: document.hash.toString("hex"),
    bytes: document.document,
    indexed: decodeObject(document.body),
  };
}

function documentOf(place: LogPlace, row: KeptRow): WormRecordDocument {
  return {
    _id: `${place.tenantId}/${place.kind}/${place.log}/${row.sequence}`,
    ...keyOf(place),
    sequence: row.sequence,
    sealedAt: row.sealedAt === null ? ("no date" as unknown as Date) : new Date(row.sealedAt),
    previousHash: row.previousHash === null ? null : Buffer.from(row.previousHash, "hex"),
    hash: Buffer.from(row.hash, "hex"),
    document: row.bytes,
    body: encodeObject(row.indexed),
  };
}
