import { z } from "zod";
import { storableText } from "../../schema/input-shape.ts";
import { flag } from "./basic-schemas.ts";

/** `hard=true` asks for physical removal, which needs a reason and the permission `profile:purge`. */
export const hardDeletion = {
  hard: flag().meta({ description: "Removes physically instead of leaving a tombstone; administrators only." }),
  reason: storableText(500).optional().meta({ description: "Why, for the audit journal; required with hard." }),
};

export const reasonWithHard = {
  check: ({ hard, reason }: { hard: boolean; reason?: string | undefined }) => hard === (reason !== undefined),
  problem: { path: ["reason"], message: "hard and reason go together." },
};

export const deletedItems = z.strictObject({ deleted: z.array(z.string().meta({ format: "uuid" })) });
