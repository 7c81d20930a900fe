import { addMs, type Instant } from "../clock.ts";
import type { ItemId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import { COMMITMENT_SECRET_BYTES, commitmentOf } from "../register/commitments.ts";
import type { Asset, AssetInsert, AssetType } from "./asset.ts";
import type { ChangeSet } from "./change-set.ts";
import type { SourceInput } from "./field-input.ts";
import { newLifecycle, superseded } from "./item.ts";
import { effectiveAt } from "./plan-field-changes.ts";
import { assertLineage, normaliseSources } from "./plan-sources.ts";
import { auditEvent, type UseCaseContext } from "./profile-audit.ts";
import type { WriteContext } from "./profile-store.ts";

export interface AssetInput {
  /** Chosen by the caller; a new UUID otherwise. */
  readonly id?: ItemId | undefined;
  readonly name: string;
  readonly assetType: AssetType;
  readonly mimeType: string;
  readonly sources?: readonly SourceInput[] | undefined;
  readonly derivedFromTool?: string | undefined;
  readonly uploadedInSessionId?: string | undefined;
  readonly uploadedInScenarioId?: string | undefined;
  readonly verified?: boolean | undefined;
  readonly verificationResult?: JsonObject | undefined;
  /** `permanent` (default), `session_end` or `<n>_days`. */
  readonly retentionPolicy?: string | undefined;
  readonly expiresAt?: Instant | undefined;
  readonly metadata?: JsonObject | undefined;
  /** Supersedes the current assets of the same name. Default false: names of assets need not be unique. */
  readonly supersedeExisting?: boolean | undefined;
}

export interface AssetLocation {
  readonly storageProvider: string;
  readonly storagePath: string;
  readonly sizeBytes: number;
  readonly checksum: string;
}

const DAYS_POLICY = /^([1-9]\d{0,4})_days$/;
const DAY_MS = 86_400_000;

export function isRetentionPolicy(policy: string): boolean {
  return policy === "permanent" || policy === "session_end" || DAYS_POLICY.test(policy);
}

export function planAssetAddition(
  context: WriteContext,
  input: AssetInput & { readonly id: ItemId },
  { location, useCase }: { location: AssetLocation; useCase: UseCaseContext },
): { changes: ChangeSet; asset: Asset } {
  const { customer } = context;
  const at = effectiveAt(customer, useCase);
  const commitmentSecret = Buffer.from(useCase.ids.bytes(COMMITMENT_SECRET_BYTES)).toString("base64url");
  const insert: AssetInsert = { ...assetOf(context, input, { location, at }), commitmentSecret };
  assertLineage([{ ...insert, kind: "profile_asset", path: "" }], context.items);
  const replaced = input.supersedeExisting ? context.currentAssets : [];
  const changes: ChangeSet = {
    customerId: customer.customerId,
    expectedVersion: customer.version,
    customer: { ...customer, updatedAt: at, lastInteractionAt: at, version: customer.version + 1 },
    endAssets: replaced.map((asset) => ({ id: asset.id, ...superseded(asset, insert.id, at) })),
    insertAssets: [insert],
    audit: [
      auditEvent(useCase, {
        eventType: "asset_added",
        customerId: customer.customerId,
        subjectId: insert.id,
        at,
        data: {
          name: insert.name,
          assetType: insert.assetType,
          contentCommitment: commitmentOf(commitmentSecret, insert.id, insert.checksum),
          sources: insert.sources.map(({ type, id }) => ({ type, id })),
          supersedes: replaced.map((asset) => asset.id),
        },
      }),
    ],
  };
  const { commitmentSecret: _, ...asset } = insert;
  return { changes, asset: { ...asset, isOrphaned: false, analysisFieldIds: [] } };
}

function assetOf(
  context: WriteContext,
  input: AssetInput & { readonly id: ItemId },
  { location, at }: { location: AssetLocation; at: Instant },
): Omit<AssetInsert, "commitmentSecret"> {
  const { retentionPolicy = "permanent" } = input;
  return {
    id: input.id,
    customerId: context.customer.customerId,
    name: input.name,
    assetType: input.assetType,
    ...location,
    mimeType: input.mimeType,
    uploadedAt: at,
    uploadedInSessionId: input.uploadedInSessionId ?? null,
    uploadedInScenarioId: input.uploadedInScenarioId ?? null,
    sources: normaliseSources(input.sources),
    derivedFromTool: input.derivedFromTool ?? null,
    verified: input.verified ?? false,
    verificationResult: input.verificationResult ?? null,
    retentionPolicy,
    expiresAt: input.expiresAt ?? endOfRetention(retentionPolicy, at),
    metadata: input.metadata ?? {},
    ...newLifecycle(at),
  };
}

function endOfRetention(policy: string, at: Instant): Instant | null {
  const days = DAYS_POLICY.exec(policy)?.[1];
  return days === undefined ? null : addMs(at, Number(days) * DAY_MS);
}
