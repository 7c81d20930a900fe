import type { AgentId, CustomerId, ItemId, ScenarioId } from "../src/identifiers.ts";
import { UuidV7Generator } from "../src/identifiers.ts";
import type { FieldInput } from "../src/profiles/field-input.ts";
import type { FieldDefinitionInput } from "../src/schema/check-definition.ts";
import type { FieldRequirementInput } from "../src/schema/check-requirement.ts";
import type { TenantVault } from "../src/vault/tenant-vault.ts";

/** The customers of a bank after its account openings: what every operation is measured on. */
export interface World {
  readonly agentId: AgentId;
  readonly scenarioId: ScenarioId;
  /** Each with 10 active fields, 4 superseded versions, 3 assets, 2 identities and a consent. */
  readonly customerIds: readonly CustomerId[];
  /** The last item of chains of 10 items; they belong to customers of their own. */
  readonly chainEnds: readonly ItemId[];
}

export interface WorldSize {
  readonly customers: number;
  readonly chains: number;
  /** Index of the first customer and of the first chain, when there are others already. */
  readonly from?: number | undefined;
}

const CHAIN_LENGTH = 10;
export const REQUIREMENT_COUNT = 20;
/** The field that the write operation replaces. */
export const WRITTEN_FIELD = "occupation";

const SEEDS_IN_FLIGHT = 16;
const ids = new UuidV7Generator();

export async function makeWorld(services: TenantVault, size: WorldSize): Promise<World> {
  const agentId = ids.uuid<AgentId>();
  const scenarioId = ids.uuid<ScenarioId>();
  for (const definition of definitionsOf(agentId)) await services.definitions.put(definition);
  await services.requirements.replace(scenarioId, { kind: "all" }, requirementsOf(agentId, scenarioId));
  const { from = 0 } = size;
  const customerIds = await inParallel(size.customers, (index) => makeCustomer(services, agentId, from + index));
  const chainEnds = await inParallel(size.chains, (index) => makeChain(services, from + index));
  return { agentId, scenarioId, customerIds, chainEnds };
}

/** Results in the order of their index. */
async function inParallel<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      made[index] = await make(index);
    }
  };
  await Promise.all(Array.from({ length: SEEDS_IN_FLIGHT }, worker));
  return made;
}

async function makeCustomer(services: TenantVault, agentId: AgentId, index: number): Promise<CustomerId> {
  const { profile } = await services.customers.getOrCreate({
    channelIdentity: { channel: "whatsapp", channelUserId: `+4915${String(index).padStart(8, "0")}`, verified: true },
    externalId: `crm-${index}`,
  });
  const { customerId } = profile;
  await services.customers.linkIdentity(customerId, { channel: "webchat", channelUserId: `visitor-${index}` });
  await services.customers.recordConsent(customerId, { consentType: "data_processing", granted: true });
  const [card, selfie, bill] = [ids.uuid<ItemId>(), ids.uuid<ItemId>(), ids.uuid<ItemId>()];
  for (const [id, name, mimeType] of [
    [card, "id_card", "image/png"],
    [selfie, "selfie", "image/jpeg"],
    [bill, "proof_of_address", "application/pdf"],
  ] as const) {
    const assetType = mimeType === "application/pdf" ? "pdf" : "image";
    await services.assets.register(customerId, { id, name, assetType, mimeType }, locationOf(id));
  }
  const fields = fieldsOf(index, { card, selfie, bill });
  // The same four fields are corrected once, as they are in a real opening.
  await services.fields.write(customerId, { agentId, fields: fields.slice(2, 6) });
  await services.fields.write(customerId, { agentId, fields });
  return customerId;
}

function locationOf(id: string) {
  return {
    storageProvider: "s3",
    storagePath: `bank/documents/${id}`,
    sizeBytes: 482_113,
    checksum: id.replaceAll("-", "").padEnd(64, "0"),
  };
}

function fieldsOf(index: number, assets: { card: ItemId; selfie: ItemId; bill: ItemId }): FieldInput[] {
  const card = {
    type: "profile_asset",
    id: assets.card,
    metadata: { page: 1, quote: "Surname / Nom / Apellidos" },
  } as const;
  const chat = { type: "session", id: `session-${index}`, metadata: { turn: 4 } } as const;
  const said = { source: "user_provided", sources: [chat] } as const;
  return [
    { name: "legal_name", value: `Ana Maria Muster ${index}`, source: "document_extracted", sources: [card, chat] },
    { name: "date_of_birth", value: "1990-04-17", source: "document_extracted", sources: [card], confidence: 0.98 },
    { name: "email", value: `ana.${index}@example.com`, ...said },
    { name: "phone", value: `+4915112${String(index).padStart(6, "0")}`, ...said },
    {
      name: "address",
      value: { street: "Musterstraße 12", city: "Berlin", postalCode: "10115", country: "DE" },
      source: "document_extracted",
      sources: [{ type: "profile_asset", id: assets.bill }],
    },
    { name: WRITTEN_FIELD, value: "Software engineer", ...said },
    { name: "annual_income", value: 52_000 + index, ...said },
    { name: "politically_exposed", value: false, ...said, verified: true, verificationMethod: "registry" },
    { name: "preferred_language", value: "de", ...said },
    {
      name: "kyc_status",
      value: "passed",
      source: "system_inferred",
      sources: [
        { type: "profile_asset", id: assets.card },
        { type: "profile_asset", id: assets.selfie },
        { type: "tool", id: "face-match", metadata: { score: 0.97 } },
      ],
    },
  ];
}

async function makeChain(services: TenantVault, index: number): Promise<ItemId> {
  const { profile } = await services.customers.getOrCreate({ externalId: `chain-${index}` });
  const itemIds = Array.from({ length: CHAIN_LENGTH }, () => ids.uuid<ItemId>());
  const fields = itemIds.map((id, level): FieldInput => {
    const before = itemIds[level - 1];
    const sources = before === undefined ? [] : [{ type: "profile_field" as const, id: before }];
    return { id, name: `level_${level}`, value: level, source: "system_inferred", sources };
  });
  await services.fields.write(profile.customerId, { fields });
  return itemIds.at(-1) as ItemId;
}

function definitionsOf(agentId: AgentId): FieldDefinitionInput[] {
  return [
    { agentId, name: "legal_name", valueType: "string", isPii: true, validationRegex: ".{2,200}" },
    { agentId, name: "date_of_birth", valueType: "date", isPii: true },
    { agentId, name: "email", valueType: "email", isPii: true },
    { agentId, name: "phone", valueType: "phone", isPii: true },
    { agentId, name: "address", valueType: "json", freshnessSeconds: 31_536_000 },
    { agentId, name: WRITTEN_FIELD, valueType: "string", collectionPrompt: "What do you do for a living?" },
    { agentId, name: "annual_income", valueType: "number" },
    { agentId, name: "politically_exposed", valueType: "boolean", requiredVerification: true },
    { agentId, name: "preferred_language", valueType: "string", allowedValues: ["de", "en", "fr"] },
    { agentId, name: "kyc_status", valueType: "string", allowedValues: ["passed", "failed", "pending"] },
  ];
}

/** Half of them ask for fields that every customer has; some depend on others, some on a condition. */
function requirementsOf(agentId: AgentId, scenarioId: ScenarioId): FieldRequirementInput[] {
  const known = definitionsOf(agentId).map((definition) => definition.name);
  return Array.from({ length: REQUIREMENT_COUNT }, (_, index) => ({
    agentId,
    scenarioId,
    fieldName: known[index] ?? `open_question_${index}`,
    collectionOrder: index,
    dependsOnFields: index % 5 === 4 ? ["legal_name"] : [],
    whenCondition: index % 4 === 3 ? "fields.annual_income > 50000.0" : null,
  }));
}
