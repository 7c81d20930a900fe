import { isUtf8 } from "node:buffer";
import type { FastifyInstance } from "fastify";
import { VaultError } from "../errors.ts";
import { storabilityProblem } from "../json.ts";

/** What wraps a value in a body does not count as the value's own depth. */
const ENVELOPE_DEPTH = 8;

/**
 * Takes `application/json` and nothing else. What PostgreSQL or a later reader could not hold is refused here, once
 * for all routes: invalid UTF-8, NUL, lone surrogates, numbers beyond a double, `__proto__`, too many levels.
 */
export function useJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_request: unknown, bytes: Buffer) =>
    bytes.length === 0 ? undefined : parseBody(bytes),
  );
}

function parseBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new VaultError("invalid_request", "The body is not UTF-8.");
  return parseJsonText(bytes.toString());
}

/** Throws `invalid_request` for text that is not JSON, `invalid_value` for JSON that cannot be kept. */
export function parseJsonText(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, and so would a cause.
    throw new VaultError("invalid_request", "The body is not valid JSON.");
  }
  requireStorableBody(body);
  return body;
}

/** Throws `invalid_value`. */
export function requireStorableBody(body: unknown): void {
  const problem = storabilityProblem(body, -ENVELOPE_DEPTH);
  if (problem !== undefined) throw new VaultError("invalid_value", `The body cannot be kept: ${problem}.`);
}
