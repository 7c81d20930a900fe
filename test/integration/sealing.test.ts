import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CustomerId, TenantId } from "../../src/identifiers.ts";
import { formatReceipt } from "../../src/register/receipts/receipt.ts";
import { verifyReceipt } from "../../src/register/receipts/verify-receipt.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { journalOf, sealedEventsOf } from "../../src/testing/sealed-journal.ts";
import type { TenantVault } from "../../src/vault/tenant-vault.ts";
import type { Vault } from "../../src/vault.ts";
import { type RegisterStorage, registerEngines, vaultOver } from "./register-engines.ts";

/** Seals until nothing is left. The journal tells of what sealing does, so it takes more than one run. */
async function sealAll(tenant: TenantVault): Promise<void> {
  for (let runs = 0; runs < 50; runs++) {
    const outcome = await tenant.register.sealJournal();
    const [sealed, written] = [await sealedEventsOf(tenant), await journalOf(tenant)];
    if (outcome === "done" && sealed.length === written.length) return;
  }
  throw new Error("the journal is not sealed");
}

const write = (tenant: TenantVault, customerId: CustomerId, value: string) =>
  tenant.fields.write(customerId, { fields: [{ name: "address", value, source: "user_provided" }] });

async function newCustomer(tenant: TenantVault, user: string): Promise<CustomerId> {
  const { profile } = await tenant.customers.getOrCreate({
    channelIdentity: { channel: "whatsapp", channelUserId: user },
  });
  return profile.customerId;
}

describe.each(registerEngines())("sealing on $name", (engine) => {
  let storage: RegisterStorage;
  const clock = new ManualClock();
  const opened: Vault[] = [];

  /** Another process over the same storage. */
  const newVault = async (settings = {}) => {
    const vault = await vaultOver(storage, { clock, settings });
    opened.push(vault);
    return vault;
  };
  const newTenant = async (vault: Vault): Promise<TenantId> => {
    const { tenant } = await vault.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" });
    return tenant.id;
  };

  beforeAll(async () => {
    storage = await engine.open();
  });
  afterEach(async () => {
    for (const vault of opened.splice(0)) await vault[Symbol.asyncDispose]();
  });
  afterAll(() => storage[Symbol.asyncDispose]());

  it("takes every event in, in the order of the journal, once", async () => {
    const vault = await newVault();
    const tenant = vault.tenant(await newTenant(vault));
    const customerId = await newCustomer(tenant, "+34600111222");
    for (let n = 0; n < 5; n++) await write(tenant, customerId, `Street ${n}`);
    expect(await tenant.seals.ofEvents((await journalOf(tenant)).map(({ id }) => id))).toSatisfy(
      (seals: ReadonlyMap<string, { status: string }>) =>
        [...seals.values()].every(({ status }) => status === "pending"),
    );
    await sealAll(tenant);
    const written = (await journalOf(tenant)).map(({ id }) => id);
    expect(await sealedEventsOf(tenant)).toEqual(written);
    const seals = await tenant.seals.ofEvents(written);
    expect([...seals.values()].every(({ status }) => status === "sealed")).toBe(true);
    const { operational, checkpoint, heights } = await tenant.register.status();
    expect(operational).toMatchObject({ state: "Healthy", corruptedRanges: 0 });
    expect(checkpoint?.size).toBe(heights.verifiedCount);
  });

  it("proves an event to whoever knows the register's id, with what was written and by whom", async () => {
    const vault = await newVault();
    const tenant = vault.tenant(await newTenant(vault));
    await write(tenant, await newCustomer(tenant, "+34600111333"), "Calle Mayor 1");
    await sealAll(tenant);
    const event = (await journalOf(tenant)).find(({ eventType }) => eventType === "field_written");
    const receipt = await tenant.register.receiptOfEvent(event?.id as never);
    const text = formatReceipt(receipt as never);
    const { registerId } = (await tenant.register.status()).operational;
    expect(verifyReceipt(text, { registerId }, NODE_SIGNATURE_SUITES)).toMatchObject({
      isValid: true,
      transaction: { eventType: "field_written", eventId: event?.id },
      disclosed: { event: { eventData: { name: "address" } } },
    });
    expect(text).not.toContain("Calle Mayor");
  });

  it("is shared by any number of processes and writers", { timeout: 120_000 }, async () => {
    const vaults = await Promise.all([newVault(), newVault(), newVault()]);
    const tenantId = await newTenant(vaults[0]);
    const tenants = vaults.map((vault) => vault.tenant(tenantId));
    const [first] = tenants as [TenantVault];
    const customers = await Promise.all(Array.from({ length: 100 }, (_, n) => newCustomer(first, `+3461${n}`)));
    let isWriting = true;
    const sealers = tenants.map(async (tenant) => {
      while (isWriting) {
        await tenant.register.sealJournal();
        clock.advance(11);
      }
    });
    const writers = customers.map(async (customerId, n) => {
      for (let round = 0; round < 3; round++) await write(tenants[n % 3] as TenantVault, customerId, `Street ${round}`);
    });
    await Promise.all(writers);
    isWriting = false;
    await Promise.all(sealers);
    // The lease of whoever had it may have to run out.
    clock.advance(60_000);
    await sealAll(first);
    const written = (await journalOf(first)).map(({ id }) => id as string);
    const sealed = await sealedEventsOf(first);
    expect(sealed.toSorted()).toEqual(written.toSorted());
    expect(new Set(sealed).size).toBe(sealed.length);
    const auditor = (await newVault()).tenant(tenantId);
    const found = await auditor.register.verify();
    expect(found).toMatchObject({ hasCorruption: false, isFullyVerified: true, resultingState: "Healthy" });
  });

  it("goes on with the keys that a rotation brings", async () => {
    const vault = await newVault();
    const tenant = vault.tenant(await newTenant(vault));
    const customerId = await newCustomer(tenant, "+34600111444");
    await sealAll(tenant);
    for (const wallet of (await tenant.wallets.list({ limit: 100, cursor: undefined })).items) {
      await tenant.wallets.rotate(wallet.id);
    }
    await write(tenant, customerId, "before the rotation is sealed");
    await sealAll(tenant);
    await write(tenant, customerId, "by the new key");
    await sealAll(tenant);
    expect(await tenant.register.verify()).toMatchObject({ hasCorruption: false, resultingState: "Healthy" });
    const last = (await journalOf(tenant)).at(-1);
    const text = formatReceipt((await tenant.register.receiptOfEvent(last?.id as never)) as never);
    expect(JSON.parse(text)).toMatchObject({ keys: [{}, {}] });
    const { registerId } = (await tenant.register.status()).operational;
    expect(verifyReceipt(text, { registerId }, NODE_SIGNATURE_SUITES)).toMatchObject({ isValid: true });
  });

  it("lets nobody read another tenant's register", async () => {
    const vault = await newVault();
    const [a, b] = [vault.tenant(await newTenant(vault)), vault.tenant(await newTenant(vault))];
    await newCustomer(a, "+34600111555");
    await sealAll(a);
    await expect(b.register.status()).rejects.toMatchObject({ code: "register_not_found" });
    await newCustomer(b, "+34600111555");
    await sealAll(b);
    const [mine] = (await a.register.transactions({}, { limit: 1, cursor: undefined })).items;
    await expect(b.register.transaction(mine?.txId ?? "")).rejects.toMatchObject({ code: "transaction_not_found" });
    const events = (await journalOf(a)).map(({ id }) => id);
    expect([...(await b.seals.ofEvents(events)).values()].every(({ status }) => status === "pending")).toBe(true);
    expect(await b.register.receiptOfEvent(events[0] as never)).toBeUndefined();
  });

  it("says nothing of a customer any more who was forgotten", async () => {
    const vault = await newVault();
    const tenant = vault.tenant(await newTenant(vault));
    const customerId = await newCustomer(tenant, "+34600111666");
    await write(tenant, customerId, "Calle Mayor 1");
    await sealAll(tenant);
    const event = (await journalOf(tenant)).find(({ eventType }) => eventType === "field_written");
    expect((await tenant.register.transactions({ customerId }, { limit: 10, cursor: undefined })).items).toHaveLength(
      2,
    );
    expect(await tenant.register.forgetCustomer(customerId)).toBe(true);
    expect((await tenant.register.transactions({ customerId }, { limit: 10, cursor: undefined })).items).toEqual([]);
    expect(await tenant.register.receiptOfEvent(event?.id as never)).not.toHaveProperty("disclosure");
    await write(tenant, customerId, "Calle Mayor 2");
    await sealAll(tenant);
    const { items } = await tenant.register.transactions({ type: "field_written" }, { limit: 10, cursor: undefined });
    expect(items.map(({ body }) => "subject" in body)).toEqual([true, false]);
    expect(await tenant.register.verify()).toMatchObject({ hasCorruption: false });
  });
});
