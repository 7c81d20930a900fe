import type { CustomerId, TenantId } from "../identifiers.ts";
import { type JsonValue, storabilityProblem } from "../json.ts";
import type { CachedKind } from "../storage/cache/cached-reads.ts";
import type { CacheKeyType } from "../telemetry/profile-cache-events.ts";
import type { ProfileRecord } from "./customer.ts";
import type { ProfileCacheKeys } from "./profile-cache-keys.ts";

export interface ProfileLives {
  readonly profileMs: number;
  /** Of the knowledge that there is no customer; 0 does not keep it. */
  readonly notFoundMs: number;
}

/** What every entry says that it is, beside its key. */
const FORMAT = 1;

interface StoredEntry {
  readonly format?: unknown;
  readonly profile?: unknown;
  readonly profileText?: unknown;
  readonly customerId?: unknown;
}

/** The body: one customer as the store returns it, encrypted values as they are, or that there is none. */
export class ProfileKind implements CachedKind<ProfileRecord | null> {
  readonly event: CachedKind<unknown>["event"];
  readonly tagged: CachedKind<unknown>["tagged"];
  readonly #keys: ProfileCacheKeys;
  readonly #lives: ProfileLives;

  constructor(tenantId: TenantId, keys: ProfileCacheKeys, lives: ProfileLives) {
    this.event = { tenantId, keyType: "profile" };
    this.tagged = { tags: [keys.tag] };
    this.#keys = keys;
    this.#lives = lives;
  }

  encode(profile: ProfileRecord | null): JsonValue {
    const entry = { format: FORMAT, profile } as unknown as JsonValue;
    // A value may be nested as deep as the cache allows for all of an entry.
    if (storabilityProblem(entry) === undefined) return entry;
    return { format: FORMAT, profileText: JSON.stringify(profile) };
  }

  decode(stored: JsonValue, key: string): ProfileRecord | null | undefined {
    const { format, profile, profileText } = entryOf(stored);
    if (format !== FORMAT) return undefined;
    if (profile === null) return null;
    const record = typeof profileText === "string" ? parsed(profileText) : profile;
    return isProfile(record) && this.#keys.isProfileOf(key, record.customer.customerId) ? record : undefined;
  }

  lifeMs(profile: ProfileRecord | null): number {
    if (profile === null) return this.#lives.notFoundMs;
    // The survivor's deletion changes whom it was merged from, and nobody reads those.
    return profile.customer.mergedIntoId === null ? this.#lives.profileMs : 0;
  }
}

/** A pointer: whose body to look at, or that there is none. */
export class PointerKind implements CachedKind<CustomerId | null> {
  readonly event: CachedKind<unknown>["event"];
  readonly tagged: CachedKind<unknown>["tagged"];
  readonly #lives: ProfileLives;

  constructor(event: { tenantId: TenantId; keyType: CacheKeyType }, keys: ProfileCacheKeys, lives: ProfileLives) {
    this.event = event;
    this.tagged = { tags: [keys.tag] };
    this.#lives = lives;
  }

  encode(customerId: CustomerId | null): JsonValue {
    return { format: FORMAT, customerId };
  }

  decode(stored: JsonValue): CustomerId | null | undefined {
    const { format, customerId } = entryOf(stored);
    if (format !== FORMAT) return undefined;
    return customerId === null || typeof customerId === "string" ? (customerId as CustomerId | null) : undefined;
  }

  lifeMs(customerId: CustomerId | null): number {
    return customerId === null ? this.#lives.notFoundMs : this.#lives.profileMs;
  }
}

const NO_ENTRY: StoredEntry = {};

function entryOf(stored: JsonValue): StoredEntry {
  return typeof stored === "object" && stored !== null ? (stored as StoredEntry) : NO_ENTRY;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProfile(value: unknown): value is ProfileRecord {
  if (typeof value !== "object" || value === null) return false;
  const { customer, identities, consents, fields, assets } = value as Partial<Record<keyof ProfileRecord, unknown>>;
  return (
    typeof customer === "object" &&
    customer !== null &&
    typeof (customer as { customerId?: unknown }).customerId === "string" &&
    Array.isArray(identities) &&
    Array.isArray(consents) &&
    Array.isArray(fields) &&
    Array.isArray(assets)
  );
}
