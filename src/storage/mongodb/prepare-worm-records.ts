import type { Collection, CreateCollectionOptions } from "mongodb";
import type { CallOptions } from "../call-options.ts";
import type { MongoConnection } from "./connection.ts";
import { WORM_COLLECTION } from "./mongo-worm-rows.ts";
import { isRefusal } from "./translate-error.ts";

const UNAUTHORIZED = 13;
const NAMESPACE_EXISTS = 48;

const PLACES = { key: { tenant: 1, kind: 1, log: 1, sequence: 1 }, name: "worm_places", unique: true } as const;

/** Refuses records that are none. It does not refuse to change one: no validator sees what was there before. */
const VALIDATION: CreateCollectionOptions = {
  validationLevel: "strict",
  validationAction: "error",
  validator: {
    $jsonSchema: {
      bsonType: "object",
      required: ["_id", "tenant", "kind", "log", "sequence", "sealedAt", "previousHash", "hash", "document", "body"],
      additionalProperties: false,
      properties: {
        _id: { bsonType: "string" },
        tenant: { bsonType: "string" },
        kind: { bsonType: "string" },
        log: { bsonType: "string" },
        sequence: { bsonType: "long", minimum: 0 },
        sealedAt: { bsonType: "date" },
        previousHash: { bsonType: ["binData", "null"] },
        hash: { bsonType: "binData" },
        document: { bsonType: "binData" },
        body: { bsonType: "object" },
      },
    },
  },
};

/**
 * Makes the collection with its validator, on servers that have validators, and its index. A user who may do neither
 * finds both made by somebody who may, or the index is refused to him.
 */
export async function prepareRecords(connection: MongoConnection): Promise<void> {
  await connection.run(undefined, async () => {
    const { database } = connection;
    try {
      await database.createCollection(WORM_COLLECTION, VALIDATION);
    } catch (error) {
      if (!isRefusal(error) && !hasCode(error, UNAUTHORIZED)) throw error;
      if (!hasCode(error, NAMESPACE_EXISTS) && !hasCode(error, UNAUTHORIZED)) await withoutValidator(connection);
    }
    await makeIndex(database.collection(WORM_COLLECTION));
  });
}

async function withoutValidator({ database }: MongoConnection): Promise<void> {
  try {
    await database.createCollection(WORM_COLLECTION);
  } catch (error) {
    if (!hasCode(error, NAMESPACE_EXISTS)) throw error;
  }
}

async function makeIndex(records: Collection): Promise<void> {
  try {
    await records.createIndexes([PLACES]);
  } catch (error) {
    if (!hasCode(error, UNAUTHORIZED)) throw error;
    const indexes = await records.listIndexes().toArray();
    if (!indexes.some(({ name, unique }) => name === PLACES.name && unique === true)) throw error;
  }
}

/** Asks for a change and a removal of a record that cannot be there, which a user without the right is refused. */
export async function canChangeRecords(connection: MongoConnection, options: CallOptions): Promise<boolean> {
  const nothing = { _id: "nothing" as never };
  return await connection.run(options, async () => {
    const records = connection.database.collection(WORM_COLLECTION);
    const isRefused = async (work: () => Promise<unknown>): Promise<boolean> => {
      try {
        await work();
        return false;
      } catch (error) {
        if (hasCode(error, UNAUTHORIZED)) return true;
        throw error;
      }
    };
    const updateRefused = await isRefused(() => records.updateOne(nothing, { $set: { kind: "" } }));
    return !(updateRefused && (await isRefused(() => records.deleteOne(nothing))));
  });
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}
