import type { Instant } from "../clock.ts";
import { isVaultError, VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import { changeCustomer, customerNotFound, requireWriteContext } from "./change-customer.ts";
import type {
  ChannelIdentity,
  Consent,
  CustomerHeader,
  CustomerRecord,
  CustomerSummary,
  ProfileRecord,
} from "./customer.ts";
import {
  assertNotMerged,
  type ConsentInput,
  type CustomerPatch,
  type ExpectedVersion,
  type IdentityInput,
  newIdentity,
  planConsent,
  planCustomerDeletion,
  planCustomerPatch,
  planIdentityLink,
} from "./plan-customer-changes.ts";
import { auditEvent } from "./profile-audit.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";
import type { CustomerFilter, CustomerLookup } from "./profile-store.ts";
import { headerOf, keptProfileView, type Profile, profileView } from "./profile-view.ts";
import { readPastProfile } from "./read-past-profile.ts";

export interface CustomerKeysInput {
  readonly channelIdentity?: IdentityInput | undefined;
  readonly externalId?: string | undefined;
}

export interface ProfileQuery {
  /** Adds every version with its tombstones. */
  readonly history?: boolean | undefined;
  /** The profile as the vault knew it then. */
  readonly knownAt?: Instant | undefined;
}

interface Expectation {
  readonly expectedVersion?: ExpectedVersion;
}

/** How often a customer is looked for anew when others change, merge or delete it meanwhile. */
const ARRIVAL_ATTEMPTS_MAX = 5;

/** Use cases on customers, their identities and consents. */
export class CustomerService {
  readonly #options: ProfileServiceOptions;

  constructor(options: ProfileServiceOptions) {
    this.#options = options;
  }

  /**
   * The customer with the identity or the external id, made when there is none. When both are given and one of them
   * is new, it is added to the customer found by the other one. Any number of concurrent callers get one customer.
   *
   * Rejects with `invalid_request` without a key, `identity_taken` when the two belong to different customers,
   * `external_id_taken` when the customer with the identity has another external id, and `write_conflict` when the
   * customer kept changing hands.
   */
  async getOrCreate(keys: CustomerKeysInput): Promise<{ profile: Profile; created: boolean }> {
    if (keys.channelIdentity === undefined && keys.externalId === undefined) {
      throw new VaultError("invalid_request", "Name a channel identity or an external id.");
    }
    for (let attempt = 1; attempt <= ARRIVAL_ATTEMPTS_MAX; attempt++) {
      const record = await this.#resolve(keys, attempt === 1 ? this.#find : this.#findStored);
      if (record === "stale") continue;
      if (record) return { profile: await this.#view(record, false), created: false };
      const made = await this.#create(keys);
      if (made) return { profile: await this.#view(made, false), created: true };
    }
    throw new VaultError("write_conflict", "The customer changed hands while it was looked up.");
  }

  /** `stale` when other callers came between the reads and the write, so that they do not fit together. */
  async #resolve(
    { channelIdentity, externalId }: CustomerKeysInput,
    find: (lookup: CustomerLookup) => Promise<ProfileRecord | undefined>,
  ): Promise<ProfileRecord | "stale" | undefined> {
    const byIdentity = channelIdentity && (await find({ by: "identity", ...channelIdentity }));
    const byExternalId = externalId === undefined ? undefined : await find({ by: "externalId", externalId });
    if (!byIdentity || !byExternalId)
      return this.#complete({ channelIdentity, externalId }, byIdentity ?? byExternalId);
    const { customerId } = byExternalId.customer;
    // The later of the two reads.
    if (byIdentity.customer.customerId === customerId) return byExternalId;
    // A merge may have brought the customers together, or its undoing apart, between the two reads.
    const now = await this.#findStored({ by: "identity", ...channelIdentity });
    if (now?.customer.customerId !== byIdentity.customer.customerId) return "stale";
    throw new VaultError("identity_taken", "The identity and the external id belong to different customers.", {
      details: { identityCustomerId: now.customer.customerId, externalIdCustomerId: customerId },
    });
  }

  /** Adds the key the found customer does not have yet; another caller may have added it a moment ago. */
  async #complete(
    { channelIdentity, externalId }: CustomerKeysInput,
    found: ProfileRecord | undefined,
  ): Promise<ProfileRecord | "stale" | undefined> {
    if (!found || channelIdentity === undefined || externalId === undefined) return found;
    const { customerId } = found.customer;
    const owned = hasIdentity(found, channelIdentity);
    if (owned && found.customer.externalId === externalId) return found;
    return this.#completed(
      customerId,
      owned ? this.#giveExternalId(customerId, externalId) : this.linkIdentity(customerId, channelIdentity),
    );
  }

  async #completed(customerId: CustomerId, write: Promise<unknown>): Promise<ProfileRecord | "stale"> {
    try {
      await write;
    } catch (error) {
      if (GONE.some((code) => isVaultError(error, code))) return "stale";
      throw error;
    }
    const completed = await this.#find({ by: "id", customerId });
    return completed?.customer.mergedIntoId === null ? completed : "stale";
  }

  /** Rejects with `external_id_taken` also when it is the customer that has another one by now. */
  #giveExternalId(customerId: CustomerId, externalId: string): Promise<void> {
    return changeCustomer(this.#options.store, async (store, lock) => {
      const { customer } = await requireWriteContext(store, { customerId, lock });
      if (customer.externalId !== null && customer.externalId !== externalId) {
        throw new VaultError("external_id_taken", "The customer has another external id.", { details: { customerId } });
      }
      const changes = planCustomerPatch(customer, { externalId }, this.#options.useCase);
      return { outcome: await store.apply(changes), result: undefined };
    });
  }

  readonly #find = (lookup: CustomerLookup): Promise<ProfileRecord | undefined> =>
    this.#options.store.findProfile(lookup, "active");

  /** Past any cache: within a transaction nothing is read from one. */
  readonly #findStored = (lookup: CustomerLookup): Promise<ProfileRecord | undefined> =>
    this.#options.store.transaction((store) => store.findProfile(lookup, "active"));

  /** As it was made: what becomes of it meanwhile is another's business. `undefined` when a key is taken. */
  async #create(keys: CustomerKeysInput): Promise<ProfileRecord | undefined> {
    const { useCase, store } = this.#options;
    const at = useCase.clock.now();
    const customer: CustomerRecord = {
      customerId: useCase.ids.uuid<CustomerId>(),
      externalId: keys.externalId ?? null,
      verificationLevel: "unverified",
      createdAt: at,
      updatedAt: at,
      lastInteractionAt: null,
      version: 1,
      mergedIntoId: null,
      deletedAt: null,
      wrappedKey: null,
    };
    const identity = keys.channelIdentity ? newIdentity(keys.channelIdentity, at, true) : null;
    const data = { channel: keys.channelIdentity?.channel ?? null, hasExternalId: keys.externalId !== undefined };
    const { customerId } = customer;
    const created = auditEvent(useCase, { eventType: "customer_created", customerId, at, data });
    const outcome = await store.createCustomer({ customer, identity, audit: [created] });
    if (outcome === "taken") return undefined;
    return { customer, identities: identity ? [identity] : [], consents: [], fields: [], assets: [] };
  }

  /** Newest first. Rejects with `invalid_cursor`, and with `invalid_request` for more than one filter. */
  list(filter: CustomerFilter, page: PageRequest): Promise<Page<CustomerSummary>> {
    return this.#options.store.listCustomers(filter, page);
  }

  /**
   * Rejects with `customer_not_found` (also when the vault did not know the customer at `knownAt`), `customer_merged`,
   * and with `write_conflict` when merges never stood still while a past was read.
   */
  async get(customerId: CustomerId, query: ProfileQuery = {}): Promise<Profile> {
    const { store } = this.#options;
    if (query.knownAt !== undefined) return this.#view(await readPastProfile(store, customerId, query.knownAt), false);
    const history = query.history ?? false;
    const record = await store.findProfile({ by: "id", customerId }, history ? "history" : "active");
    if (!record) throw customerNotFound();
    assertNotMerged(record.customer);
    return this.#view(record, history);
  }

  async #view(record: ProfileRecord, history: boolean): Promise<Profile> {
    const { mayReadPii } = this.#options.useCase.call;
    const kept = history ? undefined : keptProfileView(record, mayReadPii);
    if (kept) return kept;
    const opened = mayReadPii ? await this.#options.keys.open(record.fields, this.#options.store) : new Map();
    return profileView(record, { mayReadPii, opened }, history);
  }

  /** Rejects with `customer_not_found`, `customer_merged`, `version_mismatch`, `external_id_taken`. */
  update(customerId: CustomerId, patch: CustomerPatch & Expectation): Promise<CustomerHeader> {
    return changeCustomer(this.#options.store, async (store, lock) => {
      const target = { customerId, expectedVersion: patch.expectedVersion, lock };
      const { customer } = await requireWriteContext(store, target);
      const changes = planCustomerPatch(customer, patch, this.#options.useCase);
      return { outcome: await store.apply(changes), result: headerOf(changes.customer) };
    });
  }

  /**
   * Leaves a tombstone: later reads do not find the customer, its identities and external id are free again, and
   * its history is kept for the register. Rejects with `customer_not_found`, `customer_merged`, `version_mismatch`.
   */
  delete(customerId: CustomerId, options: Expectation = {}): Promise<void> {
    return changeCustomer(this.#options.store, async (store, lock) => {
      const { customer } = await requireWriteContext(store, { customerId, lock, ...options });
      return { outcome: await store.apply(planCustomerDeletion(customer, this.#options.useCase)), result: undefined };
    });
  }

  /** By channel, then channel user id. Rejects with `customer_not_found`, `customer_merged`. */
  async listIdentities(customerId: CustomerId): Promise<readonly ChannelIdentity[]> {
    return (await this.#requireRecord(customerId)).identities;
  }

  /** Links an identity, or updates its flags. Rejects with `identity_taken` when another customer owns it. */
  linkIdentity(customerId: CustomerId, input: IdentityInput & Expectation): Promise<ChannelIdentity> {
    const { useCase } = this.#options;
    return changeCustomer(this.#options.store, async (store, lock) => {
      const target = { customerId, expectedVersion: input.expectedVersion, lock };
      const { customer } = await requireWriteContext(store, target);
      const record = await store.findProfile({ by: "id", customerId }, "active");
      // Of another moment, which the next attempt rules out: within its transaction nothing is read from a cache.
      if (record?.customer.version !== customer.version) return { outcome: "stale" };
      const { changes, identity } = planIdentityLink(customer, record.identities, { input, useCase });
      return { outcome: await store.apply(changes), result: identity };
    });
  }

  /** The whole history, oldest first; the latest entry of a type decides. */
  async listConsents(customerId: CustomerId): Promise<readonly Consent[]> {
    return (await this.#requireRecord(customerId)).consents;
  }

  /** Appends a grant or a revocation. Rejects with `customer_not_found`, `customer_merged`, `version_mismatch`. */
  recordConsent(customerId: CustomerId, input: ConsentInput & Expectation): Promise<Consent> {
    return changeCustomer(this.#options.store, async (store, lock) => {
      const target = { customerId, expectedVersion: input.expectedVersion, lock };
      const { customer } = await requireWriteContext(store, target);
      const { changes, consent } = planConsent(customer, input, this.#options.useCase);
      return { outcome: await store.apply(changes), result: consent };
    });
  }

  async #requireRecord(customerId: CustomerId): Promise<ProfileRecord> {
    const record = await this.#find({ by: "id", customerId });
    if (!record) throw customerNotFound();
    assertNotMerged(record.customer);
    return record;
  }
}

/** What is said of a customer who was merged or deleted. */
const GONE = ["customer_merged", "customer_not_found"] as const;

function hasIdentity({ identities }: ProfileRecord, { channel, channelUserId }: IdentityInput): boolean {
  return identities.some((each) => each.channel === channel && each.channelUserId === channelUserId);
}
