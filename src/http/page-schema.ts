import { z } from "zod";
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "../storage/page.ts";

const CURSOR_LENGTH_MAX = 2_048;

/** The members of a list's query that every list takes. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_LIMIT_MAX)
    .default(PAGE_LIMIT_DEFAULT)
    .meta({ description: "Items at most." }),
  cursor: z
    .string()
    .max(CURSOR_LENGTH_MAX)
    .optional()
    .meta({ description: "`nextCursor` of the page before, with the same filters." }),
};

/** A list's answer. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: "`null` on the last page." }),
  });
}
