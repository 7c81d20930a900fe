import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type ErrorItem, jsonPointer, VaultError } from "../errors.ts";
import { textProblem } from "../json.ts";

const ERRORS_REPORTED_MAX = 100;

type Part = "body" | "query" | "path";

/** One item per problem, with a JSON Pointer to its place and without the value that was found there. */
export function invalidRequest(error: z.ZodError, part: Part): VaultError {
  const errors = error.issues.flatMap((issue) => itemsOf(issue, part)).slice(0, ERRORS_REPORTED_MAX);
  return new VaultError("invalid_request", `The request's ${part} does not have the documented shape.`, { errors });
}

function itemsOf(issue: z.core.$ZodIssue, part: Part): ErrorItem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => itemOf([...issue.path, key], issue.code, { part, message: "Unknown member" }));
  }
  return [itemOf(issue.path, issue.code, { part, message: issue.message })];
}

function itemOf(
  path: readonly PropertyKey[],
  code: string,
  { part, message }: { readonly part: Part; readonly message: string },
): ErrorItem {
  return { path: jsonPointer(path), code, message, ...(part !== "body" && { in: part }) };
}

/** What is wrong with text in the path or the query that no store could look for. Bodies are checked as they are parsed. */
export function storableTextProblem(request: FastifyRequest): VaultError | undefined {
  return partProblem(request.params, "path") ?? partProblem(request.query, "query");
}

function partProblem(values: unknown, part: "path" | "query"): VaultError | undefined {
  for (const [name, value] of Object.entries(values as Record<string, unknown>)) {
    for (const text of Array.isArray(value) ? value : [value]) {
      const problem = typeof text === "string" ? textProblem(text) : undefined;
      if (problem === undefined) continue;
      const error = { path: `/${name}`, code: "invalid_text", message: `The text ${problem}`, in: part };
      return new VaultError("invalid_request", `The request's ${part} cannot be read.`, { errors: [error] });
    }
  }
  return undefined;
}
