import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { ConsentId } from "../identifiers.ts";
import type { ChangeSet } from "./change-set.ts";
import type { Channel, ChannelIdentity, Consent, CustomerRecord, VerificationLevel } from "./customer.ts";
import { effectiveAt, touched } from "./plan-field-changes.ts";
import { auditEvent, type UseCaseContext } from "./profile-audit.ts";

export interface CustomerPatch {
  /** `null` removes it. */
  readonly externalId?: string | null | undefined;
  readonly verificationLevel?: VerificationLevel | undefined;
}

export function planCustomerPatch(customer: CustomerRecord, patch: CustomerPatch, useCase: UseCaseContext): ChangeSet {
  const at = effectiveAt(customer, useCase);
  const verificationLevel = patch.verificationLevel ?? customer.verificationLevel;
  const externalId = patch.externalId === undefined ? customer.externalId : patch.externalId;
  return {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: { ...touched(customer, at), externalId, verificationLevel },
    audit: [
      auditEvent(useCase, {
        eventType: "customer_updated",
        customerId: customer.customerId,
        at,
        data: {
          externalIdChanged: externalId !== customer.externalId,
          verificationLevel: { from: customer.verificationLevel, to: verificationLevel },
        },
      }),
    ],
  };
}

export function planCustomerDeletion(customer: CustomerRecord, useCase: UseCaseContext): ChangeSet {
  const at = effectiveAt(customer, useCase);
  return {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: { ...touched(customer, at), deletedAt: at },
    releaseKeys: true,
    audit: [auditEvent(useCase, { eventType: "customer_deleted", customerId: customer.customerId, at })],
  };
}

export interface IdentityInput {
  readonly channel: Channel;
  readonly channelUserId: string;
  readonly verified?: boolean | undefined;
  readonly primary?: boolean | undefined;
}

export function newIdentity(input: IdentityInput, at: Instant, primaryByDefault: boolean): ChannelIdentity {
  const verified = input.verified ?? false;
  return {
    channel: input.channel,
    channelUserId: input.channelUserId,
    verified,
    verifiedAt: verified ? at : null,
    primary: input.primary ?? primaryByDefault,
    createdAt: at,
  };
}

/** Links an identity, or updates the flags of one that is linked. The first identity of a channel is its primary one. */
export function planIdentityLink(
  customer: CustomerRecord,
  identities: readonly ChannelIdentity[],
  { input, useCase }: { input: IdentityInput; useCase: UseCaseContext },
): { changes: ChangeSet; identity: ChannelIdentity } {
  const at = effectiveAt(customer, useCase);
  const sameChannel = identities.filter((each) => each.channel === input.channel);
  const existing = sameChannel.find((each) => each.channelUserId === input.channelUserId);
  const identity = existing ? updatedIdentity(existing, input, at) : newIdentity(input, at, sameChannel.length === 0);
  const demoted = identity.primary
    ? sameChannel.filter((each) => each !== existing && each.primary).map((each) => ({ ...each, primary: false }))
    : [];
  const changes: ChangeSet = {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: touched(customer, at),
    updateIdentities: existing ? [...demoted, identity] : demoted,
    insertIdentities: existing ? [] : [identity],
    audit: [
      auditEvent(useCase, {
        eventType: "identity_linked",
        customerId: customer.customerId,
        at,
        data: { channel: identity.channel, verified: identity.verified, primary: identity.primary, isNew: !existing },
      }),
    ],
  };
  return { changes, identity };
}

function updatedIdentity(existing: ChannelIdentity, input: IdentityInput, at: Instant): ChannelIdentity {
  const verified = input.verified ?? existing.verified;
  return {
    ...existing,
    verified,
    verifiedAt: verified ? (existing.verifiedAt ?? at) : null,
    primary: input.primary ?? existing.primary,
  };
}

export interface ConsentInput {
  readonly consentType: string;
  readonly granted: boolean;
  readonly sourceSessionId?: string | undefined;
  readonly ipAddress?: string | undefined;
}

export function planConsent(
  customer: CustomerRecord,
  input: ConsentInput,
  useCase: UseCaseContext,
): { changes: ChangeSet; consent: Consent } {
  const at = effectiveAt(customer, useCase);
  const consent: Consent = {
    id: useCase.ids.uuid<ConsentId>(),
    consentType: input.consentType,
    granted: input.granted,
    grantedAt: input.granted ? at : null,
    revokedAt: input.granted ? null : at,
    sourceSessionId: input.sourceSessionId ?? null,
    ipAddress: input.ipAddress ?? null,
    recordedAt: at,
  };
  const changes: ChangeSet = {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: touched(customer, at),
    insertConsents: [consent],
    audit: [
      auditEvent(useCase, {
        eventType: input.granted ? "consent_granted" : "consent_revoked",
        customerId: customer.customerId,
        subjectId: consent.id,
        at,
        data: { consentType: consent.consentType },
      }),
    ],
  };
  return { changes, consent };
}

/** The versions a caller is prepared to change; any when it does not say. */
export type ExpectedVersion = number | readonly number[] | undefined;

/** @throws `version_mismatch` when the caller expects another version of the customer */
export function assertVersion(customer: CustomerRecord, expected: ExpectedVersion): void {
  if (expected === undefined) return;
  if (typeof expected === "number" ? expected === customer.version : expected.includes(customer.version)) return;
  throw new VaultError("version_mismatch", `The customer is at version ${customer.version}.`, {
    details: { currentVersion: customer.version },
  });
}

/** @throws `customer_merged` for a customer that lives on in another one */
export function assertNotMerged(customer: CustomerRecord): void {
  if (customer.mergedIntoId !== null) throw customerMerged(customer);
}

export function customerMerged({ mergedIntoId }: CustomerRecord): VaultError {
  return new VaultError("customer_merged", "The customer was merged into another one.", {
    details: { mergedInto: mergedIntoId },
  });
}
