import { entityTag, expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { fieldWriteAnswer, fieldWriteInput } from "../../schemas/profile-schemas.ts";

export const writeFields = defineRoute({
  name: "writeFields",
  method: "POST",
  path: "/v1/customers/:customerId/fields",
  permission: "profile:write",
  summary: "Write fields",
  description:
    "Writes new versions in one transaction; each supersedes the current version of its name. When a value is rejected " +
    "nothing is written, and the problem's `results` tell the outcome of each field.",
  tag: "Fields",
  params: customerPath,
  body: fieldWriteInput,
  answers: { 200: fieldWriteAnswer },
  takesIfMatch: true,
  errors: [
    "customer_not_found",
    "customer_merged",
    "schema_validation_failed",
    "source_not_found",
    "lineage_cycle",
    "item_exists",
    "active_field_exists",
    "version_mismatch",
    "write_conflict",
  ],
  async handle({ vault, params, body, ifMatch }) {
    const answer = await vault.fields.write(params.customerId, body, { expectedVersion: expectedVersion(ifMatch) });
    return { status: 200, headers: { etag: entityTag(answer.version) }, body: answer };
  },
});
