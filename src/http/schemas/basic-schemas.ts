import { z } from "zod";
import { type JsonObject, storabilityProblem } from "../../json.ts";

const METADATA_BYTES_MAX = 16 * 1024;

/** A free JSON object of the caller's own, at most `METADATA_BYTES_MAX` bytes. */
export function metadataInput() {
  return z
    .record(z.string(), z.unknown())
    .refine((value) => storabilityProblem(value) === undefined, "Holds something that cannot be stored.")
    .refine(
      (value) => Buffer.byteLength(JSON.stringify(value)) <= METADATA_BYTES_MAX,
      `Is larger than ${METADATA_BYTES_MAX} bytes.`,
    )
    .transform((value) => value as JsonObject);
}

export const jsonObject = z.record(z.string(), z.unknown());

/** An id in an answer. */
export const id = z.string().meta({ format: "uuid" });

/** `true` or `false` in a query, and nothing that only looks like it. */
export function flag() {
  return z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true");
}
