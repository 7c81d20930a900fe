import type { AuditReader, AuditWriter } from "../audit/audit-store.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config-schema.ts";
import type { IdGenerator, TenantId } from "../identifiers.ts";
import type { VaultEvents } from "../telemetry/events.ts";
import type { CallContext } from "../tenants/actor.ts";
import type { AdministrationJournal, AdministrationScope } from "../tenants/administration.ts";
import { ApiKeyService } from "../tenants/api-key-service.ts";
import type { Authenticator } from "../tenants/authenticator.ts";
import type { IdempotencyStore } from "../tenants/idempotency-store.ts";
import type { Stores, TenantStores } from "./stores.ts";

/** What every service of a vault is made from. */
export interface VaultCore {
  readonly config: Config;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly events: VaultEvents;
  readonly authenticator: Authenticator;
}

interface Binding {
  readonly tenantId: TenantId;
  readonly context: CallContext;
  readonly stores: TenantStores;
  /** Within a transaction: what to do once it is committed. */
  readonly afterCommit: (() => void)[] | undefined;
}

/**
 * Everything one tenant can do, in the name of one caller. A cheap value, made for each call: services are made
 * when they are first asked for.
 */
export class TenantVault {
  readonly #core: VaultCore;
  readonly #binding: Binding;
  #apiKeys: ApiKeyService | undefined;

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
      onRevoked: (apiKeyId) => this.#onceCommitted(() => this.#core.authenticator.forget(apiKeyId)),
    });
    return this.#apiKeys;
  }

  get audit(): AuditReader {
    return this.#binding.stores.audit;
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
    const result = await this.#binding.stores.transaction((stores) =>
      work(new TenantVault(this.#core, { ...this.#binding, stores, afterCommit })),
    );
    if (!outer) for (const step of afterCommit) step();
    return result;
  }

  /** What others must not see before the transaction is committed, such as the emptying of a cache. */
  #onceCommitted(step: () => void): void {
    if (this.#binding.afterCommit) this.#binding.afterCommit.push(step);
    else step();
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
