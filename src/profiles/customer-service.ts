import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import { changeCustomer, customerNotFound, requireWriteContext } from "./change-customer.ts";
import type { ChannelIdentity, Consent, CustomerHeader, CustomerSummary, ProfileRecord } from "./customer.ts";
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
import { profileAsOf, profileBeforeMerge } from "./profile-as-of.ts";
import { auditEvent } from "./profile-audit.ts";
import type { ProfileServiceOptions } from "./profile-services.ts";
import type { CustomerFilter, CustomerLookup } from "./profile-store.ts";
import { headerOf, keptProfileView, type Profile, profileView } from "./profile-view.ts";

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
   * Rejects with `invalid_request` without a key, `identity_taken` when the two belong to different customers, and
   * `external_id_taken` when the customer with the identity has another external id.
   */
  async getOrCreate(keys: CustomerKeysInput): Promise<{ profile: Profile; created: boolean }> {
    if (keys.channelIdentity === undefined && keys.externalId === undefined) {
      throw new VaultError("invalid_request", "Name a channel identity or an external id.");
    }
    const existing = await this.#resolve(keys);
    if (existing) return { profile: await this.#view(existing, false), created: false };
    const customerId = await this.#create(keys);
    if (customerId) return { profile: await this.get(customerId), created: true };
    const winner = await this.#resolve(keys);
    if (!winner) throw new VaultError("write_conflict", "The customer changed hands while it was looked up.");
    return { profile: await this.#view(winner, false), created: false };
  }

  async #resolve({ channelIdentity, externalId }: CustomerKeysInput): Promise<ProfileRecord | undefined> {
    const byIdentity = channelIdentity && (await this.#find({ by: "identity", ...channelIdentity }));
    const byExternalId = externalId === undefined ? undefined : await this.#find({ by: "externalId", externalId });
    if (!byIdentity || !byExternalId)
      return this.#complete({ channelIdentity, externalId }, byIdentity ?? byExternalId);
    if (byIdentity.customer.customerId !== byExternalId.customer.customerId) {
      throw new VaultError("identity_taken", "The identity and the external id belong to different customers.", {
        details: {
          identityCustomerId: byIdentity.customer.customerId,
          externalIdCustomerId: byExternalId.customer.customerId,
        },
      });
    }
    // The later of the two reads.
    return byExternalId;
  }

  /** Adds the key the found customer does not have yet; another caller may have added it a moment ago. */
  async #complete(keys: CustomerKeysInput, found: ProfileRecord | undefined): Promise<ProfileRecord | undefined> {
    if (!found || keys.channelIdentity === undefined || keys.externalId === undefined) return found;
    const { customerId } = found.customer;
    const owned = found.identities.some(
      (each) =>
        each.channel === keys.channelIdentity?.channel && each.channelUserId === keys.channelIdentity.channelUserId,
    );
    if (owned && found.customer.externalId === keys.externalId) return found;
    if (!owned) await this.linkIdentity(customerId, keys.channelIdentity);
    else if (found.customer.externalId === null) await this.update(customerId, { externalId: keys.externalId });
    else {
      throw new VaultError("external_id_taken", "The customer has another external id.", { details: { customerId } });
    }
    return this.#find({ by: "id", customerId });
  }

  #find(lookup: CustomerLookup): Promise<ProfileRecord | undefined> {
    return this.#options.store.findProfile(lookup, "active");
  }

  async #create(keys: CustomerKeysInput): Promise<CustomerId | undefined> {
    const { useCase, store } = this.#options;
    const at = useCase.clock.now();
    const customerId = useCase.ids.uuid<CustomerId>();
    const outcome = await store.createCustomer({
      customer: {
        customerId,
        externalId: keys.externalId ?? null,
        verificationLevel: "unverified",
        createdAt: at,
        updatedAt: at,
        lastInteractionAt: null,
        version: 1,
        mergedIntoId: null,
        deletedAt: null,
        wrappedKey: null,
      },
      identity: keys.channelIdentity ? newIdentity(keys.channelIdentity, at, true) : null,
      audit: [
        auditEvent(useCase, {
          eventType: "customer_created",
          customerId,
          at,
          data: { channel: keys.channelIdentity?.channel ?? null, hasExternalId: keys.externalId !== undefined },
        }),
      ],
    });
    return outcome === "created" ? customerId : undefined;
  }

  /** Newest first. Rejects with `invalid_cursor`, and with `invalid_request` for more than one filter. */
  list(filter: CustomerFilter, page: PageRequest): Promise<Page<CustomerSummary>> {
    return this.#options.store.listCustomers(filter, page);
  }

  /** Rejects with `customer_not_found` (also when the vault did not know the customer at `knownAt`), `customer_merged`. */
  async get(customerId: CustomerId, query: ProfileQuery = {}): Promise<Profile> {
    if (query.knownAt !== undefined) return this.#getAsOf(customerId, query.knownAt);
    const history = query.history ?? false;
    const record = await this.#options.store.findProfile({ by: "id", customerId }, history ? "history" : "active");
    if (!record) throw customerNotFound();
    assertNotMerged(record.customer);
    return this.#view(record, history);
  }

  async #getAsOf(customerId: CustomerId, knownAt: Instant): Promise<Profile> {
    const { store } = this.#options;
    let record = await store.findProfile({ by: "id", customerId }, "history");
    if (!record) throw customerNotFound();
    if (record.customer.mergedIntoId !== null) record = await this.#beforeMerge(record, knownAt);
    const merges = await store.listMergesInto(customerId);
    const past = profileAsOf(record, knownAt, merges);
    if (!past) throw new VaultError("customer_not_found", "The vault did not know the customer then.");
    return this.#view(past, false);
  }

  async #beforeMerge(record: ProfileRecord, knownAt: Instant): Promise<ProfileRecord> {
    const { store } = this.#options;
    const { customerId, mergedIntoId } = record.customer;
    const merges = mergedIntoId === null ? [] : await store.listMergesInto(mergedIntoId);
    const merge = merges.find((each) => each.sourceCustomerId === customerId);
    let survivorId = mergedIntoId;
    let survivor: ProfileRecord | undefined;
    while (survivorId !== null) {
      survivor = await store.findProfile({ by: "id", customerId: survivorId }, "history");
      survivorId = survivor?.customer.mergedIntoId ?? null;
    }
    if (!merge || !survivor || merge.mergedAt <= knownAt) assertNotMerged(record.customer);
    return merge && survivor ? profileBeforeMerge(survivor, merge) : record;
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
