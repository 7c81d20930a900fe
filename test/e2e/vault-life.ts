import type { FastifyInstance } from "fastify";
import { expect } from "vitest";
import type { ConfigInput } from "../../src/config/config-schema.ts";
import { createServer } from "../../src/http/create-server.ts";
import type { CollectionDescriptor } from "../../src/storage/document-store.ts";
import type { StorageHealth } from "../../src/storage/health.ts";
import type { WormDescriptor } from "../../src/storage/worm-store.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { openVault, type Vault } from "../../src/vault.ts";
import { Caller } from "../integration/caller.ts";

interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly total: number;
}

type OrderDocument = Order & { readonly [member: string]: string | number };

const ORDERS: CollectionDescriptor = {
  name: "orders",
  indexes: [{ name: "customer", path: ["customerId"], type: "string" }],
};

const RECEIPTS: WormDescriptor<Order> = {
  name: "receipts",
  encode: (order) => Buffer.from(JSON.stringify([order.id, order.customerId, order.total])),
  decode(bytes) {
    const [id, customerId, total] = JSON.parse(Buffer.from(bytes).toString()) as [string, string, number];
    return { id, customerId, total };
  },
  indexed: ({ customerId }) => ({ customerId }),
};

/** What a vault leaves behind when it is closed. */
export interface Left {
  readonly customerId: string;
  readonly sessionId: string;
  readonly order: OrderDocument;
  /** Reads of the profile that the cache answered. */
  readonly hits: number;
}

interface Opened {
  readonly vault: Vault;
  readonly server: FastifyInstance;
  readonly caller: Caller;
}

/** Writes to every tier, through every door, and reads it back. */
export async function firstLife(
  settings: ConfigInput,
  { key, engines }: { readonly key: string; readonly engines: Readonly<Record<string, string>> },
): Promise<Left> {
  return inLife(settings, key, async ({ vault, caller }) => {
    await expectReady(caller, engines);
    const channelUserId = crypto.randomUUID();
    const identity = { channel: "webchat", channelUserId };
    const session = (
      await caller.post<{ sessionId: string; customerId: string }>("/v1/sessions", {
        agentId: "01a00000-0000-7000-8000-00000000000a",
        ...identity,
      })
    ).expect(201);
    const { sessionId, customerId } = session;
    const before = vault.tenant(vault.defaultTenantId);
    await writeCity(caller, customerId, "Basel");
    for (let reads = 0; reads < 3; reads++) expect(await readCity(caller, customerId)).toBe("Basel");
    // What was read a moment ago is not what is read after a write.
    await writeCity(caller, customerId, "Bern");
    expect(await readCity(caller, customerId)).toBe("Bern");
    (await caller.patch(`/v1/sessions/${sessionId}`, { variables: { topic: "orders" } })).expect(200);
    const order: OrderDocument = { id: crypto.randomUUID(), customerId, total: 12.5 };
    await before.documents<OrderDocument>(ORDERS).insert(order);
    await before.log(RECEIPTS, "shop").append(order, { sealedAt: vault.clock.now() });
    const left = { customerId, sessionId, order, hits: vault.cacheStatistics?.hits ?? 0 };
    await expectKept(vault, left, { documents: true, records: true });
    return left;
  });
}

/** Opens it again and finds what its tiers keep. */
export async function secondLife(
  settings: ConfigInput,
  { key, left, keeps }: { readonly key: string; readonly left: Left; readonly keeps: Keeps },
): Promise<void> {
  await inLife(settings, key, async ({ vault, caller }) => {
    expect(await readCity(caller, left.customerId)).toBe("Bern");
    const session = (await caller.get<{ variables: object }>(`/v1/sessions/${left.sessionId}`)).expect(200);
    expect(session.variables).toEqual({ topic: "orders" });
    await expectKept(vault, left, keeps);
  });
}

interface Keeps {
  readonly documents: boolean;
  readonly records: boolean;
}

async function expectKept(vault: Vault, { customerId, order }: Left, keeps: Keeps): Promise<void> {
  const tenant = vault.tenant(vault.defaultTenantId);
  const ofCustomer = { op: "eq", path: ["customerId"], value: customerId } as const;
  const { items } = await tenant.documents<OrderDocument>(ORDERS).query({ filter: ofCustomer });
  expect(items.map(({ document }) => document)).toEqual(keeps.documents ? [order] : []);
  const receipts = tenant.log(RECEIPTS, "shop");
  const found = await receipts.query({ filter: ofCustomer });
  expect(found.map(({ document }) => document)).toEqual(keeps.records ? [order] : []);
  expect(await receipts.verifyIntegrity()).toMatchObject({ isValid: true });
}

async function inLife<T>(settings: ConfigInput, key: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  await using closing = new AsyncDisposableStack();
  const telemetry = closing.use(createTelemetry({ level: "silent", format: "json" }));
  const vault = closing.use(await openVault(settings, { ...telemetry, collections: [ORDERS], logs: [RECEIPTS] }));
  const server = await createServer({ vault, telemetry, version: "0.0.0", validateAnswers: true });
  closing.defer(() => server.close());
  return await work({ vault, server, caller: new Caller(server, key) });
}

async function expectReady(caller: Caller, engines: Readonly<Record<string, string>>): Promise<void> {
  const { tiers } = (await caller.get<StorageHealth>("/ready")).expect(200);
  // Where another cold tier was named before, the register is not in this one, and that is told.
  expect(tiers.filter(({ status }) => status !== "up")).toEqual([]);
  expect(Object.fromEntries(tiers.map(({ tier, engine }) => [tier, engine]))).toEqual(engines);
}

async function writeCity(caller: Caller, customerId: string, city: string): Promise<void> {
  const fields = [{ name: "city", value: city, source: "user_provided" }];
  (await caller.post(`/v1/customers/${customerId}/fields`, { fields })).expect(200);
}

async function readCity(caller: Caller, customerId: string): Promise<unknown> {
  const profile = await caller.get<{ fields: { city?: { value: unknown } } }>(`/v1/customers/${customerId}`);
  return profile.expect(200).fields.city?.value;
}
