import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Vault } from "../../src/vault.ts";
import { type RegisterStorage, registerEngines, vaultOver } from "./register-engines.ts";

describe.each(registerEngines())("two processes with one register on $name", (engine) => {
  let storage: RegisterStorage;
  let sealing: Vault;
  let reading: Vault;

  beforeAll(async () => {
    storage = await engine.open();
    const clock = new ManualClock();
    [sealing, reading] = await Promise.all([vaultOver(storage, { clock }), vaultOver(storage, { clock })]);
  });
  afterAll(async () => {
    await sealing[Symbol.asyncDispose]();
    await reading[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  });

  it("serve and prove alike what one of them has sealed after the other has opened it", async () => {
    const { tenant } = await sealing.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" });
    const [one, other] = [sealing.tenant(tenant.id), reading.tenant(tenant.id)];
    const sealed = async () => {
      await one.customers.getOrCreate({ externalId: crypto.randomUUID() });
      expect(await one.register.sealJournal()).toBe("done");
    };
    await sealed();
    const before = (await other.register.status()).operational.totalHeight;

    await sealed();
    const { items } = await one.register.transactions({}, { limit: 100 });
    expect((await other.register.transactions({}, { limit: 100 })).items).toEqual(
      items.map((item) => ({ ...item, verifiedAt: expect.any(String) })),
    );

    await sealed();
    const [event] = (await other.audit.list({ eventType: "customer_created" }, { limit: 1 })).items;
    const seal = (await other.seals.ofEvents([event?.id as never])).get(event?.id as never);
    if (seal?.status !== "sealed") expect.fail("the event is sealed");
    expect(BigInt(seal.height)).toBeGreaterThan(before);
    expect(await other.register.transaction(seal.transactionId)).toMatchObject({ txId: seal.transactionId });

    await sealed();
    const [newest] = (await other.audit.list({ eventType: "customer_created" }, { limit: 1 })).items;
    expect(await other.register.receiptOfEvent(newest?.id as never)).toMatchObject({ proof: expect.anything() });
  });
});
