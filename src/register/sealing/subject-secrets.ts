import type { AuditEvent } from "../../audit/audit-event.ts";
import type { Instant } from "../../clock.ts";
import type { IdGenerator, TenantId } from "../../identifiers.ts";
import { unwrapKey, wrapKey } from "../../tenants/key-wrapping.ts";
import type { TenantKeyring } from "../../tenants/tenant-keyring.ts";
import { COMMITMENT_SECRET_BYTES } from "../commitments.ts";
import type { RegisterStore } from "../register-store.ts";

/** Whose secret an event is sealed with, and whether it leads to anybody. */
export interface SubjectSecret {
  readonly secret: Uint8Array;
  readonly isLinkable: boolean;
}

export interface SubjectSecretsOptions {
  readonly tenantId: TenantId;
  readonly store: Pick<RegisterStore, "getSecrets" | "initSecrets" | "destroySecret">;
  readonly keyring: Pick<TenantKeyring, "keyOf">;
  readonly ids: IdGenerator;
}

/**
 * The secrets behind what the register says of customers: one each, kept wrapped by the tenant's key. Destroying one makes
 * everything that the register ever said of the customer mean nothing, without changing a byte of it.
 */
export class SubjectSecrets {
  readonly #options: SubjectSecretsOptions;

  constructor(options: SubjectSecretsOptions) {
    this.#options = options;
  }

  /** Whose secret it is: the customer's, or the tenant's for what is about no customer. */
  subjectOf({ customerId }: Pick<AuditEvent, "customerId">): string {
    return customerId ?? this.#options.tenantId;
  }

  /** By subject. Those that there are none for are made; one that was destroyed is replaced by chance, each time anew. */
  async ensure(subjectIds: readonly string[]): Promise<ReadonlyMap<string, SubjectSecret>> {
    const { store, ids } = this.#options;
    const wanted = [...new Set(subjectIds)];
    const known = new Map((await store.getSecrets(wanted)).map(({ subjectId, wrapped }) => [subjectId, wrapped]));
    const tenantKey = await this.#tenantKey();
    const missing = wanted.filter((subjectId) => !known.has(subjectId));
    if (missing.length > 0) {
      const made = missing.map((subjectId) => ({ subjectId, wrapped: this.#wrap(subjectId, tenantKey) }));
      for (const { subjectId, wrapped } of await store.initSecrets(made)) known.set(subjectId, wrapped);
    }
    return new Map(
      wanted.map((subjectId): [string, SubjectSecret] => {
        const wrapped = known.get(subjectId);
        if (wrapped === undefined)
          return [subjectId, { secret: ids.bytes(COMMITMENT_SECRET_BYTES), isLinkable: false }];
        return [subjectId, { secret: this.#unwrap(subjectId, wrapped, tenantKey), isLinkable: true }];
      }),
    );
  }

  /** `undefined` when there is none, or none any more. */
  async find(subjectId: string): Promise<Uint8Array | undefined> {
    const [found] = await this.#options.store.getSecrets([subjectId]);
    return found && this.#unwrap(subjectId, found.wrapped, await this.#tenantKey());
  }

  /** For good. Whether there was one. */
  async destroy(subjectId: string, at: Instant): Promise<boolean> {
    return await this.#options.store.destroySecret(subjectId, at);
  }

  #tenantKey(): Promise<Uint8Array> {
    return this.#options.keyring.keyOf(this.#options.tenantId);
  }

  #wrap(subjectId: string, tenantKey: Uint8Array): string {
    const { ids } = this.#options;
    return wrapKey(ids.bytes(COMMITMENT_SECRET_BYTES), { with: tenantKey, purpose: this.#purpose(subjectId), ids });
  }

  #unwrap(subjectId: string, wrapped: string, tenantKey: Uint8Array): Uint8Array {
    return unwrapKey(wrapped, { with: tenantKey, purpose: this.#purpose(subjectId) });
  }

  #purpose(subjectId: string): string {
    return `strongroom/register-subject/v1/${this.#options.tenantId}/${subjectId}`;
  }
}
