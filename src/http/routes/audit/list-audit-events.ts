import { z } from "zod";
import { AUDIT_EVENT_TYPES } from "../../../audit/audit-event.ts";
import type { CustomerId } from "../../../identifiers.ts";
import { withLedgerPlaces } from "../../ledger-places.ts";
import { pageQuery, pageSchema } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { auditEvent } from "../../schemas/audit-schemas.ts";
import { idSchema, instantInput } from "../../value-schemas.ts";

export const listAuditEvents = defineRoute({
  name: "listAuditEvents",
  method: "GET",
  path: "/v1/audit/events",
  permission: "audit:read",
  summary: "Read the tenant's audit journal, newest first",
  tag: "Audit",
  query: z.strictObject({
    customerId: idSchema<CustomerId>().optional(),
    eventType: z.enum(AUDIT_EVENT_TYPES).optional(),
    from: instantInput.optional().meta({ description: "Events at this instant and later." }),
    to: instantInput.optional().meta({ description: "Events at this instant and earlier." }),
    ...pageQuery,
  }),
  answers: { 200: pageSchema(auditEvent) },
  errors: ["invalid_cursor"],
  async handle({ vault, query: { limit, cursor, ...filter } }) {
    const { items, nextCursor } = await vault.audit.list(filter, { limit, cursor });
    return { status: 200, body: { items: await withLedgerPlaces(vault, items), nextCursor } };
  },
});
