import type { AuditEvent } from "../../src/audit/audit-event.ts";
import { isVaultError } from "../../src/errors.ts";
import { canonicalJson } from "../../src/signatures/canonical-json.ts";
import type { ProfileRun } from "./profile-run.ts";
import { SCENARIO } from "./profile-run.ts";

/** Everything that can be read of a run's tenant, but for positions in journals, which engines number in their own way. */
export async function observe(run: ProfileRun): Promise<Record<string, unknown>> {
  const { vault, tenant, customers, items, merges } = run;
  const { profiles } = tenant;
  const observed: Record<string, unknown> = {};
  for (const customerId of customers) {
    observed[`record ${customerId}`] = await profiles.findProfile({ by: "id", customerId }, "history");
    observed[`active ${customerId}`] = await profiles.findProfile({ by: "id", customerId }, "active");
    observed[`profile ${customerId}`] = await outcomeOf(vault.customers.get(customerId, { history: true }));
    observed[`merges ${customerId}`] = await profiles.listMergesInto(customerId);
    observed[`gaps ${customerId}`] = await outcomeOf(
      vault.gaps.missing(customerId, { scenarioId: SCENARIO, level: "all" }),
    );
    observed[`assets ${customerId}`] = (await profiles.listAssets(customerId, "any", { limit: 100 })).items;
  }
  for (const { id } of items) {
    observed[`chain ${id}`] = await profiles.getDerivationChain(id);
    observed[`dependents ${id}`] = await profiles.listDependents(id, { transitive: true, limit: 100 });
  }
  for (const mergeId of merges) observed[`merge ${mergeId}`] = await profiles.getMerge(mergeId);
  observed["customers"] = (await profiles.listCustomers({}, { limit: 100 })).items;
  for (const textPrefix of ["", "anna", "é"]) {
    observed[`search ${textPrefix}`] = (await profiles.listCustomers({ textPrefix }, { limit: 100 })).items;
  }
  observed["keys"] = Object.fromEntries(await profiles.getWrappedKeys(customers));
  observed["journal"] = (await journal(run)).map(({ sequence: _, ...event }) => event);
  return observed;
}

async function journal({ tenant }: ProfileRun): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await tenant.audit.list({}, { limit: 100, cursor });
    events.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return events;
}

async function outcomeOf(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return { error: error.code, details: error.details };
  }
}

/** One text for equal values, whatever the order of their members. */
export function canonical(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value ?? null)) as never);
}
