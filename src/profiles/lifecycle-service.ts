import type { Instant } from "../clock.ts";
import type { CustomerId } from "../identifiers.ts";
import { auditEvent } from "./profile-audit.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";
import type { LifecyclePass, TouchedItem } from "./profile-store.ts";

/** Items a pass touches in one transaction: short locks, bounded memory. */
const LIFECYCLE_BATCH = 500;
/** Ids a pass answers with; it goes on counting beyond. */
const REPORTED_ITEMS_MAX = 1000;

export interface PassReport {
  readonly count: number;
  /** The first `REPORTED_ITEMS_MAX` touched items. */
  readonly items: readonly TouchedItem[];
}

/** The passes that move items along their lifecycle. Idempotent: what was touched is not touched again. */
export class LifecycleService {
  readonly #options: ProfileServiceOptions;

  constructor(options: ProfileServiceOptions) {
    this.#options = options;
  }

  /** Expires what is past its `expiresAt`, for the whole tenant or one customer, batch by batch until none is due. */
  expireStale(customerId: CustomerId | null = null): Promise<PassReport> {
    return this.#run("expired", customerId);
  }

  /** Orphans what lost a source, for the whole tenant or one customer, batch by batch until none is left. */
  detectOrphans(customerId: CustomerId | null = null): Promise<PassReport> {
    return this.#run("orphaned", customerId);
  }

  async #run(status: "expired" | "orphaned", customerId: CustomerId | null): Promise<PassReport> {
    const { store } = this.#options;
    const items: TouchedItem[] = [];
    let count = 0;
    let batch: readonly TouchedItem[];
    do {
      const pass = this.#pass(status, customerId);
      batch = status === "expired" ? await store.expireDue(pass) : await store.markOrphans(pass);
      for (const item of batch) this.#report(status, item, pass.now);
      items.push(...batch.slice(0, REPORTED_ITEMS_MAX - items.length));
      count += batch.length;
    } while (batch.length > 0);
    this.#reportSum(status, count);
    return { count, items };
  }

  #report(status: "expired" | "orphaned", item: TouchedItem, at: Instant): void {
    const { events, tenantId } = this.#options;
    const { customerId, itemId, kind, name } = item;
    const event = { tenantId, customerId, itemKind: kind, itemId, itemName: name };
    if (status === "expired") events.profileFieldExpired({ ...event, expiredAt: at });
    else events.profileFieldOrphaned(event);
  }

  #reportSum(status: "expired" | "orphaned", count: number): void {
    const { events, tenantId } = this.#options;
    if (count === 0) return;
    if (status === "expired") events.profileFieldsExpired({ tenantId, count });
    else events.profileItemsOrphaned({ tenantId, count });
  }

  #pass(status: "expired" | "orphaned", customerId: CustomerId | null): LifecyclePass {
    const { useCase } = this.#options;
    const now = useCase.clock.now();
    return {
      customerId,
      now,
      limit: LIFECYCLE_BATCH,
      auditOf: (item) =>
        auditEvent(useCase, {
          eventType: `${item.kind === "profile_field" ? "field" : "asset"}_${status}`,
          customerId: item.customerId,
          subjectId: item.itemId,
          at: now,
          data: { name: item.name },
        }),
    };
  }
}
