import type { Clock } from "../clock.ts";
import type { Config } from "../config/config-schema.ts";
import type { IdGenerator, TenantId } from "../identifiers.ts";
import type { BlobStore } from "../profiles/blob-store.ts";
import type { RegisterRecord } from "../register/register-store.ts";
import type { Registers } from "../register/registers.ts";
import type { ReplicaSource } from "../register/replication/begin-replica.ts";
import type { SealingService } from "../register/sealing/sealing-service.ts";
import type { ConditionCompiler } from "../schema/condition.ts";
import type { DefinitionCompiler } from "../schema/definition-compiler.ts";
import type { CachedReads } from "../storage/cache/cached-reads.ts";
import type { VaultEvents } from "../telemetry/events.ts";
import type { Authenticator } from "../tenants/authenticator.ts";
import type { TenantKeyring } from "../tenants/tenant-keyring.ts";
import type { SystemKeyring } from "../wallets/system-keys.ts";
import type { Tiers } from "./storage.ts";
import type { Stores } from "./stores.ts";

/** The registers of all tenants, and what seals them. */
export interface OpenedRegisters extends AsyncDisposable {
  readonly registers: Registers;
  readonly sealing: SealingService;
  /** Whose register it is that the peers of the settings have. To be called before that register is opened. */
  haveCopies(tenantId: TenantId): void;
  /** Makes the tenant's register a copy. To be called before that register is opened; `follow` begins to copy. */
  beginReplica(tenantId: TenantId, source: ReplicaSource): Promise<RegisterRecord>;
  follow(tenantId: TenantId, source: ReplicaSource): Promise<void>;
}

/** What every service of a vault is made from. */
export interface VaultCore {
  readonly config: Config;
  readonly stores: Stores;
  /** What is kept besides; a vault that is put together from stores alone has none. */
  readonly tiers: Tiers | undefined;
  /** Reads of profiles, schemas and wallets through the hot tier; without one, everything is read from the stores. */
  readonly cachedReads: CachedReads | undefined;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly events: VaultEvents;
  readonly authenticator: Authenticator;
  readonly keyring: TenantKeyring;
  readonly systemKeys: SystemKeyring;
  /** A vault that is put together without a cold tier has none. */
  readonly registers: OpenedRegisters | undefined;
  readonly blobs: BlobStore;
  readonly compiler: DefinitionCompiler;
  readonly conditions: ConditionCompiler;
}
