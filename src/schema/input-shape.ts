import { z } from "zod";
import { type ErrorItem, jsonPointer } from "../errors.ts";
import { textProblem } from "../json.ts";
import { FIELD_NAME, FIELD_NAME_LENGTH_MAX, RESERVED_FIELD_NAME } from "./field-definition.ts";

/** Text that is not empty and that every engine can keep. */
export function storableText(lengthMax: number) {
  return z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((text) => textProblem(text) === undefined, "Holds a NUL character or a lone surrogate.");
}

export function fieldName() {
  return z
    .string()
    .max(FIELD_NAME_LENGTH_MAX)
    .regex(FIELD_NAME, "Must be lower-case letters, digits and underscores, not starting with a digit.")
    .refine((name) => name !== RESERVED_FIELD_NAME, "Is a reserved word.");
}

/**
 * A failed parse as error items. Members that are not known are each reported at their own place.
 * @param prefix JSON Pointer of what was parsed
 */
export function shapeProblems(error: z.ZodError, prefix = ""): ErrorItem[] {
  return error.issues.flatMap((issue) => {
    const path = prefix + jsonPointer(issue.path);
    if (issue.code !== "unrecognized_keys") return [{ path, code: issue.code, message: issue.message }];
    return issue.keys.map((key) => ({
      path: path + jsonPointer([key]),
      code: "unknown_member",
      message: "No such member.",
    }));
  });
}

/** The checked input over the defaults of what it left out; a member that is `undefined` counts as left out. */
export function withDefaults<Draft extends object>(defaults: Partial<Draft>, input: object): Draft {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as Draft;
}
