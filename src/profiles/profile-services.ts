import type { TenantId } from "../identifiers.ts";
import type { DefinitionCompiler } from "../schema/definition-compiler.ts";
import type { ValidationMode } from "../schema/field-definition.ts";
import type { VaultEvents } from "../telemetry/events.ts";
import type { BlobStore } from "./blob-store.ts";
import type { CustomerKeys } from "./customer-keys.ts";
import type { UseCaseContext } from "./profile-audit.ts";
import type { ProfileStore } from "./profile-store.ts";

/** What the profile services of one tenant share. Made by the composition root, once per tenant and call context. */
export interface ProfileServiceOptions {
  readonly tenantId: TenantId;
  readonly store: ProfileStore;
  readonly useCase: UseCaseContext;
  readonly compiler: DefinitionCompiler;
  /** The validation mode where neither definition, agent nor tenant has one. */
  readonly defaultMode: ValidationMode;
  readonly keys: CustomerKeys;
  readonly blobs: BlobStore;
  readonly events: VaultEvents;
  /** Runs a step at once, or within a transaction after its commit: for effects outside the database. */
  readonly afterCommit: (step: () => Promise<void>) => Promise<void>;
}
