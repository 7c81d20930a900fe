import { z } from "zod";
import { AUDIT_EVENT_TYPES } from "../../audit/audit-event.ts";
import { ROLES } from "../../tenants/role.ts";
import { instantOutput } from "../value-schemas.ts";
import { id } from "./basic-schemas.ts";
import { ledgerPlace } from "./register-schemas.ts";

export const auditEvent = z
  .strictObject({
    id,
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
    ledger: ledgerPlace,
  })
  .meta({ id: "AuditEvent" });
