import { z } from "zod";
import { VaultError } from "../../../errors.ts";
import { receiptJson } from "../../register-answers.ts";
import { requirePermission } from "../../require-permission.ts";
import { defineRoute } from "../../route.ts";
import { eventPath } from "../../schemas/path-schemas.ts";
import { REGISTER_TAG, receipt } from "../../schemas/register-schemas.ts";

export const getEventReceipt = defineRoute({
  name: "getEventReceipt",
  method: "GET",
  path: "/v1/audit/events/:eventId/receipt",
  permission: "register:read",
  summary: "Get the receipt of an event",
  description:
    "What proves to an outsider that the event is in the register, with the event itself and what opens its commitment: `strongroom verify` checks it. Of an erased customer it comes without. Needs `audit:read`, too.",
  tag: REGISTER_TAG,
  params: eventPath,
  query: z.strictObject({
    disclose: z.enum(["event", "value"]).default("event").meta({
      description:
        "`value` adds the value that was written, and what opens its commitment: of an asset its checksum. Needs `pii:read`. One that was purged or erased is left out.",
    }),
  }),
  answers: { 200: receipt },
  errors: [
    "audit_event_not_found",
    "event_not_sealed",
    "limit_exceeded",
    "integrity_violation",
    "register_not_found",
    "register_offline",
  ],
  async handle({ vault, principal, params, query: { disclose } }) {
    const withValue = disclose === "value";
    requirePermission(principal, "audit:read");
    if (withValue) requirePermission(principal, "pii:read");
    const found = await vault.register.receiptOfEvent(params.eventId, { withValue });
    if (!found) throw new VaultError("audit_event_not_found", "The journal has no such event.");
    return { status: 200, body: receiptJson(found) };
  },
});
