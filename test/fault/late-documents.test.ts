import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CollectionDescriptor } from "../../src/storage/document-store.ts";
import { openVault, type Vault } from "../../src/vault.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const url = process.env["MONGODB_URL"];
const DATABASE = `test_${randomBytes(6).toString("hex")}`;
const NOTES: CollectionDescriptor = { name: "notes", indexes: [] };

describe.skipIf(!url)("documents whose server is not there when the vault is opened", () => {
  let proxy: TcpProxy;
  let vault: Vault;

  beforeAll(async () => {
    const { port } = new URL(url ?? "");
    proxy = await TcpProxy.to(Number(port || 27_017));
    await proxy.setFault({ kind: "refuse" });
  });
  afterAll(async () => {
    await vault[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    const client = await MongoClient.connect(url ?? "");
    await client.db(DATABASE).dropDatabase();
    await client.close();
  });

  it("are refused at once until it is, and kept from then on", { timeout: 60_000 }, async () => {
    const mongodb = { url: `mongodb://127.0.0.1:${proxy.port}/`, database: DATABASE, connectTimeoutMs: 2_000 };
    const documents = { engine: "mongodb", mongodb, required: false };
    const storage = { warm: { relational: { engine: "in-memory" }, documents } };
    const settings = { masterKey: "5a".repeat(32), apiKey: "operators-own-key", storage };
    vault = await openVault(settings, { collections: [NOTES] });
    expect(await vault.checkHealth()).toMatchObject({ status: "degraded" });
    // It was made before there was a server, and is good when there is one.
    const notes = vault.tenant(vault.defaultTenantId).documents(NOTES);
    const startedMs = performance.now();
    await expect(notes.insert({ id: "early" })).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(performance.now() - startedMs).toBeLessThan(mongodb.connectTimeoutMs / 2);
    await proxy.setFault({ kind: "none" });
    await expect.poll(() => vault.checkHealth(), { timeout: 30_000 }).toMatchObject({ status: "ready" });
    await notes.insert({ id: "late", text: "here" });
    expect(await notes.query()).toMatchObject({ items: [{ version: 1, document: { id: "late", text: "here" } }] });
  });
});
