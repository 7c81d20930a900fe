import { z } from "zod";
import type { ApiKeyId } from "../../../identifiers.ts";
import { API_KEY_NAME_LENGTH_MAX } from "../../../tenants/api-key.ts";
import { ROLES } from "../../../tenants/role.ts";
import { idSchema, instantInput, instantOutput } from "../../value-schemas.ts";

export const API_KEY_TAG = "API keys";

export const apiKeySchema = z
  .strictObject({
    id: z.string().meta({ format: "uuid" }),
    name: z.string(),
    role: z.enum(ROLES),
    prefix: z.string().meta({ description: "The first characters of the key, to recognise it by." }),
    createdAt: instantOutput,
    expiresAt: instantOutput.nullable(),
    revokedAt: instantOutput.nullable(),
  })
  .meta({ id: "ApiKey" });

/** The text of a key in the answer to its creation. */
export const keyText = z
  .string()
  .nullable()
  .meta({ description: "The key itself, shown this once; `null` in the repeated answer of an idempotency key." });

export const apiKeyParams = z.strictObject({ apiKeyId: idSchema<ApiKeyId>() });

export const newApiKeySchema = z.strictObject({
  name: z.string().min(1).max(API_KEY_NAME_LENGTH_MAX),
  role: z.enum(ROLES),
  expiresAt: instantInput
    .nullable()
    .optional()
    .meta({ description: "In the future; without it the key does not expire." }),
});
