import type { CustomerId, TenantId } from "../identifiers.ts";
import type { CustomerService } from "../profiles/customer-service.ts";
import type { ProfileStore } from "../profiles/profile-store.ts";
import { type SessionCustomers, SessionService } from "../sessions/session-service.ts";
import type { TenantStores } from "./stores.ts";
import type { VaultCore } from "./vault-core.ts";

export function createSessionService(
  { clock, ids, events, config }: VaultCore,
  binding: { readonly tenantId: TenantId; readonly stores: TenantStores; readonly customers: CustomerService },
): SessionService {
  const { tenantId, stores, customers } = binding;
  const store = stores.sessions({ clock, maxAgeMs: config.sessions.maxSessionAgeSeconds * 1_000 }, events);
  return new SessionService({
    tenantId,
    store,
    customers: customersOf(stores.profiles, customers),
    clock,
    ids,
    events,
  });
}

/** Whoever may open sessions may write profiles too, so that nobody gets a customer made who could not make one. */
function customersOf(profiles: ProfileStore, customers: CustomerService): SessionCustomers {
  return {
    async find(customerId) {
      let next: CustomerId | null = customerId;
      while (next !== null) {
        const record = await profiles.findProfile({ by: "id", customerId: next }, "active");
        if (!record) return null;
        if (record.customer.mergedIntoId === null) return record.customer.customerId;
        next = record.customer.mergedIntoId;
      }
      return null;
    },
    async findOrCreate(channel, channelUserId) {
      const { profile } = await customers.getOrCreate({ channelIdentity: { channel, channelUserId } });
      return profile.customerId;
    },
  };
}
