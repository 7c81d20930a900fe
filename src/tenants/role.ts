export const ROLES = ["admin", "steward", "agent", "auditor"] as const;
export type Role = (typeof ROLES)[number];

export const PERMISSIONS = [
  "profile:read",
  "profile:write",
  "profile:delete",
  "profile:purge",
  "profile:merge",
  "pii:read",
  "session:read",
  "session:write",
  "schema:read",
  "schema:write",
  "audit:read",
  "lifecycle:run",
  "wallet:read",
  "wallet:sign",
  "wallet:manage",
  "register:read",
  "register:manage",
  "key:manage",
  "tenant:read",
  "tenant:manage",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/**
 * What a role may do inside its tenant. `tenant:manage` additionally needs a key of the platform's own
 * tenant: an administrator of one tenant never sees the others. Sessions hold what customers said, in clear, so
 * that nobody reads them who may not read personal data.
 */
const GRANTS: Readonly<Record<Role, readonly Permission[]>> = {
  admin: PERMISSIONS,
  steward: [
    "profile:read",
    "profile:write",
    "profile:delete",
    "profile:merge",
    "pii:read",
    "session:read",
    "session:write",
    "schema:read",
    "schema:write",
    "audit:read",
    "lifecycle:run",
    "wallet:read",
    "wallet:sign",
    "register:read",
  ],
  agent: [
    "profile:read",
    "profile:write",
    "pii:read",
    "session:read",
    "session:write",
    "schema:read",
    "wallet:read",
    "wallet:sign",
  ],
  auditor: ["profile:read", "schema:read", "audit:read", "wallet:read", "register:read"],
};

export function roleAllows(role: Role, permission: Permission): boolean {
  return GRANTS[role].includes(permission);
}
