import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import type { CustomerId, ItemId } from "../../src/identifiers.ts";
import type { ProfileStore } from "../../src/profiles/profile-store.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../../src/register/ledger-log/docket-repair.ts";
import type { Receipt } from "../../src/register/receipts/receipt.ts";
import type { ReceiptVerdict } from "../../src/register/receipts/receipt-verdict.ts";
import { verifyReceipt } from "../../src/register/receipts/verify-receipt.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { InMemoryWormDatabase } from "../../src/storage/in-memory/in-memory-worm-store.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import type { Stores } from "../../src/vault/stores.ts";
import { assembleVault } from "../../src/vault.ts";
import { defineFields } from "./define-fields.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

interface EventItem {
  readonly id: string;
  readonly subjectId: string | null;
  readonly eventType: string;
  readonly ledger: { readonly status: string; readonly transactionId: string; readonly receipt: string };
}

describe.each(integrationEngines())("receipts over HTTP on $name", (engine) => {
  let world: World;
  let registerId: string;

  beforeAll(async () => {
    world = await openWorld(engine);
    await newCustomer(world.a);
    await world.a.seal();
    ({ registerId } = (await world.a.admin.get<{ registerId: string }>("/v1/register")).expect(200));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const verified = (receipt: unknown): ReceiptVerdict =>
    verifyReceipt(JSON.stringify(receipt), { registerId }, NODE_SIGNATURE_SUITES);

  /** Sealed events of the customer, newest first. */
  async function sealedEvents(customer: TestCustomer, eventType?: string): Promise<readonly EventItem[]> {
    await world.a.seal();
    const events = (await customer.events()) as unknown as readonly EventItem[];
    return events.filter((event) => eventType === undefined || event.eventType === eventType);
  }

  async function disclosedValue(customer: TestCustomer, itemId: string): Promise<unknown> {
    const event = (await sealedEvents(customer)).findLast(({ subjectId }) => subjectId === itemId);
    const receipt = (await world.a.steward.get<Receipt>(`${event?.ledger.receipt}?disclose=value`)).expect(200);
    const verdict = verified(receipt);
    if (!verdict.isValid) expect.fail(`${verdict.step}: ${verdict.reason}`);
    expect(verdict.disclosed?.event).toMatchObject({ id: event?.id, subjectId: itemId });
    return verdict.disclosed && "value" in verdict.disclosed ? { value: verdict.disclosed.value } : undefined;
  }

  it("prove a transaction without saying what it is about", async () => {
    const customer = await newCustomer(world.a);
    const [event] = await sealedEvents(customer, "customer_created");
    const url = `/v1/register/transactions/${event?.ledger.transactionId}/proof`;
    const reply = await world.a.auditor.get<Receipt>(url);
    const receipt = reply.expect(200);
    expect(reply.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(receipt.disclosure).toBeUndefined();
    expect(reply.text).not.toContain(customer.id);
    const verdict = verified(receipt);
    expect(verdict).toMatchObject({ isValid: true, registerId, txId: event?.ledger.transactionId });
    expect(verified({ ...receipt, proof: { ...receipt.proof, index: receipt.proof.index + 1 } }).isValid).toBe(false);
  });

  it("prove an event and say what it is, to whoever may read the journal", async () => {
    const customer = await newCustomer(world.a);
    const [event] = await sealedEvents(customer, "customer_created");
    const { auditor, agent } = world.a;
    const receipt = (await auditor.get<Receipt>(event?.ledger.receipt ?? "")).expect(200);
    expect(verified(receipt)).toMatchObject({
      isValid: true,
      disclosed: { event: { id: event?.id, eventType: "customer_created", customerId: customer.id } },
    });
    expect(receipt.disclosure).not.toHaveProperty("value");
    (await agent.get(event?.ledger.receipt ?? "")).expectProblem(403, "forbidden");
    const unknown = "/v1/audit/events/01a00000-ffff-7000-8000-00000000000f";
    (await auditor.get(unknown)).expectProblem(404, "audit_event_not_found");
    (await auditor.get(`${unknown}/receipt`)).expectProblem(404, "audit_event_not_found");
  });

  it.each<[unknown]>([
    ["Vigo"],
    ["\u00e9\u{1f600}\u2028"],
    [1.5e-7],
    [9007199254740991],
    [-0],
    [true],
    [{ b: [1, "2", null], a: {} }],
    [""],
  ])("disclose the value %j", async (value) => {
    const customer = await newCustomer(world.a);
    const field = await customer.writeOne({ name: "fact", value });
    expect(await disclosedValue(customer, field.id)).toEqual({ value: JSON.parse(JSON.stringify(value)) });
  });

  it("disclose a value that is encrypted, was superseded or belongs to a customer who was merged", async () => {
    const agentId = uuid();
    await defineFields(world.a.admin, agentId, {
      iban: { valueType: "string", encryptionRequired: true, isPii: true },
    });
    const customer = await newCustomer(world.a);
    const first = (await customer.write([{ name: "iban", value: "ES1" }], { agentId }))[0];
    const second = (await customer.write([{ name: "iban", value: "ES2" }], { agentId }))[0];
    expect(await disclosedValue(customer, first?.id ?? "")).toEqual({ value: "ES1" });
    const survivor = await newCustomer(world.a);
    (await world.a.admin.post(`${survivor.url}/merge`, { sourceCustomerId: customer.id })).expect(200);
    expect(await disclosedValue(customer, second?.id ?? "")).toEqual({ value: "ES2" });
  });

  it("disclose what was verified later, and the checksum of an asset", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "city", value: "Vigo" });
    const verification = { method: "otp", by: "ana" };
    const reply = await world.a.agent.post<{ id: string }>(`${customer.url}/fields/city/verify`, verification);
    expect(await disclosedValue(customer, reply.expect(200).id)).toEqual({ value: "Vigo" });
    const asset = await customer.upload({ bytes: "the bytes" });
    expect(await disclosedValue(customer, asset.id)).toEqual({
      value: createHash("sha256").update("the bytes").digest("hex"),
    });
  });

  it("disclose no value of what was purged, nor of what has none", async () => {
    const customer = await newCustomer(world.a);
    const field = await customer.writeOne({ name: "city", value: "Vigo" });
    expect(await disclosedValue(customer, field.id)).toEqual({ value: "Vigo" });
    await customer.deleteField("city");
    expect(await disclosedValue(customer, field.id)).toEqual({ value: "Vigo" });
    (await world.a.admin.delete(`${customer.url}/fields/city?hard=true&reason=x&status=any`)).expect(200);
    const [written] = await sealedEvents(customer, "field_written");
    const receipt = (await world.a.admin.get<Receipt>(`${written?.ledger.receipt}?disclose=value`)).expect(200);
    expect(receipt.disclosure).not.toHaveProperty("value");
    expect(verified(receipt)).toMatchObject({ isValid: true });
    const [created] = await sealedEvents(customer, "customer_created");
    const without = (await world.a.admin.get<Receipt>(`${created?.ledger.receipt}?disclose=value`)).expect(200);
    expect(without.disclosure).not.toHaveProperty("value");
  });

  it("disclose no value to who may not read personal data, and none in another way", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "city", value: "Vigo" });
    const [event] = await sealedEvents(customer, "field_written");
    const url = event?.ledger.receipt ?? "";
    const refusal = (await world.a.auditor.get(`${url}?disclose=value`)).expectProblem(403, "forbidden");
    expect(refusal["permission"]).toBe("pii:read");
    expect((await world.a.auditor.get(url)).text).not.toContain("Vigo");
    (await world.a.agent.get(`${url}?disclose=value`)).expectProblem(403, "forbidden");
    (await world.a.admin.get(`${url}?disclose=all`)).expectProblem(400, "invalid_request");
    (await world.b.admin.get(`${url}?disclose=value`)).expectProblem(404, "audit_event_not_found");
  });

  it("of a customer who was forgotten stay valid, and none leads to them any more", async () => {
    const customer = await newCustomer(world.a);
    await customer.writeOne({ name: "city", value: "Vigo" });
    const [event] = await sealedEvents(customer, "field_written");
    const url = `${event?.ledger.receipt}?disclose=value`;
    const before = (await world.a.admin.get<Receipt>(url)).expect(200);
    const { register } = world.vault.tenant(world.a.tenantId);
    expect(await register.forgetCustomer(customer.id as CustomerId)).toBe(true);
    const mine = `/v1/register/transactions?customerId=${customer.id}`;
    expect((await world.a.admin.get(mine)).expect(200)).toEqual({ items: [], nextCursor: null });
    const after = (await world.a.admin.get<Receipt>(url)).expect(200);
    expect(after.disclosure).toBeUndefined();
    expect([verified(before), verified(after)]).toMatchObject([{ isValid: true }, { isValid: true }]);
    await customer.writeOne({ name: "city", value: "Lugo" });
    const [later] = await sealedEvents(customer, "field_written");
    expect(later?.id).not.toBe(event?.id);
    const transaction = `/v1/register/transactions/${later?.ledger.transactionId}`;
    const { body } = (await world.a.admin.get<{ body: object }>(transaction)).expect(200);
    expect(body).toMatchObject({ eventId: later?.id });
    for (const member of ["subject", "item", "parents"]) expect(body).not.toHaveProperty(member);
    const unlinked = (await world.a.admin.get<Receipt>(later?.ledger.receipt ?? "")).expect(200);
    expect(unlinked.disclosure).toBeUndefined();
    expect(verified(unlinked)).toMatchObject({ isValid: true });
    expect((await world.a.admin.get(mine)).expect(200)).toEqual({ items: [], nextCursor: null });
  });
});

describe("a receipt of a value that was altered where it is kept", () => {
  it("is refused, since it would prove nothing", async () => {
    const database = new InMemoryDatabase();
    const cold = new InMemoryWormDatabase(database);
    await cold.prepare([DOCKETS, DOCKET_REPAIRS]);
    const config = parseConfig({
      storage: { warm: { relational: { engine: "in-memory" } } },
      masterKey: "5a".repeat(32),
    });
    await using vault = await assembleVault(config, withAlteredValues(inMemoryStores(database)), { cold });
    const tenant = vault.tenant(vault.defaultTenantId);
    const { profile } = await tenant.customers.getOrCreate({ externalId: "x" });
    const fields = [{ name: "city", value: "Vigo", source: "user_provided" }] as const;
    await tenant.fields.write(profile.customerId, { fields });
    await tenant.register.sealJournal();
    const [event] = (await tenant.audit.list({ eventType: "field_written" }, { limit: 1 })).items;
    if (!event) expect.fail("the journal has the event");
    expect(await tenant.register.receiptOfEvent(event.id)).toMatchObject({ disclosure: { event: { id: event.id } } });
    await expect(tenant.register.receiptOfEvent(event.id, { withValue: true })).rejects.toMatchObject({
      code: "integrity_violation",
    });
  });
});

function withAlteredValues(stores: Stores): Stores {
  const altered = (profiles: ProfileStore): ProfileStore =>
    new Proxy(profiles, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (name !== "getCommittedItem") return member.bind(target) as unknown;
        return async (itemId: ItemId) => {
          const item = await target.getCommittedItem(itemId);
          return item?.kind === "profile_field" ? { ...item, field: { ...item.field, value: "Lugo" } } : item;
        };
      },
    });
  return {
    ...stores,
    forTenant: (tenantId) => {
      const bound = stores.forTenant(tenantId);
      return { ...bound, profiles: altered(bound.profiles) };
    },
  };
}
