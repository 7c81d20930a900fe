import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addMs, type Instant } from "../../src/clock.ts";
import { registerConfig } from "../../src/config/register-config.ts";
import type { TenantId } from "../../src/identifiers.ts";
import { LEASE_MS_MAX } from "../../src/register/register-store.ts";
import { NO_EVENTS } from "../../src/telemetry/events.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { withSealingSteps } from "../../src/testing/sealing-steps.ts";
import type { TenantVault } from "../../src/vault/tenant-vault.ts";
import type { Vault } from "../../src/vault.ts";
import { type RegisterStorage, registerEngines, vaultOver } from "./register-engines.ts";

/** Looks as often as can be, in real time; what is due says the clock. */
const INTERVAL_MS = 10;
const LEASE_MS = 1_000;

describe("the longest lease", () => {
  it("is the longest that can be configured", () => {
    const { leaseMs } = registerConfig.shape;
    expect([LEASE_MS_MAX, LEASE_MS_MAX + 1].map((ms) => leaseMs.safeParse(ms).success)).toEqual([true, false]);
  });
});

describe.each(registerEngines())("sealing and the lease of another process on $name", (engine) => {
  let storage: RegisterStorage;
  const opened: Vault[] = [];
  const blocked: { readonly tenantId: TenantId; readonly forMs: number }[] = [];
  let refused = 0;

  const newVault = async (clock: ManualClock) => {
    const stepping = withSealingSteps(storage, async (step, call) => {
      const answer = await call();
      if (step === "acquireLease" && answer === undefined) refused += 1;
      return answer;
    });
    const vault = await vaultOver(stepping as RegisterStorage, {
      clock,
      settings: { register: { sealIntervalMs: INTERVAL_MS, leaseMs: LEASE_MS } },
      events: { ...NO_EVENTS, registerSealingBlocked: (event) => void blocked.push(event) },
    });
    opened.push(vault);
    return vault;
  };
  const newTenant = async (vault: Vault): Promise<TenantVault> => {
    const { tenant } = await vault.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" });
    const made = vault.tenant(tenant.id);
    for (let runs = 0; runs < 3; runs++) expect(await made.register.sealJournal()).toBe("done");
    return made;
  };
  const write = async (tenant: TenantVault) => await tenant.customers.getOrCreate({ externalId: crypto.randomUUID() });
  const newest = async (tenant: TenantVault) => {
    const { items } = await tenant.audit.list({}, { limit: 1 });
    const [seal] = (await tenant.seals.ofEvents(items.map(({ id }) => id))).values();
    return seal?.status;
  };
  /** So many more times the background has asked for a lease in vain. */
  const refusals = async (count: number) => {
    const before = refused;
    await expect.poll(() => refused).toBeGreaterThanOrEqual(before + count);
  };

  beforeAll(async () => {
    storage = await engine.open();
  });
  afterEach(async () => {
    for (const vault of opened.splice(0)) await vault[Symbol.asyncDispose]();
    blocked.splice(0);
  });
  afterAll(() => storage[Symbol.asyncDispose]());

  it("tells once when it has lasted for long and the same event waits, and again the next time", async () => {
    const clock = new ManualClock();
    const vault = await newVault(clock);
    const tenant = await newTenant(vault);
    const { register } = storage.stores.forTenant(tenant.tenantId);
    const take = async () => {
      const request = { holder: "another", now: addMs(clock.now(), LEASE_MS), until: addMs(clock.now(), LEASE_MS_MAX) };
      expect(await register.acquireLease(request)).toBeDefined();
    };
    const told = () => blocked.filter(({ tenantId }) => tenantId === tenant.tenantId);
    await take();
    await vault.startRegisters();
    for (const episode of [1, 2]) {
      await write(tenant);
      clock.advance(INTERVAL_MS);
      await refusals(2);
      clock.advance(2 * LEASE_MS);
      await refusals(2);
      expect(told()).toHaveLength(episode - 1);
      clock.advance(1);
      await expect.poll(() => told().length).toBe(episode);
      await refusals(2);
      expect(told()).toHaveLength(episode);
      await register.releaseLease("another");
      await expect.poll(() => newest(tenant)).toBe("sealed");
      await take();
    }
    expect(told()[0]?.forMs).toBe(2 * LEASE_MS + 1);
  });

  it("goes on at once after one whose clock was wrong, with what that one has written and not sealed", async () => {
    const wrong = new ManualClock("2031-01-01T00:00:00.000Z" as Instant);
    const ahead = await newVault(wrong);
    const tenant = await newTenant(ahead);
    await write(tenant);
    // It ends without letting go of the lease.
    const vault = await newVault(new ManualClock());
    await vault.startRegisters();
    await expect.poll(() => newest(vault.tenant(tenant.tenantId))).toBe("sealed");
    await write(vault.tenant(tenant.tenantId));
    expect(await vault.tenant(tenant.tenantId).register.sealJournal()).toBe("done");
    expect(await newest(vault.tenant(tenant.tenantId))).toBe("sealed");
  });
});
