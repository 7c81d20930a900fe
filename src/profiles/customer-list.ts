import { createHash } from "node:crypto";
import { VaultError } from "../errors.ts";
import { isUuid } from "../identifiers.ts";
import { decodeCursor } from "../storage/page.ts";
import type { CustomerFilter } from "./profile-store.ts";

/**
 * Names a list of customers for its cursors: another filter makes another list. Hashed, since filters are personal.
 * @throws `invalid_request` for more than one filter
 */
export function customerListName(filter: CustomerFilter): string {
  const { identity, externalId, textPrefix } = filter;
  if ([identity, externalId, textPrefix].filter((part) => part !== undefined).length > 1) {
    throw new VaultError("invalid_request", "Filter customers by one of identity, external id or text.");
  }
  const key = [identity?.channel, identity?.channelUserId, externalId, textPrefix];
  return `customers:${createHash("sha256").update(JSON.stringify(key)).digest("base64url").slice(0, 12)}`;
}

/** The customer a page ended with; `undefined` for a first page. Throws `invalid_cursor`. */
export function decodeCustomerCursor(list: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const customerId = decodeCursor(list, cursor, 1)[0];
  if (customerId !== undefined && isUuid(customerId)) return customerId;
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}
