import type { Instant } from "../clock.ts";
import type { CustomerId, ItemId, TenantId } from "../identifiers.ts";
import type { CounterCell } from "./counter.ts";
import type { Logger } from "./logger.ts";
import type { Meters } from "./meters.ts";
import { createProfileCacheEvents, NO_PROFILE_CACHE_EVENTS, type ProfileCacheEvents } from "./profile-cache-events.ts";
import { createRegisterEvents, NO_REGISTER_EVENTS, type RegisterEvents } from "./register-events.ts";
import { createSessionEvents, NO_SESSION_EVENTS, type SessionEvents } from "./session-events.ts";

interface ItemEvent {
  readonly tenantId: TenantId;
  readonly customerId: CustomerId;
  readonly itemKind: "profile_field" | "profile_asset";
  readonly itemId: ItemId;
  /** The field's or the asset's name. */
  readonly itemName: string;
}

/**
 * What happens in the vault that its operators want to see: one method per event, with ids and names of fields and
 * never a value. Each is one line in the log and one step of a metric. None of them throws or waits.
 */
export interface VaultEvents extends SessionEvents, ProfileCacheEvents, RegisterEvents {
  profileFieldSuperseded(event: {
    readonly tenantId: TenantId;
    readonly customerId: CustomerId;
    readonly fieldName: string;
    readonly oldFieldId: ItemId;
    readonly newFieldId: ItemId;
  }): void;
  profileFieldExpired(event: ItemEvent & { readonly expiredAt: Instant }): void;
  profileFieldOrphaned(event: ItemEvent): void;
  derivationChainTraversed(event: {
    readonly tenantId: TenantId;
    readonly itemId: ItemId;
    readonly itemKind: ItemEvent["itemKind"];
    readonly chainDepth: number;
  }): void;
  /** Of a field that has a definition: its name becomes a label of a metric. */
  schemaValidationFailed(event: {
    readonly tenantId: TenantId;
    readonly fieldName: string;
    readonly errorTypes: readonly string[];
    readonly validationMode: string;
  }): void;
  /** The sum of one pass over a tenant. */
  profileFieldsExpired(event: { readonly tenantId: TenantId; readonly count: number }): void;
  profileItemsOrphaned(event: { readonly tenantId: TenantId; readonly count: number }): void;
}

/** For a library that nobody asked to log or to measure. */
export const NO_EVENTS: VaultEvents = {
  ...NO_SESSION_EVENTS,
  ...NO_PROFILE_CACHE_EVENTS,
  ...NO_REGISTER_EVENTS,
  profileFieldSuperseded: () => undefined,
  profileFieldExpired: () => undefined,
  profileFieldOrphaned: () => undefined,
  derivationChainTraversed: () => undefined,
  schemaValidationFailed: () => undefined,
  profileFieldsExpired: () => undefined,
  profileItemsOrphaned: () => undefined,
};

export function createVaultEvents(logger: Logger, meters: Meters): VaultEvents {
  const superseded: CounterCell = meters.fieldsSuperseded.cell({});
  return {
    ...createSessionEvents(logger),
    ...createProfileCacheEvents(logger, meters),
    ...createRegisterEvents(logger, meters.register),
    profileFieldSuperseded(event) {
      superseded.value++;
      logger.info(event, "profile_field_superseded");
    },
    profileFieldExpired(event) {
      meters.itemsExpired.cell({ kind: event.itemKind }).value++;
      logger.info(event, "profile_field_expired");
    },
    profileFieldOrphaned(event) {
      meters.itemsOrphaned.cell({ kind: event.itemKind }).value++;
      logger.info(event, "profile_field_orphaned");
    },
    derivationChainTraversed(event) {
      meters.chainDepth.record(event.chainDepth);
      logger.debug(event, "derivation_chain_traversed");
    },
    schemaValidationFailed(event) {
      for (const errorType of event.errorTypes) {
        meters.validationErrors.cell({ field_name: event.fieldName, error_type: errorType }).value++;
      }
      logger.warn({ ...event, errorCount: event.errorTypes.length }, "schema_validation_failed");
    },
    profileFieldsExpired: (event) => logger.info(event, "profile_fields_expired"),
    profileItemsOrphaned: (event) => logger.info(event, "profile_items_orphaned"),
  };
}
