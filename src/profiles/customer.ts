import type { Instant } from "../clock.ts";
import type { ConsentId, CustomerId } from "../identifiers.ts";
import type { Asset } from "./asset.ts";
import type { FieldVersion } from "./field-version.ts";

export const CHANNELS = ["whatsapp", "slack", "webchat", "email", "voice", "api", "sms"] as const;
export type Channel = (typeof CHANNELS)[number];
export const CHANNEL_USER_ID_LENGTH_MAX = 255;
export const EXTERNAL_ID_LENGTH_MAX = 255;
export const CONSENT_TYPE_LENGTH_MAX = 100;

/** Ordered from weakest to strongest. */
export const VERIFICATION_LEVELS = [
  "unverified",
  "email_verified",
  "phone_verified",
  "document_verified",
  "kyc_complete",
] as const;
export type VerificationLevel = (typeof VERIFICATION_LEVELS)[number];

export function strongerLevel(a: VerificationLevel, b: VerificationLevel): VerificationLevel {
  return VERIFICATION_LEVELS.indexOf(a) >= VERIFICATION_LEVELS.indexOf(b) ? a : b;
}

export interface ChannelIdentity {
  readonly channel: Channel;
  readonly channelUserId: string;
  readonly verified: boolean;
  readonly verifiedAt: Instant | null;
  /** At most one per channel of a customer. */
  readonly primary: boolean;
  readonly createdAt: Instant;
}

/** One entry of the append-only history of a consent; the latest of a type decides. */
export interface Consent {
  readonly id: ConsentId;
  readonly consentType: string;
  readonly granted: boolean;
  readonly grantedAt: Instant | null;
  readonly revokedAt: Instant | null;
  readonly sourceSessionId: string | null;
  readonly ipAddress: string | null;
  readonly recordedAt: Instant;
}

export interface CustomerHeader {
  readonly customerId: CustomerId;
  readonly externalId: string | null;
  readonly verificationLevel: VerificationLevel;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly lastInteractionAt: Instant | null;
  /** Rises by one with every change of anything that belongs to the customer; the ETag. */
  readonly version: number;
}

/** A header as stored, with what readers of live customers never see. */
export interface CustomerRecord extends CustomerHeader {
  readonly mergedIntoId: CustomerId | null;
  readonly deletedAt: Instant | null;
  /** The customer's data key, wrapped by the tenant's key, base64url; `null` until a value is encrypted. */
  readonly wrappedKey: string | null;
}

export interface CustomerSummary extends CustomerHeader {
  readonly identities: readonly ChannelIdentity[];
}

/** Everything stored about one customer, as one read returns it. */
export interface ProfileRecord {
  readonly customer: CustomerRecord;
  /** By channel, then channel user id. */
  readonly identities: readonly ChannelIdentity[];
  /** Oldest first, every entry. */
  readonly consents: readonly Consent[];
  /** By name, newest version first: only active ones, or all with their tombstones in a history read. */
  readonly fields: readonly FieldVersion[];
  /** Newest first: only active ones, or all with their tombstones in a history read. */
  readonly assets: readonly Asset[];
}
