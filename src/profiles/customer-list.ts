import { createHash } from "node:crypto";
import type { CustomerFilter } from "./profile-store.ts";

/** Names a list of customers for its cursors: another filter makes another list. Hashed, since filters are personal. */
export function customerListName(filter: CustomerFilter): string {
  const key = [filter.identity?.channel, filter.identity?.channelUserId, filter.externalId, filter.textPrefix];
  return `customers:${createHash("sha256").update(JSON.stringify(key)).digest("base64url").slice(0, 12)}`;
}
