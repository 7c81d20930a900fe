import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isVaultError, VaultError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { journalOf, sealedEventsOf, transactionsOf } from "../../src/testing/sealed-journal.ts";
import { type MakeStep, withSealingSteps } from "../../src/testing/sealing-steps.ts";
import type { TenantVault } from "../../src/vault/tenant-vault.ts";
import type { Vault } from "../../src/vault.ts";
import { type RegisterStorage, registerEngines, vaultOver } from "../integration/register-engines.ts";

/** More than one docket's worth, so that there are steps between dockets. */
const EVENTS = 15;
/** Longer than the lease that a failed release has left. */
const LONG_MS = 600_000;

/** Everything is sealed once and in order, is served, and every docket and every earlier size of the log can be proven. */
async function expectProvable(tenant: TenantVault): Promise<void> {
  const journal = (await journalOf(tenant)).map(({ id }) => id as string);
  expect(await sealedEventsOf(tenant)).toEqual(journal);
  const { operational, ranges } = await tenant.register.status();
  expect({ state: operational.state, ranges }).toEqual({ state: "Healthy", ranges: [] });
  for (const { txId } of await transactionsOf(tenant)) expect(await tenant.register.receipt(txId)).toBeDefined();
  const size = operational.totalHeight;
  for (let from = 1n; from <= size; from++) {
    expect(await tenant.register.consistency(from, size)).toMatchObject({ from, to: size });
  }
}

/** Until nothing is left: the journal tells of what sealing does. */
async function sealAll(tenant: TenantVault): Promise<void> {
  for (let runs = 0; runs < 10; runs++) {
    expect(await tenant.register.sealJournal()).toBe("done");
    if ((await sealedEventsOf(tenant)).length === (await journalOf(tenant)).length) return;
  }
  throw new Error("the journal is not sealed");
}

describe.each(registerEngines())("a step of sealing that fails on $name", (engine) => {
  let storage: RegisterStorage;
  const clock = new ManualClock();
  const opened: Vault[] = [];

  /** Another process over the same storage. */
  const newVault = async (make: MakeStep = (_, call) => call()) => {
    const vault = await vaultOver(
      { ...storage, ...withSealingSteps(storage, make) },
      { clock, settings: { register: { sealMaxTransactions: 10 } } },
    );
    opened.push(vault);
    return vault;
  };

  beforeAll(async () => {
    storage = await engine.open();
  });
  afterEach(async () => {
    for (const vault of opened.splice(0)) await vault[Symbol.asyncDispose]();
  });
  afterAll(() => storage[Symbol.asyncDispose]());

  it.each(["before", "after"] as const)("leaves nothing that cannot be proven, %s it was done", async (when) => {
    const failed: string[] = [];
    for (let failing = 1; failing === failed.length + 1; failing++) {
      let calls = 0;
      let isHealed = false;
      const vault = await newVault(async (step, call) => {
        if (isHealed || ++calls !== failing) return await call();
        failed.push(step);
        if (when === "after") await call();
        throw new VaultError("storage_unavailable", "The fault that the test asked for.");
      });
      const { tenant: created } = await vault.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" });
      const tenant = vault.tenant(created.id);
      for (let n = 0; n < EVENTS; n++) await tenant.customers.getOrCreate({ externalId: `${n}` });
      await tenant.register.sealJournal().catch((error: unknown) => {
        if (!isVaultError(error, "storage_unavailable")) throw error;
      });
      isHealed = true;
      clock.advance(LONG_MS);
      await sealAll(tenant);
      await expectProvable(tenant);
      await expectProvable((await newVault()).tenant(created.id));
    }
    expect(new Set(failed)).toEqual(
      new Set(["init", "acquireLease", "initSecrets", "append", "index", "addCheckpoint"]),
    );
  });
});
