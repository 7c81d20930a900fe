import type { CallContext } from "../tenants/actor.ts";
import type { Principal } from "../tenants/authenticator.ts";
import { roleAllows } from "../tenants/role.ts";

/** In whose name a request acts, and what it may see. */
export function contextOf({ apiKeyId, role }: Principal, requestId: string): CallContext {
  return {
    actor: { type: "api_key", id: apiKeyId, role },
    requestId,
    mayReadPii: roleAllows(role, "pii:read"),
  };
}
