import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ConfigInput } from "../../src/config/config-schema.ts";
import type { TenantId } from "../../src/identifiers.ts";
import { NO_DOCKET } from "../../src/register/verification/corruption.ts";
import type { WormDatabase } from "../../src/storage/worm-store.ts";
import { NO_EVENTS, type VaultEvents } from "../../src/telemetry/events.ts";
import { FaultInjector, withFaults } from "../../src/testing/fault-injection.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { type MakeStep, withSealingSteps } from "../../src/testing/sealing-steps.ts";
import { withMember } from "../../src/testing/with-member.ts";
import type { TenantVault } from "../../src/vault/tenant-vault.ts";
import type { Vault } from "../../src/vault.ts";
import { type RegisterStorage, registerEngines, vaultOver } from "./register-engines.ts";

/** Looks as often as can be, in real time; what is due says the clock. */
const INTERVAL_MS = 10;
/** No more of the process's registers. */
const SEALED_AT_A_TIME = 4;

interface Setting {
  readonly make?: MakeStep;
  readonly cold?: WormDatabase;
  readonly register?: ConfigInput["register"];
  readonly events?: Partial<VaultEvents>;
}

/** The same logs, of which those of some tenants fail as the injector says. */
function withFaultsOf(
  cold: WormDatabase,
  isFaulty: (tenantId: TenantId) => boolean,
  injector: FaultInjector,
): WormDatabase {
  const broken = withFaults(cold, injector);
  return withMember(cold, "log", (...place: Parameters<WormDatabase["log"]>) =>
    (isFaulty(place[1]) ? broken : cold).log(...place),
  );
}

describe.each(registerEngines())("whose turn it is to be sealed on $name", (engine) => {
  let storage: RegisterStorage;
  const clock = new ManualClock();
  const opened: Vault[] = [];
  const injector = new FaultInjector();

  const newVault = async ({ make = (_, call) => call(), cold = storage.cold, register, events }: Setting = {}) => {
    const vault = await vaultOver(withSealingSteps({ ...storage, cold }, make) as RegisterStorage, {
      clock,
      settings: { register: { sealIntervalMs: INTERVAL_MS, ...register } },
      events: { ...NO_EVENTS, ...events },
    });
    opened.push(vault);
    return vault;
  };
  /** With a register, and nothing that waits for it. */
  const newTenant = async (vault: Vault): Promise<TenantVault> => {
    const { tenant } = await vault.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" });
    const made = vault.tenant(tenant.id);
    await sealAll(made);
    return made;
  };
  const sealAll = async (tenant: TenantVault) => {
    for (let runs = 0; runs < 3; runs++) expect(await tenant.register.sealJournal()).toBe("done");
  };
  const write = async (tenant: TenantVault) => await tenant.customers.getOrCreate({ externalId: crypto.randomUUID() });
  /** Of the newest event. */
  const newest = async (tenant: TenantVault) => {
    const { items } = await tenant.audit.list({}, { limit: 1 });
    const [seal] = (await tenant.seals.ofEvents(items.map(({ id }) => id))).values();
    return seal?.status;
  };

  beforeAll(async () => {
    storage = await engine.open();
  });
  afterEach(async () => {
    injector.heal();
    for (const vault of opened.splice(0)) await vault[Symbol.asyncDispose]();
  });
  afterAll(() => storage[Symbol.asyncDispose]());

  it("leaves what comes meanwhile to the next docket", async () => {
    let isNext = false;
    const vault: Vault = await newVault({
      async make(step, call) {
        if (step === "append" && isNext) {
          isNext = false;
          await write(vault.tenant(tenantId));
        }
        return await call();
      },
    });
    const tenant = await newTenant(vault);
    const { tenantId } = tenant;
    await write(tenant);
    isNext = true;
    const before = (await tenant.register.status()).operational.totalHeight;
    expect(await tenant.register.sealJournal()).toBe("done");
    expect((await tenant.register.status()).operational.totalHeight).toBe(before + 1n);
    expect(await newest(tenant)).toBe("pending");
  });

  it("seals all there is in runs, between which reads have their turn, each with its checkpoint", async () => {
    let appends = 0;
    let appendsAtRead = 0;
    let onAppend: () => unknown = () => undefined;
    const vault = await newVault({
      register: { sealMaxTransactions: 1 },
      async make(step, call) {
        if (step === "append" && ++appends === 1) onAppend();
        return await call();
      },
    });
    const tenant = await newTenant(vault);
    for (let n = 0; n < 40; n++) await write(tenant);
    appends = 0;
    let read: Promise<void> | undefined;
    onAppend = () => {
      read = tenant.register.docket(1_000_000n).catch(() => {
        appendsAtRead = appends;
      }) as Promise<void>;
    };
    const { newest: before } = await checkpoints(tenant);
    expect(await tenant.register.sealJournal()).toBe("done");
    await read;
    expect(appends).toBeGreaterThanOrEqual(40);
    expect(appendsAtRead).toBeLessThanOrEqual(20);
    expect(await newest(tenant)).toBe("sealed");
    const { sizes, newest: after } = await checkpoints(tenant);
    expect(after).toBe((await tenant.register.status()).heights.verifiedCount);
    const ends = [before, ...sizes.filter((size) => size > before)];
    for (const [at, size] of ends.entries()) expect(size - (ends[at - 1] ?? size)).toBeLessThanOrEqual(64n);
    expect(ends.length).toBeGreaterThan(2);
  });

  it("takes a tenant whatever another one's sealing waits for", async () => {
    const first = await newVault();
    const [slow, other] = [await newTenant(first), await newTenant(first)];
    await first[Symbol.asyncDispose]();
    injector.inject({ fault: { kind: "hold", when: "before" }, methods: ["append"] });
    const vault = await newVault({
      cold: withFaultsOf(storage.cold, (tenantId) => tenantId === slow.tenantId, injector),
    });
    await vault.startRegisters();
    await write(vault.tenant(slow.tenantId));
    clock.advance(INTERVAL_MS);
    await expect.poll(() => injector.held).toBe(1);
    await write(vault.tenant(other.tenantId));
    clock.advance(INTERVAL_MS);
    await expect.poll(() => newest(vault.tenant(other.tenantId))).toBe("sealed");
    expect(await newest(vault.tenant(slow.tenantId))).toBe("pending");
    injector.heal();
    await expect.poll(() => newest(vault.tenant(slow.tenantId))).toBe("sealed");
  });

  it("takes a tenant however long another one's register is being verified", async () => {
    const first = await newVault();
    const [slow, other] = [await newTenant(first), await newTenant(first)];
    await write(slow);
    await first[Symbol.asyncDispose]();
    injector.inject({ fault: { kind: "hold", when: "before" }, methods: ["scan"] });
    const cold = withFaultsOf(storage.cold, (tenantId) => tenantId === slow.tenantId, injector);
    const vault = await newVault({ cold, register: { verifyAllAtStart: true } });
    clock.advance(INTERVAL_MS);
    await vault.startRegisters();
    await expect.poll(() => injector.held).toBeGreaterThan(0);
    await write(vault.tenant(other.tenantId));
    clock.advance(INTERVAL_MS);
    await expect.poll(() => newest(vault.tenant(other.tenantId))).toBe("sealed");
    expect(await newest(vault.tenant(slow.tenantId))).toBe("pending");
    injector.heal();
    await expect.poll(() => newest(vault.tenant(slow.tenantId))).toBe("sealed");
  });

  it.each(["sound", "damaged"])(
    "takes a tenant while more registers are verified anew, all %s, than are sealed at a time",
    async (state) => {
      const first = await newVault();
      const tenants = await Promise.all(Array.from({ length: SEALED_AT_A_TIME + 1 }, () => newTenant(first)));
      // Of all that wait, the younger ones come later.
      clock.advance(1);
      const other = await newTenant(first);
      await first[Symbol.asyncDispose]();
      const ids = new Set(tenants.map(({ tenantId }) => tenantId));
      const vault = await newVault({ cold: withFaultsOf(storage.cold, (tenantId) => ids.has(tenantId), injector) });
      for (const tenantId of [other.tenantId, ...ids]) {
        const register = await vault.tenant(tenantId).register.open();
        // One that is damaged is not served meanwhile, and not sealed.
        if (state === "damaged" && ids.has(tenantId)) await register.reportDamage(0n, NO_DOCKET);
      }
      injector.inject({ fault: { kind: "hold", when: "before" }, methods: ["scan"] });
      const verifications = [...ids].map((tenantId) => vault.tenant(tenantId).register.verify());
      await expect.poll(() => injector.held).toBe(ids.size);

      await vault.startRegisters();
      for (const tenantId of ids) await write(vault.tenant(tenantId));
      clock.advance(INTERVAL_MS);
      await write(vault.tenant(other.tenantId));
      clock.advance(INTERVAL_MS);
      await expect.poll(() => newest(vault.tenant(other.tenantId))).toBe("sealed");
      for (const tenantId of ids) {
        if (state === "sound") await expect.poll(() => newest(vault.tenant(tenantId))).toBe("sealed");
        else expect(await newest(vault.tenant(tenantId))).toBe("pending");
      }
      expect(injector.held).toBe(ids.size);
      injector.heal();
      for (const { isFullyVerified } of await Promise.all(verifications)) expect(isFullyVerified).toBe(true);
      for (const tenantId of ids) await expect.poll(() => newest(vault.tenant(tenantId))).toBe("sealed");
    },
  );

  it("waits in the background for the interval, or for a whole docket", async () => {
    const dockets: { readonly tenantId: TenantId; readonly transactionCount: number }[] = [];
    const vault = await newVault({
      register: { sealIntervalMs: 1_000, sealMaxTransactions: 5 },
      events: { registerDocketSealed: (event) => void dockets.push(event) },
    });
    const tenant = await newTenant(vault);
    const before = dockets.length;
    const sealed = () =>
      dockets.slice(before).flatMap((each) => (each.tenantId === tenant.tenantId ? [each.transactionCount] : []));
    // Seven come together: five of them are a docket, and the others wait for their own interval.
    await Promise.all(Array.from({ length: 7 }, () => write(tenant)));
    await vault.startRegisters();
    await expect.poll(sealed).toEqual([5]);
    expect(await newest(tenant)).toBe("pending");
    clock.advance(1_000);
    await expect.poll(sealed).toEqual([5, 2]);
  });

  async function checkpoints(tenant: TenantVault) {
    const { items } = await tenant.register.checkpoints({ limit: 100, cursor: undefined });
    const sizes = items.map(({ size }) => size).reverse();
    return { sizes, newest: sizes.at(-1) ?? 0n };
  }
});
