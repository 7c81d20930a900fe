import { join, resolve } from "node:path";
import { type Clock, systemClock } from "./clock.ts";
import type { Config, ConfigInput } from "./config/config-schema.ts";
import type { Tier } from "./config/engine-settings.ts";
import { parseConfig } from "./config/load-config.ts";
import { type IdGenerator, type TenantId, UuidV7Generator } from "./identifiers.ts";
import { FileBlobStore } from "./profiles/file-blob-store.ts";
import { InMemoryBlobStore } from "./profiles/in-memory-blob-store.ts";
import type { ReplicaSource } from "./register/replication/begin-replica.ts";
import { ConditionCompiler } from "./schema/condition.ts";
import { DefinitionCompiler } from "./schema/definition-compiler.ts";
import type { CacheStatistics, CacheStore } from "./storage/cache-store.ts";
import type { CollectionDescriptor } from "./storage/document-store.ts";
import type { StorageEngine } from "./storage/engine.ts";
import { StorageHealthCheck } from "./storage/health.ts";
import type { WormDatabase, WormDescriptor } from "./storage/worm-store.ts";
import { NO_EVENTS, type VaultEvents } from "./telemetry/events.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Meters } from "./telemetry/meters.ts";
import { type CallContext, SYSTEM_CONTEXT } from "./tenants/actor.ts";
import { Authenticator } from "./tenants/authenticator.ts";
import { ensurePlatformTenant, type PlatformTenant } from "./tenants/platform-tenant.ts";
import { TenantService, type TenantServiceOptions } from "./tenants/tenant-service.ts";
import { storesBehind } from "./vault/cached-stores.ts";
import { openKeyring } from "./vault/open-keyring.ts";
import { openRegisters } from "./vault/open-registers.ts";
import { openStorage } from "./vault/open-storage.ts";
import type { Storage } from "./vault/storage.ts";
import type { Stores } from "./vault/stores.ts";
import { administrationScope, TenantVault } from "./vault/tenant-vault.ts";
import type { VaultCore } from "./vault/vault-core.ts";
import { type VaultHealth, vaultHealth } from "./vault/vault-health.ts";
import { createSystemKeyring } from "./vault/wallet-services.ts";

/** What a host may bring; without it the vault logs and measures nothing and takes the system's clock and chance. */
export interface VaultDependencies {
  readonly clock?: Clock | undefined;
  readonly ids?: IdGenerator | undefined;
  readonly events?: VaultEvents | undefined;
  readonly logger?: Logger | undefined;
  readonly meters?: Meters | undefined;
  /** Engines from outside that the settings may name. */
  readonly engines?: readonly StorageEngine[] | undefined;
  /** Where the host keeps documents of its own, in the tier of documents. */
  readonly collections?: readonly CollectionDescriptor[] | undefined;
  /** The default tenant's register is kept a copy of this one, and not sealed here. */
  readonly replicaOf?: ReplicaSource | undefined;
  /** The kinds of records that the host seals, in the cold tier. */
  readonly logs?: readonly WormDescriptor<unknown>[] | undefined;
}

/** Of a vault that is put together from parts. */
export interface AssemblyDependencies extends VaultDependencies {
  /** The tiers beside the stores; the vault disposes of them too. */
  readonly storage?: Storage | undefined;
  /** Where profiles are cached when there is no such tier. Not disposed of with the vault. */
  readonly cache?: CacheStore | undefined;
  /** Where registers are kept when there is no such tier, prepared for them. Not disposed of with the vault. */
  readonly cold?: WormDatabase | undefined;
}

/**
 * Opens the vault that the settings describe: without any, an embedded database in `./data`. Its schema is brought
 * up to date and its first tenant made. Dispose of it to close everything.
 *
 * Rejects with `invalid_configuration`, `data_directory_in_use`, `database_too_new`, `database_too_old`,
 * `database_not_migrated` (when told not to migrate), `migration_failed`, `server_too_old`, `storage_unavailable` or
 * `storage_timeout`. When several tiers cannot be opened, `errors` has a line for each.
 */
export async function openVault(settings: ConfigInput = {}, dependencies: VaultDependencies = {}): Promise<Vault> {
  const config = parseConfig(settings, dependencies.engines);
  const storage = await openStorage({ ...dependencies, config, meters: dependencies.meters?.storage });
  try {
    const vault = await assembleVault(config, storage.stores, { ...dependencies, storage });
    return await startedVault(vault, dependencies.replicaOf);
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

async function startedVault(vault: Vault, replicaOf: ReplicaSource | undefined): Promise<Vault> {
  try {
    await vault.startRegisters(replicaOf);
    return vault;
  } catch (error) {
    await vault[Symbol.asyncDispose]();
    throw error;
  }
}

/** Puts a vault on stores that are open already. The vault disposes of them. */
export async function assembleVault(
  config: Config,
  opened: Stores,
  dependencies: AssemblyDependencies = {},
): Promise<Vault> {
  const core = await coreOf(config, opened, dependencies);
  const bootstrapKey = config.apiKey;
  const platformTenant = await ensurePlatformTenant({ ...tenantServiceOptions(core, SYSTEM_CONTEXT), bootstrapKey });
  // Opens the stored key, or stores the first one: a wrong master key is told now and not at the first secret value.
  await core.keyring.keyOf(platformTenant.tenantId);
  core.registers?.haveCopies(platformTenant.tenantId);
  return new Vault({ core, platformTenant, ...openedParts(opened, dependencies.storage) });
}

async function coreOf(config: Config, opened: Stores, { storage, ...given }: AssemblyDependencies): Promise<VaultCore> {
  const { events, clock, ids } = {
    events: NO_EVENTS,
    clock: systemClock,
    ids: new UuidV7Generator(),
    ...defined(given),
  };
  const { stores, cachedReads } = storesBehind(storage?.tiers.hot ?? given.cache, opened, { config, events });
  const keyring = await openKeyring(config, stores, ids);
  const systemKeys = createSystemKeyring({ stores, clock, ids, keyring });
  const cold = storage?.tiers.cold ?? given.cold;
  const isForgotten = stores.engine === "in-memory";
  return {
    config,
    stores,
    tiers: storage?.tiers,
    cachedReads,
    clock,
    ids,
    events,
    authenticator: new Authenticator(stores.directory, clock),
    keyring,
    systemKeys,
    registers: cold && openRegisters({ config, stores, clock, ids, events, keyring, systemKeys }, cold),
    blobs: isForgotten ? new InMemoryBlobStore() : new FileBlobStore(blobDirectory(config)),
    compiler: new DefinitionCompiler(),
    conditions: new ConditionCompiler(),
  };
}

/** Without the members that are undefined, so that they do not hide a default. */
function defined({ events, clock, ids }: AssemblyDependencies): Partial<Pick<VaultCore, "events" | "clock" | "ids">> {
  return { ...(events && { events }), ...(clock && { clock }), ...(ids && { ids }) };
}

/** Of a vault without other tiers, the stores are all there is. */
function openedParts(stores: Stores, storage: Storage | undefined): Pick<VaultParts, "health" | "opened" | "engines"> {
  const relational = { tier: "relational", engine: stores.engine, required: true, ping: () => stores.ping() } as const;
  const probes = storage?.probes ?? [relational];
  return {
    health: new StorageHealthCheck(probes),
    opened: storage ?? stores,
    engines: Object.fromEntries(probes.map(({ tier, engine }) => [tier, engine])),
  };
}

interface VaultParts {
  readonly core: VaultCore;
  readonly platformTenant: PlatformTenant;
  readonly health: StorageHealthCheck;
  readonly engines: Vault["engines"];
  /** What is closed with the vault. */
  readonly opened: AsyncDisposable;
}

function blobDirectory(config: Config): string {
  return join(resolve(config.dataDirectory), "blobs");
}

/** The services of a vault. Every one of them is bound to a tenant and to who is calling. */
export class Vault implements AsyncDisposable {
  readonly #core: VaultCore;
  readonly #platformTenant: PlatformTenant;
  readonly #health: StorageHealthCheck;
  readonly #opened: AsyncDisposable;
  /** The engine of each tier that there is; PostgreSQL is `pglite` when it is embedded. */
  readonly engines: { readonly [T in Tier]?: string };
  #verifying: Promise<void> | undefined;
  #closing: PromiseLike<void> | undefined;

  constructor({ core, platformTenant, health, opened, engines }: VaultParts) {
    this.#core = core;
    this.#platformTenant = platformTenant;
    this.#health = health;
    this.#opened = opened;
    this.engines = engines;
  }

  get config(): Config {
    return this.#core.config;
  }

  get engine(): Stores["engine"] {
    return this.#core.stores.engine;
  }

  get clock(): Clock {
    return this.#core.clock;
  }

  get ids(): IdGenerator {
    return this.#core.ids;
  }

  /** The tenant every vault has. */
  get defaultTenantId(): TenantId {
    return this.#platformTenant.tenantId;
  }

  /** The first administrator key, when it was made by this very opening; there is no way to read it later. */
  get generatedKey(): string | null {
    return this.#platformTenant.generatedKey;
  }

  get authenticator(): Authenticator {
    return this.#core.authenticator;
  }

  /** What a tenant can do. Without a context the system itself is the caller, who may see everything. */
  tenant(tenantId: TenantId, context: CallContext = SYSTEM_CONTEXT): TenantVault {
    const stores = this.#core.stores.forTenant(tenantId);
    return new TenantVault(this.#core, { tenantId, context, stores, afterCommit: undefined });
  }

  /** The tenants themselves, for the administrators of the platform. */
  tenants(context: CallContext = SYSTEM_CONTEXT): TenantService {
    return new TenantService(tenantServiceOptions(this.#core, context));
  }

  /**
   * Begins to verify the registers and to seal the journals, which goes on until the vault is disposed of. Resolves when the
   * default tenant's register is verified as far as its strategy waits. A register that cannot be opened says why. Rejects only
   * when the default tenant's register cannot become the copy that it is to be: see `beginReplica`.
   */
  async startRegisters(replicaOf?: ReplicaSource): Promise<void> {
    const opened = this.#core.registers;
    if (!opened) return;
    const { defaultTenantId } = this;
    if (replicaOf) await opened.beginReplica(defaultTenantId, replicaOf);
    const register = await opened.registers.find(defaultTenantId).catch(() => undefined);
    await register?.initialize().catch(() => undefined);
    if (replicaOf) await opened.follow(defaultTenantId, replicaOf);
    this.#verifying = opened.registers.verifyAllInTurn(() => this.#closing !== undefined);
    if (this.config.register.enabled) opened.sealing.start();
  }

  /** What the hot tier has been good for since the vault was opened; `null` without one. */
  get cacheStatistics(): CacheStatistics | null {
    return this.#core.tiers?.hot.statistics() ?? null;
  }

  /** Asks each tier for a sign of life, and tells how the registers are. Never rejects. */
  async checkHealth(): Promise<VaultHealth> {
    return vaultHealth(await this.#health.check(), this.#core.registers?.registers.countStates() ?? {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#health.forget();
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#core.registers?.[Symbol.asyncDispose]();
    await this.#verifying;
    await this.#opened[Symbol.asyncDispose]();
  }
}

function tenantServiceOptions(
  core: Pick<VaultCore, "stores" | "clock" | "ids">,
  context: CallContext,
): TenantServiceOptions {
  return {
    clock: core.clock,
    ids: core.ids,
    directory: core.stores.directory,
    transaction: (tenantId, work) =>
      core.stores.forTenant(tenantId).transaction((stores) => work(administrationScope(core, context, stores))),
  };
}
