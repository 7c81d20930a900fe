import { z } from "zod";
import { type Instant, parseInstant } from "../clock.ts";

const UUID_PATTERN = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

/** An id of ours: a UUID in either case, brought to lower case. */
export function idSchema<Id extends string>(): z.ZodType<Id, string> {
  const schema = z.string().regex(UUID_PATTERN, "Expected a UUID").toLowerCase().meta({ format: "uuid" });
  return schema as unknown as z.ZodType<Id, string>;
}

/** An RFC 3339 date-time in any zone, brought to UTC with three decimals. */
export const instantInput: z.ZodType<Instant, string> = z
  .string()
  .meta({ format: "date-time" })
  .transform((text, context) => {
    const instant = parseInstant(text);
    if (instant !== undefined) return instant;
    context.addIssue({ code: "custom", message: "Expected an RFC 3339 date-time, such as 2026-03-03T09:30:00Z" });
    return z.NEVER;
  });

/** An instant in an answer. */
export const instantOutput = z.string().meta({ format: "date-time" });
