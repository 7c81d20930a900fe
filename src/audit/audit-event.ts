import type { Instant } from "../clock.ts";
import type { AuditEventId, CustomerId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { Actor } from "../tenants/actor.ts";

export const AUDIT_EVENT_TYPES = [
  "customer_created",
  "customer_updated",
  "customer_deleted",
  "customers_merged",
  "merge_undone",
  "identity_linked",
  "consent_granted",
  "consent_revoked",
  "field_written",
  "field_verified",
  "field_confirmed",
  "field_deleted",
  "field_purged",
  "field_expired",
  "field_orphaned",
  "asset_added",
  "asset_deleted",
  "asset_purged",
  "asset_expired",
  "asset_orphaned",
  "field_definition_saved",
  "field_definition_deleted",
  "requirements_replaced",
  "requirements_deleted",
  "agent_settings_saved",
  "cache_invalidated",
  "tenant_created",
  "tenant_updated",
  "api_key_created",
  "api_key_revoked",
  "wallet_created",
  "wallet_updated",
  "wallet_key_rotated",
  "wallet_grant_added",
  "wallet_grant_revoked",
  "wallet_signed",
  "register_created",
  "register_corruption_found",
  "register_rollback_detected",
  "register_index_altered",
  "register_fork_detected",
  "register_docket_refused",
  "register_range_recovered",
] as const;
export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

/** What a writer hands in; the store adds the position. */
export interface AuditEventInsert {
  readonly id: AuditEventId;
  readonly eventType: AuditEventType;
  readonly customerId: CustomerId | null;
  /** The field version, asset, definition, wallet or key the event is about. */
  readonly subjectId: string | null;
  readonly actor: Actor;
  readonly requestId: string | null;
  /** Facts without personal data: ids, names of fields, enum values, commitments. Never a value. */
  readonly eventData: JsonObject;
  readonly timestamp: Instant;
}

export interface AuditEvent extends AuditEventInsert {
  /** Position in the tenant's journal, rising but not gapless, as decimal text (64 bit). */
  readonly sequence: string;
}
