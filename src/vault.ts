import { join, resolve } from "node:path";
import { type Clock, systemClock } from "./clock.ts";
import type { Config, ConfigInput } from "./config/config-schema.ts";
import { parseConfig } from "./config/load-config.ts";
import { isVaultError } from "./errors.ts";
import { type IdGenerator, type TenantId, UuidV7Generator } from "./identifiers.ts";
import { FileBlobStore } from "./profiles/file-blob-store.ts";
import { InMemoryBlobStore } from "./profiles/in-memory-blob-store.ts";
import { ConditionCompiler } from "./schema/condition.ts";
import { DefinitionCompiler } from "./schema/definition-compiler.ts";
import { NO_EVENTS, type VaultEvents } from "./telemetry/events.ts";
import type { Logger } from "./telemetry/logger.ts";
import { type CallContext, SYSTEM_CONTEXT } from "./tenants/actor.ts";
import { Authenticator } from "./tenants/authenticator.ts";
import { ensurePlatformTenant, type PlatformTenant } from "./tenants/platform-tenant.ts";
import { TenantService, type TenantServiceOptions } from "./tenants/tenant-service.ts";
import { openKeyring } from "./vault/open-keyring.ts";
import { openStores } from "./vault/open-stores.ts";
import type { Stores } from "./vault/stores.ts";
import { administrationScope, TenantVault } from "./vault/tenant-vault.ts";
import type { VaultCore } from "./vault/vault-core.ts";

/** What a host may bring; without it the vault logs and measures nothing and takes the system's clock and chance. */
export interface VaultDependencies {
  readonly clock?: Clock | undefined;
  readonly ids?: IdGenerator | undefined;
  readonly events?: VaultEvents | undefined;
  readonly logger?: Logger | undefined;
}

export interface TierHealth {
  readonly tier: "relational";
  readonly engine: Stores["engine"];
  readonly status: "up" | "down";
  /** How long the probe took. */
  readonly latencyMs: number;
  /** Why the tier is down, as a registered error code. */
  readonly code: string | null;
}

/**
 * Opens the vault that the settings describe: without any, an embedded database in `./data`. Its schema is brought
 * up to date and its first tenant made. Dispose of it to close everything.
 *
 * Rejects with `invalid_configuration`, `data_directory_in_use`, `database_too_new`, `database_too_old`,
 * `database_not_migrated` (when told not to migrate), `migration_failed` or `storage_unavailable`.
 */
export async function openVault(settings: ConfigInput = {}, dependencies: VaultDependencies = {}): Promise<Vault> {
  const config = parseConfig(settings);
  const stores = await openStores(config, dependencies.logger);
  try {
    return await assembleVault(config, stores, dependencies);
  } catch (error) {
    await stores[Symbol.asyncDispose]();
    throw error;
  }
}

/** Puts a vault on stores that are open already. The vault disposes of them. */
export async function assembleVault(
  config: Config,
  stores: Stores,
  dependencies: VaultDependencies = {},
): Promise<Vault> {
  const clock = dependencies.clock ?? systemClock;
  const ids = dependencies.ids ?? new UuidV7Generator();
  const authenticator = new Authenticator(stores.directory, clock);
  const core: VaultCore = {
    config,
    stores,
    clock,
    ids,
    events: dependencies.events ?? NO_EVENTS,
    authenticator,
    keyring: await openKeyring(config, stores, ids),
    blobs: stores.engine === "in-memory" ? new InMemoryBlobStore() : new FileBlobStore(blobDirectory(config)),
    compiler: new DefinitionCompiler(),
    conditions: new ConditionCompiler(),
  };
  const bootstrapKey = config.apiKey;
  const platformTenant = await ensurePlatformTenant({ ...tenantServiceOptions(core, SYSTEM_CONTEXT), bootstrapKey });
  // Opens the stored key, or stores the first one: a wrong master key is told now and not at the first secret value.
  await core.keyring.keyOf(platformTenant.tenantId);
  return new Vault(core, platformTenant);
}

function blobDirectory(config: Config): string {
  return join(resolve(config.dataDirectory), "blobs");
}

/** The services of a vault. Every one of them is bound to a tenant and to who is calling. */
export class Vault implements AsyncDisposable {
  readonly #core: VaultCore;
  readonly #platformTenant: PlatformTenant;
  #closing: PromiseLike<void> | undefined;

  constructor(core: VaultCore, platformTenant: PlatformTenant) {
    this.#core = core;
    this.#platformTenant = platformTenant;
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

  /** Asks each tier for a sign of life. Never rejects. */
  async checkHealth(): Promise<readonly TierHealth[]> {
    const startedMs = performance.now();
    const code = await this.#core.stores.ping().then(
      () => null,
      (error: unknown) => (isVaultError(error) ? error.code : "internal_error"),
    );
    const latencyMs = Math.round((performance.now() - startedMs) * 100) / 100;
    return [{ tier: "relational", engine: this.engine, status: code === null ? "up" : "down", latencyMs, code }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#core.stores[Symbol.asyncDispose]();
    await this.#closing;
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
