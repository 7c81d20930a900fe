import { describe } from "vitest";
import { wormStoreContract } from "../../src/testing/worm-store-contract.ts";
import { openMongoWormStorage } from "./worm-storage-mongodb.ts";

const url = process.env["MONGODB_URL"];

describe.skipIf(!url)("on a server that speaks MongoDB's protocol", () => {
  wormStoreContract("mongodb", () => openMongoWormStorage(url ?? ""));
});
