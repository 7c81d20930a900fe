import type { Db } from "mongodb";
import { VaultError } from "../../errors.ts";
import { isRefusal } from "./translate-error.ts";

/** What a server can do, as far as stores depend on it. */
export interface MongoFeatures {
  readonly version: string;
  /** Writes of several documents in one step: on replica sets and sharded clusters, not on a server of its own. */
  readonly transactions: boolean;
  /** `$elemMatch` takes whole filters, and holds them against one and the same element. FerretDB 1 cannot. */
  readonly elementFilters: boolean;
}

const VERSION_REQUIRED = 6;

/** @throws `server_too_old`, and what the driver rejects with */
export async function probeServer(database: Db): Promise<MongoFeatures> {
  const [info, hello] = await Promise.all([database.command({ buildInfo: 1 }), database.command({ hello: 1 })]);
  const version = String(info["version"]);
  requireVersion(version);
  const isSet = typeof hello["setName"] === "string" || hello["msg"] === "isdbgrid";
  const hasSessions = typeof hello["logicalSessionTimeoutMinutes"] === "number";
  return { version, transactions: isSet && hasSessions, elementFilters: await hasElementFilters(database) };
}

/** @throws `server_too_old` with what was found and what is required */
export function requireVersion(version: string): void {
  if (Number.parseInt(version, 10) >= VERSION_REQUIRED) return;
  throw new VaultError("server_too_old", `MongoDB ${VERSION_REQUIRED} or newer is required.`, {
    details: { found: version, required: `${VERSION_REQUIRED}.0` },
  });
}

/** Asks about a document that is in the question, so that it takes no collection and no right to write. */
async function hasElementFilters(database: Db): Promise<boolean> {
  const filter = { list: { $elemMatch: { $and: [{ a: 1 }, { $nor: [{ b: 1 }] }] } } };
  try {
    const found = await database
      .aggregate([
        { $documents: [{ list: [{ a: 1, b: 1 }, { b: 2 }] }, { list: [{ a: 1, b: 2 }] }] },
        { $match: filter },
      ])
      .toArray();
    return found.length === 1;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}
