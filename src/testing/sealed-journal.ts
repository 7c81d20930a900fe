import type { AuditEvent } from "../audit/audit-event.ts";
import type { VerifiedTransaction } from "../register/verified/verified-docket.ts";
import type { Page } from "../storage/page.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";

/** Every event of the tenant's journal, oldest first. */
export async function journalOf(tenant: TenantVault): Promise<readonly AuditEvent[]> {
  return (await everyItem((cursor) => tenant.audit.list({}, { limit: 100, cursor }))).toReversed();
}

/** Every transaction of the tenant's register, in its order. */
export function transactionsOf(tenant: TenantVault): Promise<readonly VerifiedTransaction[]> {
  return everyItem((cursor) => tenant.register.transactions({}, { limit: 100, cursor }));
}

/** The ids of the events in the register, in its order. */
export async function sealedEventsOf(tenant: TenantVault): Promise<readonly string[]> {
  const transactions = await transactionsOf(tenant);
  return transactions.flatMap(({ body }) => (body["eventId"] === undefined ? [] : [body["eventId"] as string]));
}

async function everyItem<Item>(list: (cursor: string | undefined) => Promise<Page<Item>>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await list(cursor);
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = page.nextCursor;
  }
}
