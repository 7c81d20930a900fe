import { z } from "zod";
import type { TenantId } from "../../../identifiers.ts";
import { TENANT_NAME_LENGTH_MAX, TENANT_SLUG } from "../../../tenants/tenant.ts";
import { idSchema, instantOutput } from "../../value-schemas.ts";

export const TENANT_TAG = "Tenants";

const validationMode = z
  .enum(["strict", "warn", "disabled"])
  .nullable()
  .meta({ description: "What a value that breaks its definition meets; `null` leaves it to the configuration." });

export const tenantSchema = z
  .strictObject({
    id: z.string().meta({ format: "uuid" }),
    slug: z.string(),
    name: z.string(),
    validationMode,
    isPlatform: z.boolean().meta({ description: "Its administrators manage the other tenants." }),
    createdAt: instantOutput,
    updatedAt: instantOutput,
  })
  .meta({ id: "Tenant" });

export const tenantParams = z.strictObject({ tenantId: idSchema<TenantId>() });

const name = z.string().min(1).max(TENANT_NAME_LENGTH_MAX);

export const newTenantSchema = z.strictObject({
  slug: z.string().regex(TENANT_SLUG, "Expected 1 to 63 lower-case letters, digits and hyphens"),
  name,
  validationMode: validationMode.optional(),
});

export const tenantChangeSchema = z
  .strictObject({ name: name.optional(), validationMode: validationMode.optional() })
  .refine((change) => Object.keys(change).length > 0, "Expected at least one member");
