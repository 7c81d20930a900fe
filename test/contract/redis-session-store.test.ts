import { describe } from "vitest";
import { sessionStoreContract } from "../../src/testing/session-store-contract.ts";
import { openRedisSessions } from "./redis-sessions.ts";

const url = process.env["REDIS_URL"] ?? "";

describe.skipIf(url === "")("a server", () => sessionStoreContract("redis", () => openRedisSessions(url)));
