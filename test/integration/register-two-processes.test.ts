import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import { type CorruptionRangeRecord, REGISTER_RANGES } from "../../src/register/range-record.ts";
import type { Repository } from "../../src/storage/repository.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { withMember } from "../../src/testing/with-member.ts";
import type { TenantStores } from "../../src/vault/stores.ts";
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

  it("tell of one moment how a register stands, although it is sealed while that is read", async () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    await using vault = await vaultOver(
      withRangesRead(storage, async () => {
        const once = meanwhile;
        meanwhile = undefined;
        await once?.();
      }),
      { clock: new ManualClock() },
    );
    const { tenant } = await vault.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" });
    const { customers, register } = vault.tenant(tenant.id);
    const sealed = async () => {
      await customers.getOrCreate({ externalId: crypto.randomUUID() });
      expect(await register.sealJournal()).toBe("done");
    };
    await sealed();
    meanwhile = sealed;
    const { operational, heights, checkpoint } = await register.status();
    expect(meanwhile).toBeUndefined();
    expect(checkpoint?.size).toBe(operational.totalHeight);
    expect(heights.verifiedCount).toBe(operational.totalHeight);
  });
});

/** The same storage, in which something happens before damaged ranges are read. */
function withRangesRead(storage: RegisterStorage, before: () => Promise<void>): RegisterStorage {
  const { stores } = storage;
  const reading = (ranges: Repository<CorruptionRangeRecord>) =>
    withMember(ranges, "stream", async function* (...values: Parameters<typeof ranges.stream>) {
      await before();
      yield* ranges.stream(...values);
    });
  const forTenant = (tenantId: TenantId): TenantStores => {
    const bound = stores.forTenant(tenantId);
    const repository = (descriptor: { readonly name: string }) => {
      const records = bound.records.repository(descriptor as typeof REGISTER_RANGES);
      return descriptor.name === REGISTER_RANGES.name ? reading(records) : records;
    };
    return { ...bound, records: withMember(bound.records, "repository", repository) };
  };
  return { ...storage, stores: { ...stores, forTenant } };
}
