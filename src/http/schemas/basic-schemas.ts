import { z } from "zod";
import { type Instant, parseInstant } from "../../clock.ts";
import { isUuid } from "../../identifiers.ts";
import { type JsonObject, storabilityProblem } from "../../json.ts";
import { storableText } from "../../schema/input-shape.ts";
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "../../storage/page.ts";

/** A UUID in lower-case hyphenated form; the brand is the caller's to name. */
export function uuid<Id extends string>() {
  return z
    .string()
    .refine(isUuid, "Must be a UUID in lower case.")
    .meta({ format: "uuid" })
    .transform((text) => text as Id);
}

/** An RFC 3339 date-time in any zone; what comes out is canonical. */
export function instantInput() {
  return z
    .string()
    .refine((text) => parseInstant(text) !== undefined, "Must be an RFC 3339 date-time with a zone.")
    .meta({ format: "date-time" })
    .transform((text) => parseInstant(text) as Instant);
}

/** An instant in an answer. */
export const instant = z.string().meta({ format: "date-time", description: "RFC 3339, UTC, three decimals" });
export const id = z.string().meta({ format: "uuid" });

export const METADATA_BYTES_MAX = 16 * 1024;

/** A free JSON object of the caller's own, at most `METADATA_BYTES_MAX` bytes. */
export function metadataInput() {
  return z
    .record(z.string(), z.unknown())
    .refine((value) => storabilityProblem(value) === undefined, "Holds something that cannot be stored.")
    .refine(
      (value) => JSON.stringify(value).length <= METADATA_BYTES_MAX,
      `Is larger than ${METADATA_BYTES_MAX} bytes.`,
    )
    .transform((value) => value as JsonObject);
}

export const jsonObject = z.record(z.string(), z.unknown());

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  cursor: z.string().min(1).max(2_000).optional(),
};

/** `true` or `false`, and nothing that only looks like it. */
export function flag() {
  return z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true");
}

export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const shortText = (lengthMax = 255) => storableText(lengthMax);
