import type { MergeSummary } from "../../src/profiles/merge-service.ts";
import type { Session } from "../../src/sessions/session.ts";
import type { ApiKey } from "../../src/tenants/api-key.ts";
import type { Role } from "../../src/tenants/role.ts";
import type { Method } from "./caller.ts";
import { defineFields, requireFields } from "./define-fields.ts";
import { newSealed, REGISTER_REQUESTS, type RegisterFixture } from "./register-fixture.ts";
import { newCustomer, registration, uuid } from "./test-customer.ts";
import { newWallets, WALLET_REQUESTS, type WalletFixture } from "./wallet-fixture.ts";
import type { TenantCallers } from "./world.ts";

/** Things of one tenant that the requests below are about. What they delete is a spare one. */
export interface RouteFixture extends WalletFixture, RegisterFixture {
  readonly tenantId: string;
  readonly customerId: string;
  readonly channelUserId: string;
  readonly externalId: string;
  readonly spareCustomerId: string;
  readonly duplicateId: string;
  /** Active, of the customer; so is a field `spare`. */
  readonly fieldId: string;
  /** With bytes in the vault. */
  readonly assetId: string;
  readonly spareAssetId: string;
  /** Of a merge that stands. */
  readonly mergeId: string;
  /** Defines `city` and `spare`. */
  readonly agentId: string;
  /** Requires `city`. */
  readonly scenarioId: string;
  /** Of the customer. */
  readonly sessionId: string;
  readonly spareSessionId: string;
  readonly apiKeyId: string;
  readonly spareApiKeyId: string;
}

let count = 0;

/** @param role of who the requests are for: the wallets are its own, if it can have any */
export async function newFixture(callers: TenantCallers, role: Role = "admin"): Promise<RouteFixture> {
  const channelUserId = `+3461${++count}`;
  const externalId = `crm-${count}`;
  const customer = await newCustomer(callers, { channelIdentity: { channel: "sms", channelUserId }, externalId });
  const [city] = await customer.write([
    { name: "city", value: "Vigo" },
    { name: "spare", value: 1 },
  ]);
  const asset = await customer.upload();
  const spareAsset = await customer.upload();
  const agentId = uuid();
  const scenarioId = uuid();
  await defineFields(callers.admin, agentId, { city: { valueType: "string" }, spare: { valueType: "number" } });
  await requireFields(callers.admin, { agentId, scenarioId }, [{ fieldName: "city" }, { fieldName: "pet" }]);
  const merged = [await newCustomer(callers), await newCustomer(callers)] as const;
  const merge = await callers.admin.post<MergeSummary>(`${merged[0].url}/merge`, { sourceCustomerId: merged[1].id });
  const newSession = async () => {
    const place = { agentId: uuid(), channel: "sms", channelUserId };
    return (await callers.agent.post<Session>("/v1/sessions", place)).expect(201).sessionId;
  };
  const newKey = async () => {
    const reply = await callers.admin.post<{ apiKey: ApiKey }>("/v1/api-keys", { name: "spare", role: "auditor" });
    return reply.expect(201).apiKey.id;
  };
  const apiKeyId = await newKey();
  const wallets = await newWallets(callers, { role, apiKeyId });
  const fixture = {
    tenantId: callers.tenantId,
    customerId: customer.id,
    channelUserId,
    externalId,
    spareCustomerId: (await newCustomer(callers)).id,
    duplicateId: (await newCustomer(callers)).id,
    fieldId: city?.id ?? "",
    assetId: asset.id,
    spareAssetId: spareAsset.id,
    mergeId: merge.expect(200).mergeId,
    agentId,
    scenarioId,
    sessionId: await newSession(),
    spareSessionId: await newSession(),
    ...wallets,
    apiKeyId,
    spareApiKeyId: await newKey(),
  };
  return { ...fixture, ...(await newSealed(callers)) };
}

export interface RouteRequest {
  readonly method: Method;
  readonly url: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

type Describe = (fixture: RouteFixture) => RouteRequest;

const get = (url: (fixture: RouteFixture) => string): Describe => {
  return (fixture) => ({ method: "GET", url: url(fixture) });
};
const remove = (url: (fixture: RouteFixture) => string): Describe => {
  return (fixture) => ({ method: "DELETE", url: url(fixture) });
};
const customerUrl = ({ customerId }: RouteFixture) => `/v1/customers/${customerId}`;
const definitionUrl = ({ agentId }: RouteFixture, name = "city") => `/v1/agents/${agentId}/field-definitions/${name}`;
const verification = { method: "otp", by: "ana" };

/** A request that succeeds, for each route by its name, for whoever is permitted. */
export const ROUTE_REQUESTS: Readonly<Record<string, Describe>> = {
  getOrCreateCustomer: ({ channelUserId, externalId }) => {
    const channelIdentity = { channel: "sms", channelUserId, verified: true, primary: true };
    return { method: "POST", url: "/v1/customers", body: { channelIdentity, externalId } };
  },
  listCustomers: get(({ channelUserId }) => {
    return `/v1/customers?limit=10&channel=sms&channelUserId=${encodeURIComponent(channelUserId)}`;
  }),
  getCustomer: get((fixture) => `${customerUrl(fixture)}?history=true`),
  updateCustomer: (fixture) => {
    const body = { externalId: fixture.externalId, verificationLevel: "email_verified" };
    return { method: "PATCH", url: customerUrl(fixture), body };
  },
  deleteCustomer: remove(({ spareCustomerId }) => `/v1/customers/${spareCustomerId}`),
  writeFields: (fixture) => ({ method: "POST", url: `${customerUrl(fixture)}/fields`, body: fieldWrite(fixture) }),
  getField: get((fixture) => `${customerUrl(fixture)}/fields/city?status=any`),
  getFieldHistory: get((fixture) => `${customerUrl(fixture)}/fields/city/history?limit=1`),
  verifyField: (fixture) => {
    const body = { ...verification, evidenceItemId: fixture.assetId };
    return { method: "POST", url: `${customerUrl(fixture)}/fields/city/verify`, body };
  },
  confirmField: (fixture) => {
    return { method: "POST", url: `${customerUrl(fixture)}/fields/city/confirm`, body: verification };
  },
  deleteField: remove((fixture) => `${customerUrl(fixture)}/fields/spare?status=any`),
  listMissingFields: get((fixture) => `${customerUrl(fixture)}/missing?scenarioId=${fixture.scenarioId}&level=all`),
  addAsset: (fixture) => {
    const sources = [{ type: "profile_field", id: fixture.fieldId, metadata: { page: 1 } }];
    const body = registration({ sources, metadata: { a: ["b"] }, verified: true }) as Record<string, unknown>;
    return { method: "POST", url: `${customerUrl(fixture)}/assets`, body };
  },
  listAssets: get((fixture) => `${customerUrl(fixture)}/assets?limit=1&status=any`),
  getAsset: get((fixture) => `${customerUrl(fixture)}/assets/${fixture.assetId}`),
  getAssetContent: get((fixture) => `${customerUrl(fixture)}/assets/${fixture.assetId}/content`),
  deleteAsset: remove((fixture) => `${customerUrl(fixture)}/assets/${fixture.spareAssetId}`),
  getLineage: get(({ fieldId }) => `/v1/items/${fieldId}/lineage`),
  listDependents: get(({ fieldId }) => `/v1/items/${fieldId}/dependents?transitive=true`),
  listIdentities: get((fixture) => `${customerUrl(fixture)}/identities`),
  linkIdentity: (fixture) => {
    const body = { channel: "voice", channelUserId: fixture.channelUserId, verified: true, primary: false };
    return { method: "POST", url: `${customerUrl(fixture)}/identities`, body };
  },
  listConsents: get((fixture) => `${customerUrl(fixture)}/consents`),
  recordConsent: (fixture) => {
    const body = { consentType: "marketing", granted: true, sourceSessionId: "chat", ipAddress: "192.0.2.1" };
    return { method: "POST", url: `${customerUrl(fixture)}/consents`, body };
  },
  mergeCustomers: (fixture) => {
    return { method: "POST", url: `${customerUrl(fixture)}/merge`, body: { sourceCustomerId: fixture.duplicateId } };
  },
  undoMerge: ({ mergeId }) => ({ method: "POST", url: `/v1/merges/${mergeId}/undo` }),
  openSession: ({ agentId, channelUserId, customerId }) => {
    const body = { agentId, channel: "sms", channelUserId, customerId, configVersion: 1, variables: { a: [{ b: 1 }] } };
    return { method: "POST", url: "/v1/sessions", body };
  },
  listSessions: get(({ customerId }) => `/v1/sessions?customerId=${customerId}&limit=1&status=active`),
  getSession: get(({ sessionId }) => `/v1/sessions/${sessionId}`),
  updateSession: (fixture) => ({
    method: "PATCH",
    url: `/v1/sessions/${fixture.sessionId}`,
    body: sessionPatch(fixture),
  }),
  deleteSession: remove(({ spareSessionId }) => `/v1/sessions/${spareSessionId}`),
  listDefinitions: get(({ agentId }) => `/v1/agents/${agentId}/field-definitions?includeDisabled=true`),
  putDefinition: (fixture) => ({ method: "PUT", url: definitionUrl(fixture), body: DEFINITION }),
  getDefinition: get((fixture) => definitionUrl(fixture)),
  deleteDefinition: remove((fixture) => definitionUrl(fixture, "spare")),
  validateValue: (fixture) => {
    return { method: "POST", url: `${definitionUrl(fixture)}/validate`, body: { value: "Lugo" } };
  },
  getAgentSettings: get(({ agentId }) => `/v1/agents/${agentId}/settings`),
  putAgentSettings: ({ agentId }) => {
    return { method: "PUT", url: `/v1/agents/${agentId}/settings`, body: { validationMode: "warn" } };
  },
  putRequirements: ({ agentId, scenarioId }) => {
    const requirement = { agentId, fieldName: "city", requiredLevel: "soft", fallbackAction: "skip" };
    const more = { whenCondition: "true", dependsOnFields: ["pet"], collectionOrder: 3, extractionConfidence: 0.5 };
    const body = { requirements: [{ ...requirement, ...more, needsHumanReview: false, origin: "manual" }] };
    return { method: "PUT", url: `/v1/scenarios/${scenarioId}/requirements?scope=all`, body };
  },
  listRequirements: get(({ scenarioId }) => `/v1/scenarios/${scenarioId}/requirements?scope=effective`),
  deleteRequirements: remove(({ scenarioId }) => `/v1/scenarios/${scenarioId}/requirements?scope=scenario`),
  expireStale: ({ customerId }) => {
    return { method: "POST", url: `/v1/admin/profiles/expire-stale?customerId=${customerId}` };
  },
  detectOrphans: ({ customerId }) => {
    return { method: "POST", url: `/v1/admin/profiles/detect-orphans?customerId=${customerId}` };
  },
  invalidateCache: ({ customerId }) => {
    return { method: "POST", url: "/v1/admin/cache/invalidate", body: { customerId } };
  },
  listAuditEvents: get(({ customerId }) => `/v1/audit/events?customerId=${customerId}&limit=1`),
  ...REGISTER_REQUESTS,
  ...WALLET_REQUESTS,
  createApiKey: () => {
    const body = { name: "made", role: "agent", expiresAt: "2030-01-01T00:00:00Z" };
    return { method: "POST", url: "/v1/api-keys", body };
  },
  listApiKeys: get(() => "/v1/api-keys?limit=1"),
  getApiKey: get(({ apiKeyId }) => `/v1/api-keys/${apiKeyId}`),
  revokeApiKey: remove(({ spareApiKeyId }) => `/v1/api-keys/${spareApiKeyId}`),
  createTenant: () => {
    const body = { slug: `made-${++count}`, name: "Made", validationMode: "warn" };
    return { method: "POST", url: "/v1/tenants", body };
  },
  listTenants: get(() => "/v1/tenants?limit=1"),
  getTenant: get(({ tenantId }) => `/v1/tenants/${tenantId}`),
  updateTenant: ({ tenantId }) => {
    return { method: "PATCH", url: `/v1/tenants/${tenantId}`, body: { name: "Renamed", validationMode: "warn" } };
  },
};

function fieldWrite({ agentId, assetId }: RouteFixture): Record<string, unknown> {
  return {
    agentId,
    mode: "warn",
    fields: [
      {
        name: "city",
        value: { anything: ["x", 1] },
        valueType: "json",
        source: "tool_result",
        sources: [
          { type: "profile_asset", id: assetId, metadata: { page: 1 } },
          { type: "session", id: "chat" },
        ],
        confidence: 0.5,
        verified: true,
        verificationMethod: "otp",
        verifiedBy: "ana",
        expiresAt: "2030-01-01T00:00:00Z",
        collectedAt: "2026-01-01T00:00:00Z",
        requiresConfirmation: false,
        sourceSessionId: "chat",
        sourceScenarioId: "loan",
        sourceStepId: "first",
        metadata: { a: { b: "c" } },
        supersedeExisting: true,
      },
    ],
  };
}

function sessionPatch({ customerId, scenarioId }: RouteFixture): Record<string, unknown> {
  return {
    status: "active",
    customerId,
    configVersion: 2,
    profileSnapshotVersion: 3,
    turnCount: 4,
    variables: { a: { b: ["c"] } },
    scenario: { scenarioId, version: 1, checksum: "0123456789abcdef" },
    step: {
      stepId: scenarioId,
      stepName: "Pay",
      isCheckpoint: true,
      checkpointDescription: "The customer has paid",
      stepContentHash: "fedcba9876543210",
      turnNumber: 4,
      transitionReason: "confirmed",
      confidence: 0.5,
    },
  };
}

const DEFINITION = {
  displayName: "City",
  description: "Where the customer lives",
  valueType: "string",
  validationRegex: "[A-Z][a-z]+",
  validationToolId: "geo",
  allowedValues: ["Vigo", "Lugo"],
  validationMode: "warn",
  requiredVerification: false,
  verificationMethods: ["otp"],
  collectionPrompt: "Where do you live?",
  extractionExamples: ["I live in Vigo"],
  extractionPromptHint: "A city",
  isPii: false,
  encryptionRequired: false,
  retentionDays: 10,
  freshnessSeconds: 60,
  enabled: true,
  suggestionState: "accepted",
};
