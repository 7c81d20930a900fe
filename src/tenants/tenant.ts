import type { Instant } from "../clock.ts";
import type { TenantId } from "../identifiers.ts";

/** How far field definitions bind: reject a breaking value, accept it with a warning, or do not look. */
export type TenantValidationMode = "strict" | "warn" | "disabled";

export const TENANT_SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const TENANT_NAME_LENGTH_MAX = 200;

/** The slug of the tenant that every vault has. Its administrators manage the other tenants. */
export const DEFAULT_TENANT_SLUG = "default";

/** One organisation. Nothing of it is visible to another. */
export interface Tenant {
  readonly id: TenantId;
  /** Unique in the vault and fixed for life. */
  readonly slug: string;
  readonly name: string;
  /** `null` leaves the choice to the configuration. */
  readonly validationMode: TenantValidationMode | null;
  /** True for exactly one tenant of a vault, whose administrators manage the others. */
  readonly isPlatform: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export interface TenantChange {
  readonly name?: string | undefined;
  /** `null` returns to the configured mode. */
  readonly validationMode?: TenantValidationMode | null | undefined;
}
