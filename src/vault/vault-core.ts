import type { Clock } from "../clock.ts";
import type { Config } from "../config/config-schema.ts";
import type { IdGenerator } from "../identifiers.ts";
import type { BlobStore } from "../profiles/blob-store.ts";
import type { ConditionCompiler } from "../schema/condition.ts";
import type { DefinitionCompiler } from "../schema/definition-compiler.ts";
import type { VaultEvents } from "../telemetry/events.ts";
import type { Authenticator } from "../tenants/authenticator.ts";
import type { TenantKeyring } from "../tenants/tenant-keyring.ts";
import type { Stores } from "./stores.ts";

/** What every service of a vault is made from. */
export interface VaultCore {
  readonly config: Config;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly events: VaultEvents;
  readonly authenticator: Authenticator;
  readonly keyring: TenantKeyring;
  readonly blobs: BlobStore;
  readonly compiler: DefinitionCompiler;
  readonly conditions: ConditionCompiler;
}
