import { addMs, type Clock, type Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { ApiKeyId, TenantId } from "../identifiers.ts";
import { API_KEY_LENGTH_MAX, type ApiKeyHash, hashApiKey, isLive } from "./api-key.ts";
import type { Role } from "./role.ts";
import type { CredentialRecord, TenantDirectory } from "./tenant-store.ts";

/** Who a valid key speaks for. */
export interface Principal {
  readonly tenantId: TenantId;
  readonly apiKeyId: ApiKeyId;
  readonly role: Role;
  /** The key belongs to the tenant that manages the others. */
  readonly isPlatform: boolean;
}

/** How long another process may accept a key after it was revoked here. */
export const CREDENTIAL_TTL_MS = 5_000;
/** How long a new key of another process may be refused here, when it was tried before it existed. */
export const UNKNOWN_KEY_TTL_MS = 1_000;
export const CREDENTIALS_CACHED_MAX = 10_000;

interface CachedCredential {
  readonly credential: CredentialRecord;
  readonly principal: Principal;
  readonly freshUntil: Instant;
}

/**
 * Tells whom an API key speaks for. Keys are looked up by their hash, and results are kept for a few seconds,
 * in two bounded tables so that a flood of wrong keys does not push out the right ones. Callers that
 * present the same key at once share one lookup.
 */
export class Authenticator {
  readonly #directory: Pick<TenantDirectory, "findCredential">;
  readonly #clock: Clock;
  readonly #known = new Map<ApiKeyHash, CachedCredential>();
  readonly #unknown = new Map<ApiKeyHash, Instant>();
  readonly #pending = new Map<ApiKeyHash, Promise<CredentialRecord | undefined>>();
  /** Rises with every revocation: what was looked up before one is not kept after it. */
  #generation = 0;

  constructor(directory: Pick<TenantDirectory, "findCredential">, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Rejects with `unauthenticated` for a key that is unknown, expired or revoked. */
  async authenticate(key: string): Promise<Principal> {
    if (key.length === 0 || key.length > API_KEY_LENGTH_MAX) throw refusal();
    const keyHash = hashApiKey(key);
    const now = this.#clock.now();
    const cached = this.#known.get(keyHash);
    if (cached && cached.freshUntil > now) return liveOrRefused(cached, now);
    const refusedUntil = this.#unknown.get(keyHash);
    if (refusedUntil !== undefined && refusedUntil > now) throw refusal();
    return this.#lookUp(keyHash, now);
  }

  /** From now on the key is looked up again in this process. */
  forget(apiKeyId: ApiKeyId): void {
    this.#generation++;
    this.#pending.clear();
    for (const [keyHash, { principal }] of this.#known) {
      if (principal.apiKeyId === apiKeyId) this.#known.delete(keyHash);
    }
  }

  async #lookUp(keyHash: ApiKeyHash, now: Instant): Promise<Principal> {
    const generation = this.#generation;
    const credential = await this.#findOnce(keyHash);
    const mayKeep = generation === this.#generation;
    if (!credential) {
      if (mayKeep) keep(this.#unknown, keyHash, addMs(now, UNKNOWN_KEY_TTL_MS));
      throw refusal();
    }
    const { tenantId, apiKeyId, role, isPlatform } = credential;
    const entry = {
      credential,
      principal: { tenantId, apiKeyId, role, isPlatform },
      freshUntil: addMs(now, CREDENTIAL_TTL_MS),
    };
    if (mayKeep) keep(this.#known, keyHash, entry);
    return liveOrRefused(entry, now);
  }

  #findOnce(keyHash: ApiKeyHash): Promise<CredentialRecord | undefined> {
    const pending = this.#pending.get(keyHash);
    if (pending) return pending;
    const lookup = this.#directory.findCredential(keyHash).finally(() => {
      if (this.#pending.get(keyHash) === lookup) this.#pending.delete(keyHash);
    });
    this.#pending.set(keyHash, lookup);
    return lookup;
  }
}

function liveOrRefused({ credential, principal }: CachedCredential, now: Instant): Principal {
  if (!isLive(credential, now)) throw refusal();
  return principal;
}

function refusal(): VaultError {
  return new VaultError("unauthenticated", "The API key is unknown, expired or revoked.");
}

/** The oldest entry makes room, which is the one that was looked up first. */
function keep<Value>(table: Map<ApiKeyHash, Value>, keyHash: ApiKeyHash, value: Value): void {
  table.delete(keyHash);
  if (table.size >= CREDENTIALS_CACHED_MAX) {
    for (const oldest of table.keys()) {
      table.delete(oldest);
      break;
    }
  }
  table.set(keyHash, value);
}
