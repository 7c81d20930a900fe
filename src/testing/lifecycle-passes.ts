import type { AuditEventInsert } from "../audit/audit-event.ts";
import type { CustomerId } from "../identifiers.ts";
import type { LifecyclePass, ProfileStore, TouchedItem } from "../profiles/profile-store.ts";
import { at, newEvent } from "./profile-records.ts";
import { requireProfile } from "./profile-writes.ts";

/** Tells in its data what it is about. */
function auditOf(item: TouchedItem): AuditEventInsert {
  return newEvent({
    customerId: item.customerId,
    subjectId: item.itemId,
    eventData: { name: item.name, kind: item.kind },
  });
}

export function pass(over: Partial<LifecyclePass> = {}): LifecyclePass {
  return { customerId: null, now: at(100), limit: 100, auditOf, ...over };
}

export function namesOf(items: readonly { readonly name: string }[]): string[] {
  return items.map(({ name }) => name).sort();
}

export async function statuses(profiles: ProfileStore, customerId: CustomerId): Promise<Record<string, string>> {
  const { fields, assets } = await requireProfile(profiles, customerId);
  return Object.fromEntries([...fields, ...assets].map(({ name, status }) => [name, status]));
}
