import type { TenantId } from "../identifiers.ts";
import { AssetService } from "../profiles/asset-service.ts";
import { CustomerKeys } from "../profiles/customer-keys.ts";
import { CustomerService } from "../profiles/customer-service.ts";
import { FieldService } from "../profiles/field-service.ts";
import { GapService } from "../profiles/gap-service.ts";
import { LifecycleService } from "../profiles/lifecycle-service.ts";
import { LineageService } from "../profiles/lineage-service.ts";
import { MergeService } from "../profiles/merge-service.ts";
import type { ProfileServiceOptions } from "../profiles/profile-services.ts";
import type { ProfileStore } from "../profiles/profile-store.ts";
import type { CallContext } from "../tenants/actor.ts";
import type { VaultCore } from "./vault-core.ts";

export interface ProfileServices {
  readonly customers: CustomerService;
  readonly fields: FieldService;
  readonly assets: AssetService;
  readonly lineage: LineageService;
  readonly merges: MergeService;
  readonly lifecycle: LifecycleService;
  readonly gaps: GapService;
}

export function createProfileServices(
  core: VaultCore,
  binding: {
    readonly tenantId: TenantId;
    readonly context: CallContext;
    readonly store: ProfileStore;
    readonly afterCommit: ProfileServiceOptions["afterCommit"];
  },
): ProfileServices {
  const { clock, ids, events, blobs, compiler, conditions, config } = core;
  const { tenantId, context, store, afterCommit } = binding;
  const options: ProfileServiceOptions = {
    tenantId,
    store,
    useCase: { clock, ids, call: context },
    compiler,
    defaultMode: config.validation.mode,
    keys: customerKeysOf(core, tenantId),
    blobs,
    events,
    afterCommit,
  };
  return {
    customers: new CustomerService(options),
    fields: new FieldService(options),
    assets: new AssetService(options),
    lineage: new LineageService(options),
    merges: new MergeService(options),
    lifecycle: new LifecycleService(options),
    gaps: new GapService(options, conditions),
  };
}

export function customerKeysOf({ keyring, ids }: Pick<VaultCore, "keyring" | "ids">, tenantId: TenantId): CustomerKeys {
  return new CustomerKeys({ tenantId, keyring, ids });
}
