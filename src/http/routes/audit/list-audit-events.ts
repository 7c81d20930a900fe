import { z } from "zod";
import { AUDIT_EVENT_TYPES } from "../../../audit/audit-event.ts";
import type { CustomerId } from "../../../identifiers.ts";
import { ROLES } from "../../../tenants/role.ts";
import { pageQuery, pageSchema } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { idSchema, instantInput, instantOutput } from "../../value-schemas.ts";

const auditEventSchema = z
  .strictObject({
    id: z.string().meta({ format: "uuid" }),
    sequence: z.string().meta({ description: "Position in the tenant's journal, rising but not gapless." }),
    eventType: z.enum(AUDIT_EVENT_TYPES),
    customerId: z.string().nullable(),
    subjectId: z.string().nullable().meta({ description: "The item, definition, tenant or key it is about." }),
    actor: z.strictObject({
      type: z.enum(["api_key", "system"]),
      id: z.string().nullable(),
      role: z.enum(ROLES).nullable(),
    }),
    requestId: z.string().nullable(),
    eventData: z.record(z.string(), z.unknown()).meta({ description: "Ids, names and enum values; never a value." }),
    timestamp: instantOutput,
  })
  .meta({ id: "AuditEvent" });

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
  answers: { 200: pageSchema(auditEventSchema) },
  errors: ["invalid_cursor"],
  async handle({ vault, query: { limit, cursor, ...filter } }) {
    return { status: 200, body: await vault.audit.list(filter, { limit, cursor }) };
  },
});
