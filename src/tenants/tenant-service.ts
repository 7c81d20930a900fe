import type { Clock } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { IdGenerator, TenantId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { AdministrationScope } from "./administration.ts";
import { type CreatedApiKey, insertApiKey } from "./api-key-service.ts";
import type { Tenant, TenantChange } from "./tenant.ts";
import type { TenantDirectory } from "./tenant-store.ts";

export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly validationMode?: Tenant["validationMode"] | undefined;
}

export interface CreatedTenant {
  readonly tenant: Tenant;
  /** Its first administrator key. */
  readonly adminKey: CreatedApiKey;
}

export interface TenantServiceOptions {
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly directory: TenantDirectory;
  /** One transaction on a tenant's own rows. The tenant need not exist yet. */
  transaction<T>(tenantId: TenantId, work: (scope: AdministrationScope) => Promise<T>): Promise<T>;
}

/** The tenants of a vault, for the platform's administrators. */
export class TenantService {
  readonly #options: TenantServiceOptions;

  constructor(options: TenantServiceOptions) {
    this.#options = options;
  }

  /** A tenant with its first administrator key, whose text is known this once. Rejects with `tenant_exists`. */
  create(input: NewTenant): Promise<CreatedTenant> {
    const tenantId = this.#options.ids.uuid<TenantId>();
    return this.#options.transaction(tenantId, (scope) =>
      insertTenant(scope, this.#options, { ...input, tenantId, isPlatform: false }),
    );
  }

  /** By slug, ascending. Rejects with `invalid_cursor`. */
  list(page: PageRequest): Promise<Page<Tenant>> {
    return this.#options.directory.list(page);
  }

  /** Rejects with `tenant_not_found`. */
  async require(tenantId: TenantId): Promise<Tenant> {
    const tenant = await this.#options.directory.get(tenantId);
    if (!tenant) throw notFound();
    return tenant;
  }

  /** Rejects with `tenant_not_found`. */
  update(tenantId: TenantId, change: TenantChange): Promise<Tenant> {
    return this.#options.transaction(tenantId, async ({ tenants, journal }) => {
      const tenant = await tenants.update(change, this.#options.clock.now());
      if (!tenant) throw notFound();
      const { name, validationMode } = tenant;
      await journal.record({ eventType: "tenant_updated", subjectId: tenantId, data: { name, validationMode } });
      return tenant;
    });
  }
}

/**
 * Adds a tenant and its first administrator key. Rejects with `tenant_exists` when the slug, or the platform's place,
 * is taken.
 */
export async function insertTenant(
  scope: AdministrationScope,
  { clock, ids }: { readonly clock: Clock; readonly ids: IdGenerator },
  input: NewTenant & { readonly tenantId: TenantId; readonly isPlatform: boolean; readonly key?: string | undefined },
): Promise<CreatedTenant> {
  const now = clock.now();
  const { tenantId: id, slug, name, validationMode = null, isPlatform } = input;
  const tenant: Tenant = { id, slug, name, validationMode, isPlatform, createdAt: now, updatedAt: now };
  if (!(await scope.tenants.insert(tenant))) {
    throw new VaultError("tenant_exists", "A tenant with this slug exists.", { details: { slug } });
  }
  const data = { slug, name, validationMode };
  await scope.journal.record({ eventType: "tenant_created", subjectId: id, data });
  const adminKey = await insertApiKey(scope, { clock, ids }, { name: "administrator", role: "admin", key: input.key });
  return { tenant, adminKey };
}

function notFound(): VaultError {
  return new VaultError("tenant_not_found", "There is no such tenant.");
}
