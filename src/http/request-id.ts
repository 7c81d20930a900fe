import type { IncomingMessage } from "node:http";
import type { IdGenerator } from "../identifiers.ts";

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * The caller's `X-Request-Id` when it is 1 to 128 visible ASCII characters, else a new one: an id of this server and a
 * number, because chance for every request would cost more than the rest of its bookkeeping.
 */
export function requestIdOf(ids: IdGenerator): (request: Pick<IncomingMessage, "headers">) => string {
  const server = ids.uuid<string>();
  let requests = 0;
  return ({ headers }) => {
    const given = headers["x-request-id"];
    return typeof given === "string" && REQUEST_ID.test(given) ? given : `${server}-${(++requests).toString(36)}`;
  };
}
