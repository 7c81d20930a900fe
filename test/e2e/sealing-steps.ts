import type { AuditEvent } from "../../src/audit/audit-event.ts";
import { addMs, type Clock, systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import type { WormDatabase } from "../../src/storage/worm-store.ts";
import { openStorage } from "../../src/vault/open-storage.ts";
import type { Stores, TenantStores } from "../../src/vault/stores.ts";
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
}

/** What sealing does to anything outside the process, in the order of one docket. */
const STEPS = new Set(["init", "acquireLease", "initSecrets", "append", "index", "addCheckpoint", "releaseLease"]);

export async function liveOnce({ settings, step, when, events, aheadMs }: SealingLife): Promise<void> {
  const config = parseConfig(settings);
  const clock: Clock = { now: () => addMs(systemClock.now(), aheadMs) };
  const storage = await openStorage({ config, clock });
  let calls = 0;
  const dying = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const method = Reflect.get(target, name, target) as unknown;
        if (typeof method !== "function") return method;
        if (typeof name !== "string" || !STEPS.has(name)) return method.bind(target) as unknown;
        return async (...values: unknown[]) => {
          const isLast = ++calls === step;
          if (isLast && when === "before") process.kill(process.pid, "SIGKILL");
          const result: unknown = await (method as (...all: unknown[]) => unknown).apply(target, values);
          if (isLast) process.kill(process.pid, "SIGKILL");
          return result;
        };
      },
    });
  const vault = await assembleVault(config, storesOver(storage.stores, dying), {
    storage: { ...storage, tiers: { ...storage.tiers, cold: coldOver(storage.tiers.cold, dying) } },
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

function storesOver(stores: Stores, dying: <T extends object>(target: T) => T): Stores {
  const over = (tenant: TenantStores): TenantStores => ({
    ...tenant,
    register: dying(tenant.register),
    transaction: (work) => tenant.transaction((inner) => work(over(inner))),
  });
  return { ...stores, forTenant: (tenantId) => over(stores.forTenant(tenantId)) };
}

function coldOver(cold: WormDatabase, dying: <T extends object>(target: T) => T): WormDatabase {
  return new Proxy(cold, {
    get(_, name) {
      if (name === "log") return (...values: Parameters<WormDatabase["log"]>) => dying(cold.log(...values));
      const member = Reflect.get(cold, name, cold) as unknown;
      return typeof member === "function" ? (member.bind(cold) as unknown) : member;
    },
  });
}

async function findings(vault: Vault): Promise<SealingFindings> {
  const tenant = vault.tenant(vault.defaultTenantId);
  const journal: AuditEvent[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await tenant.audit.list({}, { limit: 100, cursor });
    journal.push(...page.items);
    cursor = page.nextCursor;
  }
  const ids = journal.map(({ id }) => id as string);
  const status = await tenant.register.status().catch(() => undefined);
  if (!status) return { state: "none", ranges: 0, journal: ids, sealed: [], dockets: "0", checkpoint: "0" };
  const sealed: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await tenant.register.transactions({}, { limit: 100, cursor });
    sealed.push(
      ...page.items.flatMap(({ body }) => (body["eventId"] === undefined ? [] : [body["eventId"] as string])),
    );
    cursor = page.nextCursor;
  }
  return {
    state: status.operational.state,
    ranges: status.ranges.length,
    journal: ids,
    sealed,
    dockets: status.operational.totalHeight.toString(),
    checkpoint: (status.checkpoint?.size ?? 0n).toString(),
  };
}

function print(found: SealingFindings): void {
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
