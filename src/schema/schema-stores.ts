import type { AuditEventInsert } from "../audit/audit-event.ts";
import type { AuditWriter } from "../audit/audit-store.ts";
import type { Clock } from "../clock.ts";
import type { IdGenerator } from "../identifiers.ts";
import type { CallContext } from "../tenants/actor.ts";
import type { SchemaStore } from "./schema-store.ts";

/** Tells the stored values that their field became personal data, or is no longer. */
export interface PiiFlags {
  /**
   * Sets the flag of every version of the name in the tenant. Returns how many versions changed. Set in the
   * transaction that makes a definition call the field personal data, no version stays without the flag, however
   * many are being written meanwhile.
   */
  setPiiFlag(name: string, isPii: boolean): Promise<number>;
}

/** What a change of the schema touches, all within one transaction. */
export interface SchemaStores {
  readonly schema: SchemaStore;
  readonly piiFlags: PiiFlags;
  readonly audit: AuditWriter;
}

export interface SchemaServiceOptions {
  readonly schema: SchemaStore;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly call: CallContext;
  /** Commits what `work` does when it resolves, and undoes it when it rejects. */
  transaction<T>(work: (stores: SchemaStores) => Promise<T>): Promise<T>;
}

/** Makes an audit event of the schema in the name of the caller. */
export function schemaEvent(
  { clock, ids, call }: Pick<SchemaServiceOptions, "clock" | "ids" | "call">,
  event: Pick<AuditEventInsert, "eventType" | "subjectId" | "eventData">,
): AuditEventInsert {
  return {
    id: ids.uuid(),
    customerId: null,
    actor: call.actor,
    requestId: call.requestId,
    timestamp: clock.now(),
    ...event,
  };
}
