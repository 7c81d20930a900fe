import { addMs, type Clock, systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { journalOf, sealedEventsOf } from "../../src/testing/sealed-journal.ts";
import { withSealingSteps } from "../../src/testing/sealing-steps.ts";
import { openStorage } from "../../src/vault/open-storage.ts";
import { assembleVault, type Vault } from "../../src/vault.ts";

/*
 * A process that seals, and kills itself before or after one of the calls that sealing is made of. It prints first what the
 * one before it has left, as one line of JSON.
 */

/** What one life of the process is to do. */
export interface SealingLife {
  readonly settings: object;
  /** Before which call it dies, from 1; never when 0. */
  readonly step: number;
  readonly when: "before" | "after";
  /** Events that it writes before it seals. */
  readonly events: number;
  /** How far its clock is ahead of the system's: past the lease that the life before it has not given back. */
  readonly aheadMs: number;
}

/** What it found, and at its end what it made. */
export interface SealingFindings {
  readonly state: string;
  readonly ranges: number;
  readonly journal: readonly string[];
  /** The events that are sealed, in the order of the register. */
  readonly sealed: readonly string[];
  readonly dockets: string;
  readonly checkpoint: string;
  /** Sizes of the log from which nothing proves that it has grown to what it is. */
  readonly unproven: readonly string[];
}

export async function liveOnce({ settings, step, when, events, aheadMs }: SealingLife): Promise<void> {
  const config = parseConfig(settings);
  const clock: Clock = { now: () => addMs(systemClock.now(), aheadMs) };
  const storage = await openStorage({ config, clock });
  let calls = 0;
  const { stores, cold } = withSealingSteps({ stores: storage.stores, cold: storage.tiers.cold }, async (_, call) => {
    const isLast = ++calls === step;
    if (isLast && when === "before") process.kill(process.pid, "SIGKILL");
    const result = await call();
    if (isLast) process.kill(process.pid, "SIGKILL");
    return result;
  });
  const vault = await assembleVault(config, stores, {
    storage: { ...storage, tiers: { ...storage.tiers, cold } },
    clock,
  });
  print(await findings(vault));
  calls = 0;
  const tenant = vault.tenant(vault.defaultTenantId);
  for (let n = 0; n < events; n++) {
    await tenant.customers.getOrCreate({ externalId: crypto.randomUUID() });
  }
  await tenant.register.sealJournal();
  print(await findings(vault));
  await vault[Symbol.asyncDispose]();
}

async function findings(vault: Vault): Promise<SealingFindings> {
  const tenant = vault.tenant(vault.defaultTenantId);
  const ids = (await journalOf(tenant)).map(({ id }) => id as string);
  const status = await tenant.register.status().catch(() => undefined);
  if (!status)
    return { state: "none", ranges: 0, journal: ids, sealed: [], dockets: "0", checkpoint: "0", unproven: [] };
  const sealed = await sealedEventsOf(tenant);
  const size = status.operational.totalHeight;
  const unproven: string[] = [];
  for (let from = 1n; from <= size; from++) {
    await tenant.register.consistency(from, size).catch(() => unproven.push(from.toString()));
  }
  return {
    state: status.operational.state,
    ranges: status.ranges.length,
    journal: ids,
    sealed,
    dockets: size.toString(),
    checkpoint: (status.checkpoint?.size ?? 0n).toString(),
    unproven,
  };
}

function print(found: SealingFindings): void {
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
