import { VaultError } from "../errors.ts";
import type { Principal } from "../tenants/authenticator.ts";
import { type Permission, roleAllows } from "../tenants/role.ts";

/** For what a route's own permission does not decide. Throws `forbidden`. */
export function requirePermission(principal: Principal, permission: Permission): void {
  if (roleAllows(principal.role, permission)) return;
  throw new VaultError("forbidden", `The role ${principal.role} lacks the permission ${permission}.`, {
    details: { permission },
  });
}
