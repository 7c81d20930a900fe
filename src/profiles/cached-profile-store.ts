import type { CustomerId, TenantId } from "../identifiers.ts";
import { type CachedReads, CacheMiss } from "../storage/cache/cached-reads.ts";
import { CommittedWrites } from "../storage/cache/watched-writes.ts";
import type { ProfileRecord } from "./customer.ts";
import { ProfileCacheKeys } from "./profile-cache-keys.ts";
import { PointerKind, ProfileKind, type ProfileLives } from "./profile-cache-kinds.ts";
import type { CustomerLookup, ProfileStore } from "./profile-store.ts";
import { WatchedProfileStore } from "./watched-profile-store.ts";

export interface CachedProfileStoreOptions {
  readonly tenantId: TenantId;
  /** Outside any transaction. */
  readonly inner: ProfileStore;
  readonly reads: CachedReads;
  readonly lives: ProfileLives;
}

type PointerLookup = Exclude<CustomerLookup, { readonly by: "id" }>;

/**
 * A store that keeps current profiles in the hot tier: one body for each customer, which every lookup leads to. History
 * is read from the database, and so is everything within a transaction and everything that a write is planned with.
 * A customer that was merged away is not kept, and nor is where its external id leads.
 */
export class CachedProfileStore extends WatchedProfileStore {
  readonly #reads: CachedReads;
  readonly #writes: CommittedWrites;
  readonly #keys: ProfileCacheKeys;
  readonly #profiles: ProfileKind;
  readonly #pointers: Readonly<Record<PointerLookup["by"], PointerKind>>;

  constructor({ tenantId, inner, reads, lives }: CachedProfileStoreOptions) {
    const keys = new ProfileCacheKeys(tenantId);
    const writes = new CommittedWrites(reads, tenantId);
    super({ inner, committed: inner, keys, writes });
    this.#reads = reads;
    this.#writes = writes;
    this.#keys = keys;
    this.#profiles = new ProfileKind(tenantId, keys, lives);
    this.#pointers = {
      externalId: new PointerKind({ tenantId, keyType: "external_id" }, keys, lives),
      identity: new PointerKind({ tenantId, keyType: "identity" }, keys, lives),
    };
  }

  override transaction<T>(work: (store: ProfileStore) => Promise<T>): Promise<T> {
    const { inner: committed } = this;
    return this.#writes.transact((writes) =>
      committed.transaction((inner) => work(new WatchedProfileStore({ inner, committed, keys: this.#keys, writes }))),
    );
  }

  override findProfile(lookup: CustomerLookup, scope: "active" | "history"): Promise<ProfileRecord | undefined> {
    if (scope === "history") return this.inner.findProfile(lookup, scope);
    return lookup.by === "id" ? this.#findById(lookup.customerId) : this.#findByPointer(lookup);
  }

  async #findById(customerId: CustomerId): Promise<ProfileRecord | undefined> {
    const key = this.#keys.profile(customerId);
    let looked: unknown;
    try {
      const lookup = await this.#reads.look(key, this.#profiles);
      const found = this.#reads.hit(lookup, key, this.#profiles);
      if (found !== undefined) return found ?? undefined;
      looked = lookup;
    } catch (error) {
      looked = error;
    }
    const miss = await this.#reads.missed(key, this.#profiles, looked);
    const load = async () => (await this.inner.findProfile({ by: "id", customerId }, "active")) ?? null;
    return (await this.#reads.load(key, this.#profiles, { miss, load })) ?? undefined;
  }

  async #findByPointer(lookup: PointerLookup): Promise<ProfileRecord | undefined> {
    const key = this.#keys.of(lookup);
    const kind = this.#pointers[lookup.by];
    const found = await this.#reads.find(key, kind);
    if (found === null) return undefined;
    if (found instanceof CacheMiss) return this.#follow(lookup, { key, miss: found });
    const profile = await this.#findById(found);
    if (profile && isNamedBy(profile, lookup)) return profile;
    // The customer has lost what the pointer is about; who has it now, if anybody, only the database knows.
    return this.#follow(lookup, { key, miss: new CacheMiss(undefined) });
  }

  /** Finds out whose key it is. That body is then looked at under its own key, since only so may it be kept. */
  async #follow(
    lookup: PointerLookup,
    { key, miss }: { key: string; miss: CacheMiss },
  ): Promise<ProfileRecord | undefined> {
    let profile: ProfileRecord | undefined;
    let isAsked = false;
    const load = async (): Promise<CustomerId | null> => {
      isAsked = true;
      profile = await this.inner.findProfile(lookup, "active");
      return profile?.customer.customerId ?? null;
    };
    const kind = this.#pointers[lookup.by];
    const customerId = await this.#reads.load(key, kind, { miss, load });
    if (customerId === null) return undefined;
    const kept = profile === undefined || isNamedBy(profile, lookup) ? await this.#findById(customerId) : undefined;
    if (kept && isNamedBy(kept, lookup)) return kept;
    // What another caller loaded may be older than this call.
    return isAsked ? profile : this.inner.findProfile(lookup, "active");
  }
}

/** Whether the body itself says that the lookup leads to it; what it says while it stands is true. */
function isNamedBy({ customer, identities }: ProfileRecord, lookup: PointerLookup): boolean {
  if (customer.mergedIntoId !== null) return false;
  if (lookup.by === "externalId") return customer.externalId === lookup.externalId;
  const { channel, channelUserId } = lookup;
  return identities.some((each) => each.channel === channel && each.channelUserId === channelUserId);
}
