import type { FastifyRequest } from "fastify";
import { VaultError } from "../errors.ts";
import type { Authenticator, Principal } from "../tenants/authenticator.ts";
import { type Permission, roleAllows } from "../tenants/role.ts";

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** Permissions that concern other tenants: only keys of the platform's own tenant have them. */
const PLATFORM_PERMISSIONS: readonly Permission[] = ["tenant:read", "tenant:manage"];

/** Whom the request speaks for. Rejects with `unauthenticated`, or with `forbidden` when the role is not enough. */
export async function authenticate(
  authenticator: Authenticator,
  request: FastifyRequest,
  permission: Permission,
): Promise<Principal> {
  const key = BEARER.exec(request.headers.authorization ?? "")?.[1];
  if (key === undefined) throw new VaultError("unauthenticated", "The request carries no API key.");
  const principal = await authenticator.authenticate(key);
  if (!roleAllows(principal.role, permission)) {
    throw new VaultError("forbidden", `The role ${principal.role} does not have the permission ${permission}.`, {
      details: { permission },
    });
  }
  if (PLATFORM_PERMISSIONS.includes(permission) && !principal.isPlatform) {
    throw new VaultError("forbidden", "Only administrators of the platform's own tenant may do this.", {
      details: { permission },
    });
  }
  return principal;
}
