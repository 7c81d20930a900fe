import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { createServer } from "../../src/http/create-server.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import { assembleVault } from "../../src/vault.ts";
import { Caller } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

interface Sealed {
  readonly id: string;
  readonly seal: { readonly status: string; readonly transactionId?: string };
}
interface Items {
  readonly items: readonly Sealed[];
}
interface History {
  readonly fieldHistory: Readonly<Record<string, readonly Sealed[]>>;
  readonly assetHistory: readonly Sealed[];
}

describe.each(integrationEngines())("seals of items on $name", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld(engine);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("are told of every version in histories and of every item in lineage", async () => {
    const customer = await newCustomer(world.a);
    const card = await customer.upload();
    const sources = [{ type: "profile_asset", id: card.id }];
    const old = await customer.writeOne({ name: "city", value: "Vigo", sources });
    await world.a.seal();
    const current = await customer.writeOne({ name: "city", value: "Lugo", sources });
    const { agent } = world.a;
    const statuses = (items: readonly Sealed[]) => items.map(({ id, seal }) => [id, seal.status]);
    const history = (await agent.get<Items>(`${customer.url}/fields/city/history`)).expect(200);
    expect(statuses(history.items)).toEqual([
      [current.id, "pending"],
      [old.id, "sealed"],
    ]);
    const profile = (await agent.get<History>(`${customer.url}?history=true`)).expect(200);
    expect(statuses(profile.fieldHistory["city"] ?? [])).toEqual(statuses(history.items));
    expect(statuses(profile.assetHistory)).toEqual([[card.id, "sealed"]]);
    const chain = (await agent.get<Items>(`/v1/items/${current.id}/lineage`)).expect(200);
    expect(statuses(chain.items)).toEqual([
      [card.id, "sealed"],
      [current.id, "pending"],
    ]);
    const dependents = (await agent.get<Items>(`/v1/items/${card.id}/dependents`)).expect(200);
    expect(statuses(dependents.items)).toEqual([
      [old.id, "sealed"],
      [current.id, "pending"],
    ]);
    await world.a.seal();
    const later = (await agent.get<Items>(`${customer.url}/fields/city/history`)).expect(200).items[0];
    const transaction = `/v1/register/transactions/${later?.seal.transactionId}`;
    const sealed = (await world.a.auditor.get<{ body: object }>(transaction)).expect(200);
    expect(sealed.body).toMatchObject({ eventType: "field_written" });
  });

  it("are not those of another tenant's items with the same ids", async () => {
    const mine = await newCustomer(world.a);
    const field = await mine.writeOne({ name: "city", value: "Vigo" });
    await world.a.seal();
    const theirs = await newCustomer(world.b);
    await theirs.writeOne({ id: field.id, name: "city", value: "Lugo" });
    const history = (await world.b.agent.get<Items>(`${theirs.url}/fields/city/history`)).expect(200);
    expect(history.items).toMatchObject([{ id: field.id, seal: { status: "pending" } }]);
  });
});

describe("a vault without a tier for registers", () => {
  it("has everything pending, and says that it has no register", async () => {
    await using telemetry = createTelemetry({ level: "silent", format: "json" });
    const config = parseConfig({
      storage: { warm: { relational: { engine: "in-memory" } } },
      apiKey: "administrator-of-the-test",
      masterKey: "5a".repeat(32),
    });
    await using vault = await assembleVault(config, inMemoryStores(new InMemoryDatabase()));
    const server = await createServer({ vault, telemetry, version: "0.0.0", validateAnswers: true });
    const admin = new Caller(server, config.apiKey);
    const { customerId } = (await admin.post<{ customerId: string }>("/v1/customers", { externalId: "x" })).expect(201);
    const url = `/v1/customers/${customerId}/fields`;
    (await admin.post(url, { fields: [{ name: "city", value: 1, source: "user_provided" }] })).expect(200);
    const history = (await admin.get<Items>(`${url}/city/history`)).expect(200);
    expect(history.items).toMatchObject([{ seal: { status: "pending" } }]);
    const events = (await admin.get<{ items: { ledger: object }[] }>("/v1/audit/events")).expect(200);
    for (const { ledger } of events.items) expect(ledger).toEqual({ status: "pending" });
    const reply = await admin.get("/v1/register");
    reply.expectProblem(501, "unsupported");
    expect(reply.headers["x-register-state"]).toBeUndefined();
    await server.close();
  });
});
