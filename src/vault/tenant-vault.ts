import type { AuditReader, AuditWriter } from "../audit/audit-store.ts";
import { VaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { AssetService } from "../profiles/asset-service.ts";
import { CommittedValues } from "../profiles/committed-values.ts";
import type { CustomerService } from "../profiles/customer-service.ts";
import type { FieldService } from "../profiles/field-service.ts";
import type { GapService } from "../profiles/gap-service.ts";
import type { LifecycleService } from "../profiles/lifecycle-service.ts";
import type { LineageService } from "../profiles/lineage-service.ts";
import type { MergeService } from "../profiles/merge-service.ts";
import { ProfileCacheService } from "../profiles/profile-cache-service.ts";
import { RegisterService } from "../register/register-service.ts";
import { SealLookup } from "../register/seal-lookup.ts";
import type { DefinitionService } from "../schema/definition-service.ts";
import type { RequirementService } from "../schema/requirement-service.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { CollectionDescriptor, DocumentBody, DocumentStore } from "../storage/document-store.ts";
import type { WormDescriptor, WormStore } from "../storage/worm-store.ts";
import type { CallContext } from "../tenants/actor.ts";
import type { AdministrationJournal, AdministrationScope } from "../tenants/administration.ts";
import { ApiKeyService } from "../tenants/api-key-service.ts";
import type { IdempotencyStore } from "../tenants/idempotency-store.ts";
import type { WalletGrantService } from "../wallets/wallet-grant-service.ts";
import type { WalletService } from "../wallets/wallet-service.ts";
import { subjectSecretsOf } from "./open-registers.ts";
import { createProfileServices, customerKeysOf, type ProfileServices } from "./profile-services.ts";
import { createSchemaServices, type SchemaServices } from "./schema-services.ts";
import { createSessionService } from "./session-service.ts";
import type { Tiers } from "./storage.ts";
import type { TenantStores } from "./stores.ts";
import type { VaultCore } from "./vault-core.ts";
import { createWalletServices, type WalletServices } from "./wallet-services.ts";

interface Binding {
  readonly tenantId: TenantId;
  readonly context: CallContext;
  readonly stores: TenantStores;
  /** Within a transaction: what to do once it is committed. */
  readonly afterCommit: AfterCommit[] | undefined;
}

type AfterCommit = () => void | Promise<void>;

/**
 * Everything one tenant can do, in the name of one caller. A cheap value, made for each call: services are made
 * when they are first asked for.
 */
export class TenantVault {
  readonly #core: VaultCore;
  readonly #binding: Binding;
  #apiKeys: ApiKeyService | undefined;
  #profiles: ProfileServices | undefined;
  #schema: SchemaServices | undefined;
  #sessions: SessionService | undefined;
  #wallets: WalletServices | undefined;

  constructor(core: VaultCore, binding: Binding) {
    this.#core = core;
    this.#binding = binding;
  }

  get tenantId(): TenantId {
    return this.#binding.tenantId;
  }

  get context(): CallContext {
    return this.#binding.context;
  }

  get apiKeys(): ApiKeyService {
    this.#apiKeys ??= new ApiKeyService({
      clock: this.#core.clock,
      ids: this.#core.ids,
      store: this.#binding.stores.apiKeys,
      transaction: (work) =>
        this.#binding.stores.transaction((stores) => work(administrationScope(this.#core, this.context, stores))),
      onRevoked: (apiKeyId) => void this.#onceCommitted(() => this.#core.authenticator.forget(apiKeyId)),
    });
    return this.#apiKeys;
  }

  get customers(): CustomerService {
    return this.#profileServices.customers;
  }

  get fields(): FieldService {
    return this.#profileServices.fields;
  }

  get assets(): AssetService {
    return this.#profileServices.assets;
  }

  get lineage(): LineageService {
    return this.#profileServices.lineage;
  }

  get merges(): MergeService {
    return this.#profileServices.merges;
  }

  get lifecycle(): LifecycleService {
    return this.#profileServices.lifecycle;
  }

  get gaps(): GapService {
    return this.#profileServices.gaps;
  }

  get sessions(): SessionService {
    this.#sessions ??= createSessionService(this.#core, {
      tenantId: this.tenantId,
      stores: this.#binding.stores,
      customers: this.customers,
    });
    return this.#sessions;
  }

  get wallets(): WalletService {
    return this.#walletServices.wallets;
  }

  get walletGrants(): WalletGrantService {
    return this.#walletServices.walletGrants;
  }

  /** What is cached of the tenant. */
  get cache(): ProfileCacheService {
    const { clock, ids, cachedReads: reads } = this.#core;
    const useCase = { clock, ids, call: this.context };
    return new ProfileCacheService({ tenantId: this.tenantId, reads, audit: this.#binding.stores.audit, useCase });
  }

  get definitions(): DefinitionService {
    return this.#schemaServices.definitions;
  }

  get requirements(): RequirementService {
    return this.#schemaServices.requirements;
  }

  get #profileServices(): ProfileServices {
    this.#profiles ??= createProfileServices(this.#core, {
      tenantId: this.tenantId,
      context: this.context,
      store: this.#binding.stores.profiles,
      afterCommit: (step) => this.#onceCommitted(step),
    });
    return this.#profiles;
  }

  get #schemaServices(): SchemaServices {
    this.#schema ??= createSchemaServices(this.#core, this.context, this.#binding.stores);
    return this.#schema;
  }

  get #walletServices(): WalletServices {
    const { tenantId, context: call, stores } = this.#binding;
    this.#wallets ??= createWalletServices(this.#core, { tenantId, call, stores });
    return this.#wallets;
  }

  /** What is sealed of the tenant's journal. Throws `unsupported` for a vault without a cold tier. */
  get register(): RegisterService {
    const { registers, clock } = this.#core;
    if (!registers) throw new VaultError("unsupported", "This vault was put together without a tier for registers.");
    const { tenantId } = this;
    const { register: store, audit, profiles } = this.#core.stores.forTenant(tenantId);
    const secrets = subjectSecretsOf(this.#core, tenantId);
    const values = new CommittedValues({ store: profiles, keys: customerKeysOf(this.#core, tenantId) });
    return new RegisterService({ tenantId, registers: registers.registers, store, audit, secrets, values, clock });
  }

  /** Where events and items are sealed. In a vault without a tier for registers everything is pending. */
  get seals(): SealLookup {
    return new SealLookup(this.#core.stores.forTenant(this.tenantId).register);
  }

  get audit(): AuditReader {
    return this.#binding.stores.audit;
  }

  /**
   * Documents of the host's own, in one of the `collections` that the vault was opened with. They are beside the tenant's customers,
   * take no part in transactions, and are not in the audit journal.
   */
  documents<T extends DocumentBody>(collection: CollectionDescriptor): DocumentStore<T> {
    return this.#tiers.documents.collection<T>(collection, this.tenantId);
  }

  /**
   * A log of the host's own, whose records are of one of the kinds that the vault was opened with as `logs`.
   *
   * @param name 1 to 64 characters: lower-case letters, digits, `_` and `-`
   */
  log<T>(kind: WormDescriptor<T>, name: string): WormStore<T> {
    return this.#tiers.cold.log(kind, this.tenantId, name);
  }

  get #tiers(): Tiers {
    const { tiers } = this.#core;
    if (tiers) return tiers;
    throw new VaultError("unsupported", "This vault was put together without tiers for documents and sealed records.");
  }

  /** For transports, which record there what they have answered. */
  get idempotency(): IdempotencyStore {
    return this.#binding.stores.idempotency;
  }

  /**
   * The same services bound to one transaction: all of what `work` does is kept when it resolves, and none of it
   * when it rejects. A transaction within one joins it.
   */
  async transaction<T>(work: (vault: TenantVault) => Promise<T>): Promise<T> {
    const outer = this.#binding.afterCommit;
    const afterCommit = outer ?? [];
    // Work may need the tenant's key, whose store is on a session of its own and would wait for this transaction.
    if (!outer) await this.#core.keyring.keyOf(this.tenantId);
    const result = await this.#binding.stores.transaction((stores) =>
      work(new TenantVault(this.#core, { ...this.#binding, stores, afterCommit })),
    );
    if (!outer) for (const step of afterCommit) await step();
    return result;
  }

  /** What others must not see before the transaction is committed, such as the emptying of a cache. */
  async #onceCommitted(step: AfterCommit): Promise<void> {
    if (this.#binding.afterCommit) this.#binding.afterCommit.push(step);
    else await step();
  }
}

export function administrationScope(
  core: Pick<VaultCore, "clock" | "ids">,
  context: CallContext,
  stores: TenantStores,
): AdministrationScope {
  return { tenants: stores.tenants, apiKeys: stores.apiKeys, journal: journalOf(core, context, stores.audit) };
}

function journalOf(
  { clock, ids }: Pick<VaultCore, "clock" | "ids">,
  { actor, requestId }: CallContext,
  audit: AuditWriter,
): AdministrationJournal {
  return {
    record({ eventType, subjectId, data }) {
      const event = { id: ids.uuid<never>(), eventType, customerId: null, subjectId, actor, requestId };
      return audit.append([{ ...event, eventData: data, timestamp: clock.now() }]);
    },
  };
}
