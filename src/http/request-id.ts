import type { IncomingMessage } from "node:http";
import type { IdGenerator } from "../identifiers.ts";

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** The caller's `X-Request-Id` when it is 1 to 128 visible ASCII characters, else a new one. */
export function requestIdOf(ids: IdGenerator): (request: Pick<IncomingMessage, "headers">) => string {
  return ({ headers }) => {
    const given = headers["x-request-id"];
    return typeof given === "string" && REQUEST_ID.test(given) ? given : ids.uuid<string>();
  };
}
