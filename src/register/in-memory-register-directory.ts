import type { TenantId } from "../identifiers.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { unsealedEvents } from "./in-memory-register-index.ts";
import { recordOf, registerOf } from "./in-memory-register-tables.ts";
import { requireAtMost } from "./register-lookups.ts";
import {
  type PendingTenant,
  type RegisterDirectory,
  TENANTS_MAX,
  type TenantQuery,
  type TenantRegister,
  UNSEALED_EVENTS_MAX,
} from "./register-store.ts";

export class InMemoryRegisterDirectory implements RegisterDirectory {
  readonly #everybody: InMemorySession;

  /** @param everybody waits for the transactions of all tenants, whose uncommitted events are nobody's business */
  constructor(everybody: InMemorySession) {
    this.#everybody = everybody;
  }

  async listPending({ full, ...query }: TenantQuery & { readonly full: number }): Promise<readonly PendingTenant[]> {
    requireAtMost(UNSEALED_EVENTS_MAX, full);
    return await this.#list(query, (tables, tenantId) => {
      const events = registerOf(tables)?.kind === "replica" ? [] : unsealedEvents(tables);
      return events[0] && { tenantId, oldest: events[0].timestamp, isFull: events.length >= full };
    });
  }

  async listRegisters(query: TenantQuery): Promise<readonly TenantRegister[]> {
    return await this.#list(query, (tables, tenantId) => {
      const row = registerOf(tables);
      return row && { tenantId, register: recordOf(row) };
    });
  }

  #list<T>(
    { limit, after }: TenantQuery,
    entryOf: (tables: InMemoryTables, tenantId: TenantId) => T | undefined,
  ): Promise<readonly T[]> {
    requireAtMost(TENANTS_MAX, limit);
    return this.#everybody.run((tables) => {
      const ids = tables.tenantIds().filter((tenantId) => after === undefined || tenantId > after);
      const entries = [...ids].sort().map((tenantId) => entryOf(tables.tenant(tenantId), tenantId));
      return entries.filter((entry) => entry !== undefined).slice(0, limit);
    });
  }
}
