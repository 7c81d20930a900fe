import type { WormDatabase } from "../storage/worm-store.ts";
import type { Stores, TenantStores } from "../vault/stores.ts";
import { withMember } from "./with-member.ts";

/** What sealing does to anything outside the process, in the order of one docket. */
export type SealingStep = (typeof STEPS)[number];

/** Makes the call, or does what the test wants to happen before, after or in place of it. */
export type MakeStep = (step: SealingStep, call: () => Promise<unknown>) => Promise<unknown>;

const STEPS = ["init", "acquireLease", "initSecrets", "append", "index", "addCheckpoint", "releaseLease"] as const;

interface RegisterTiers {
  readonly stores: Stores;
  readonly cold: WormDatabase;
}

/** The same storage, whose calls that sealing is made of go through the test. */
export function withSealingSteps({ stores, cold }: RegisterTiers, make: MakeStep): RegisterTiers {
  const over = (tenant: TenantStores): TenantStores => ({
    ...tenant,
    register: stepping(tenant.register, make),
    transaction: (work) => tenant.transaction((inner) => work(over(inner))),
  });
  return {
    stores: { ...stores, forTenant: (tenantId) => over(stores.forTenant(tenantId)) },
    cold: withMember(cold, "log", (...values: Parameters<WormDatabase["log"]>) => stepping(cold.log(...values), make)),
  };
}

function stepping<T extends object>(target: T, make: MakeStep): T {
  let wrapped = target;
  for (const step of STEPS) {
    const method = Reflect.get(target, step) as unknown;
    if (typeof method !== "function") continue;
    wrapped = withMember(wrapped, step as keyof T & string, (...values: unknown[]) =>
      make(step, () => Reflect.apply(method, target, values) as Promise<unknown>),
    );
  }
  return wrapped;
}
