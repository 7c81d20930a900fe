import { STATUS_CODES } from "node:http";
import { z } from "zod";
import type { ErrorCode } from "../codes.ts";
import { VaultError } from "../errors.ts";
import { problemSchema, statusOf } from "./problem.ts";
import { type AnswerSchemas, isWrite, type Route } from "./route.ts";

/** The answers of a route as the API's description lists them, by status. */
export type AnswerDocumentation = Readonly<Record<string, object>>;

export function documentedAnswers(answers: AnswerSchemas, mediaType: string): AnswerDocumentation {
  const type = mediaType.split(";")[0] ?? mediaType;
  return Object.fromEntries(
    Object.entries(answers).map(([status, schema]) => {
      const description = STATUS_CODES[status] ?? "";
      if (schema === null) return [status, z.null().meta({ description })];
      return [status, { description, content: { [type]: { schema } } }];
    }),
  );
}

/** One problem document per status, listing its codes. */
export function documentedProblems(codes: readonly ErrorCode[]): AnswerDocumentation {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const status = statusOf(new VaultError(code, ""));
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content = { "application/problem+json": { schema: problemSchema } };
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [
      status,
      { description: listed.map((code) => `\`${code}\``).join(", "), content },
    ]),
  );
}

/** Codes that a route answers with because of what it takes, not of what it does. */
export function commonErrors(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "storage_unavailable",
    "internal_error",
  ];
  if (route.body) codes.push("invalid_value", "payload_too_large", "unsupported_media_type");
  if (isWrite(route) && route.idempotency !== "natural") codes.push("idempotency_key_reused", "idempotency_key_in_use");
  return codes;
}
