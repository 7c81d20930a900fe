import { expect } from "vitest";
import type { CustomerId, ItemId, TenantId } from "../identifiers.ts";
import type { Asset } from "../profiles/asset.ts";
import type { FieldInput } from "../profiles/field-input.ts";
import type { FieldView, Profile } from "../profiles/profile-view.ts";
import type { Stores, TenantStores } from "../vault/stores.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import type { ContractContext } from "./engine.ts";
import { ManualClock } from "./manual-clock.ts";
import { newId } from "./profile-records.ts";
import { seededIds } from "./seeded-ids.ts";
import { vaultOver } from "./vault-under-test.ts";
import { withMember } from "./with-member.ts";

type SlowCall =
  | "createCustomer"
  | "findProfile"
  | "getAsset"
  | "getField"
  | "getMerge"
  | "listAssets"
  | "listFieldHistory"
  | "listMergesInto"
  | "loadWriteContext";

/** A tenant's services, and the shortest way to put customers into a state. Each step is a second after the one before. */
export class MergeScene {
  readonly vault: TenantVault;
  readonly clock: ManualClock;
  readonly #context: ContractContext;
  #users = 0;

  private constructor(vault: TenantVault, clock: ManualClock, context: ContractContext) {
    this.vault = vault;
    this.clock = clock;
    this.#context = context;
  }

  static async open(context: ContractContext): Promise<MergeScene> {
    const clock = new ManualClock();
    return new MergeScene(await tenantVaultOver(context, context.engine.stores, clock), clock, context);
  }

  /**
   * The same tenant in another process, in which `meanwhile` happens right after the first answer of one call, or after
   * the `nth` one. Calls of its transactions are not counted.
   */
  vaultSlowAfter(call: SlowCall, meanwhile: () => Promise<unknown>, nth = 1): Promise<TenantVault> {
    const { stores } = this.#context.engine;
    let answers = 0;
    const forTenant = (tenantId: TenantId): TenantStores => {
      const bound = stores.forTenant(tenantId);
      const answerOf = (bound.profiles[call] as (...values: unknown[]) => Promise<unknown>).bind(bound.profiles);
      const slow = async (...values: unknown[]) => {
        const answer = await answerOf(...values);
        if (++answers === nth) await meanwhile();
        return answer;
      };
      return { ...bound, profiles: withMember(bound.profiles, call, slow) };
    };
    return tenantVaultOver(this.#context, withMember(stores, "forTenant", forTenant), this.clock);
  }

  async customer(externalId?: string): Promise<CustomerId> {
    this.clock.advance(1_000);
    const channelIdentity = { channel: "whatsapp", channelUserId: `+${++this.#users}` } as const;
    const { profile } = await this.vault.customers.getOrCreate({ channelIdentity, externalId });
    return profile.customerId;
  }

  async write(customerId: CustomerId, name: string, over: Partial<FieldInput> = {}): Promise<FieldView> {
    this.clock.advance(1_000);
    const fields = [{ name, value: `${name} of ${customerId}`, source: "user_provided", ...over } as const];
    const { results } = await this.vault.fields.write(customerId, { fields });
    const field = results[0]?.field;
    expect(field).toBeDefined();
    return field as FieldView;
  }

  register(
    customerId: CustomerId,
    name: string,
    sources: readonly { readonly id: ItemId; readonly valueType?: unknown }[] = [],
  ): Promise<Asset> {
    this.clock.advance(1_000);
    const input = { name, assetType: "image", mimeType: "image/png" } as const;
    const location = { storageProvider: "s3", storagePath: name, sizeBytes: 1, checksum: "00".repeat(32) };
    return this.vault.assets.register(customerId, { ...input, sources: sources.map(sourceOf) }, location);
  }

  async merge(target: CustomerId, source: CustomerId) {
    this.clock.advance(1_000);
    return this.vault.merges.merge(target, source);
  }

  async undo({ mergeId }: Awaited<ReturnType<MergeScene["merge"]>>): Promise<void> {
    this.clock.advance(1_000);
    await this.vault.merges.undo(mergeId);
  }

  /** With every version. */
  profile(customerId: CustomerId): Promise<Profile> {
    return this.vault.customers.get(customerId, { history: true });
  }

  /** The values of the active fields by name. */
  async values(customerId: CustomerId): Promise<Record<string, unknown>> {
    const { fields } = await this.vault.customers.get(customerId);
    return Object.fromEntries(Object.values(fields).map(({ name, value }) => [name, value]));
  }
}

async function tenantVaultOver({ tenant }: ContractContext, stores: Stores, clock: ManualClock): Promise<TenantVault> {
  const seed = Number.parseInt(newId<string>().slice(-6), 16);
  const vault = await vaultOver({ stores }, { clock, ids: seededIds(seed, () => Date.parse(clock.now())) });
  return vault.tenant(tenant.tenantId);
}

export function sourceOf(item: { readonly id: ItemId; readonly valueType?: unknown }) {
  return { type: item.valueType === undefined ? ("profile_asset" as const) : ("profile_field" as const), id: item.id };
}
