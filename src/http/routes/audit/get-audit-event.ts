import { VaultError } from "../../../errors.ts";
import { withLedgerPlaces } from "../../ledger-places.ts";
import { defineRoute } from "../../route.ts";
import { auditEvent } from "../../schemas/audit-schemas.ts";
import { eventPath } from "../../schemas/path-schemas.ts";

export const getAuditEvent = defineRoute({
  name: "getAuditEvent",
  method: "GET",
  path: "/v1/audit/events/:eventId",
  permission: "audit:read",
  summary: "Read an event of the tenant's audit journal",
  tag: "Audit",
  params: eventPath,
  answers: { 200: auditEvent },
  errors: ["audit_event_not_found"],
  async handle({ vault, params }) {
    const event = await vault.audit.get(params.eventId);
    const [body] = event ? await withLedgerPlaces(vault, [event]) : [];
    if (!body) throw new VaultError("audit_event_not_found", "The journal has no such event.");
    return { status: 200, body };
  },
});
