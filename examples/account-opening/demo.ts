/*
 * A bank opens an account over WhatsApp. Everything below goes through the HTTP API of a real vault, which lives in a
 * temporary directory and is gone afterwards. Run it with `npm run demo`.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "./api.ts";
import { breakAndRepair, proveToOutsider, sealAddress } from "./proof.ts";
import { type RunningVault, startVault } from "./start-vault.ts";
import { bold, green, say, step, table, yellow } from "./steps.ts";

interface Field {
  id: string;
  name: string;
  value: unknown;
  status: string;
  isOrphaned: boolean;
  recordedAt: string;
  verified: boolean;
  sources: { type: string; id: string | null }[];
}
interface Profile {
  customerId: string;
  fields: Record<string, Field>;
  fieldHistory?: Record<string, Field[]>;
}
interface ChainItem {
  id: string;
  name: string;
  type: string;
  status: string;
  sources: { type: string; id: string | null }[];
}
interface Missing {
  items: { fieldName: string; reason: string; collectionPrompt: string | null }[];
}
interface Written {
  results: { name: string; field: Field; errors: unknown[] }[];
}

const file = (name: string): URL => new URL(name, import.meta.url);
const directory = await mkdtemp(join(tmpdir(), "strongroom-demo-"));
let server = await startVault(directory);
try {
  await tell(apiOf(server));
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

function apiOf({ url, key }: RunningVault): Api {
  return new Api(url, key);
}

async function tell(api: Api): Promise<void> {
  const agentId = randomUUID();
  const scenarioId = randomUUID();
  console.log(bold("\nOpening an account at a bank, with every value's origin on record"));
  await defineWhatTheBankNeeds(api, agentId, scenarioId);
  const customerId = await customerArrives(api);
  await showMissing(api, customerId, scenarioId);
  const { cardId, nameId } = await readTheCard(api, customerId, agentId);
  await decideKyc(api, { customerId, agentId, cardId });
  await showMissing(api, customerId, scenarioId);
  await moveHouse(api, customerId, agentId);
  await loseTheCard(api, { customerId, cardId, nameId });
  await mergeAndUndo(api, customerId);
  await readJournal(api, customerId);
  const handover = await proveToOutsider(api, await sealAddress(api, customerId), directory);
  server = await breakAndRepair(server, apiOf, { directory, handover });
  console.log(`\n${green("Done.")} Start your own vault with ${bold("npm start")}.\n`);
}

async function defineWhatTheBankNeeds(api: Api, agentId: string, scenarioId: string): Promise<void> {
  step("Say what the bank needs to know", "Definitions belong to an agent, requirements to a scenario of it.");
  const definitions = {
    legal_name: { valueType: "string", isPii: true, collectionPrompt: "What is your full legal name?" },
    date_of_birth: {
      valueType: "date",
      isPii: true,
      validationMode: "strict",
      collectionPrompt: "When were you born?",
    },
    kyc_status: { valueType: "string", allowedValues: ["pending", "passed", "failed"], validationMode: "strict" },
    address: { valueType: "string", isPii: true, collectionPrompt: "Where do you live?" },
    preferred_language: { valueType: "string", collectionPrompt: "Which language do you prefer?" },
  };
  for (const [name, definition] of Object.entries(definitions)) {
    await api.put(`/v1/agents/${agentId}/field-definitions/${name}`, definition);
  }
  await api.put(`/v1/scenarios/${scenarioId}/requirements`, {
    requirements: [
      { agentId, fieldName: "legal_name", collectionOrder: 1, fallbackAction: "extract" },
      { agentId, fieldName: "date_of_birth", collectionOrder: 2, fallbackAction: "extract" },
      {
        agentId,
        fieldName: "kyc_status",
        collectionOrder: 3,
        fallbackAction: "block",
        dependsOnFields: ["legal_name"],
      },
      { agentId, fieldName: "address", collectionOrder: 4 },
    ],
  });
}

async function customerArrives(api: Api): Promise<string> {
  step("A customer arrives on WhatsApp", "Found by channel identity, or made: any number of callers get one customer.");
  const identity = { channelIdentity: { channel: "whatsapp", channelUserId: "+34600111222" } };
  const { customerId } = await api.post<Profile>("/v1/customers", identity);
  say(`Customer ${customerId}`);
  return customerId;
}

async function showMissing(api: Api, customerId: string, scenarioId: string): Promise<void> {
  step("What must the agent still find out?", "Unmet requirements in the order in which to collect them.");
  const { items } = await api.get<Missing>(`/v1/customers/${customerId}/missing?scenarioId=${scenarioId}`);
  table([
    ["field", "reason", "question to ask"],
    ...items.map((each) => [each.fieldName, each.reason, each.collectionPrompt ?? "(not asked: blocks)"]),
  ]);
}

async function readTheCard(api: Api, customerId: string, agentId: string): Promise<{ cardId: string; nameId: string }> {
  step(
    "The customer sends the identity card",
    "The bytes stay in the vault; what OCR reads names the card as its source.",
  );
  const card = await api.upload<{ id: string; checksum: string; sizeBytes: number }>(
    `/v1/customers/${customerId}/assets`,
    file("identity-card.png"),
    { name: "id_card_front", assetType: "image", retentionPolicy: "365_days" },
  );
  say(`Kept ${card.sizeBytes} bytes, SHA-256 ${card.checksum.slice(0, 16)}…`);
  const sources = [{ type: "profile_asset", id: card.id, metadata: { tool: "ocr", region: "visual" } }];
  const written = await api.post<Written>(`/v1/customers/${customerId}/fields`, {
    agentId,
    fields: [
      {
        name: "legal_name",
        value: "Marta Inés Castellanos Vidal",
        source: "document_extracted",
        sources,
        confidence: 0.97,
      },
      { name: "date_of_birth", value: "1991-05-14", source: "document_extracted", sources, confidence: 0.99 },
    ],
  });
  for (const { name, field } of written.results) say(`${green("+")} ${name} = ${String(field.value)}`);
  return { cardId: card.id, nameId: written.results[0]?.field.id ?? "" };
}

async function decideKyc(
  api: Api,
  { customerId, agentId, cardId }: { customerId: string; agentId: string; cardId: string },
): Promise<void> {
  step("A decision from two sources", "The KYC check compared the card with a selfie, so both are on record.");
  const selfie = await api.upload<{ id: string }>(`/v1/customers/${customerId}/assets`, file("selfie.png"), {
    name: "selfie",
    assetType: "image",
  });
  const written = await api.post<Written>(`/v1/customers/${customerId}/fields`, {
    agentId,
    fields: [
      {
        name: "kyc_status",
        value: "passed",
        source: "tool_result",
        sources: [
          { type: "profile_asset", id: cardId },
          { type: "profile_asset", id: selfie.id },
          { type: "tool", id: "face-match", metadata: { score: 0.94 } },
        ],
      },
    ],
  });
  const kyc = written.results[0]?.field;
  const chain = await api.get<{ items: ChainItem[] }>(`/v1/items/${kyc?.id ?? ""}/lineage`);
  say("Derivation chain of kyc_status, root first:");
  const names = new Map(chain.items.map((item) => [item.id, item.name]));
  table([
    ["item", "kind", "status", "made from"],
    ...chain.items.map((item) => [
      item.name,
      item.type,
      item.status,
      item.sources.map(({ type, id }) => names.get(id ?? "") ?? `${type} ${id ?? ""}`).join(", "),
    ]),
  ]);
}

async function moveHouse(api: Api, customerId: string, agentId: string): Promise<void> {
  step("The address changes", "A new version supersedes the old one; the past stays readable.");
  const write = (value: string, messageId: string) =>
    api.post<Written>(`/v1/customers/${customerId}/fields`, {
      agentId,
      fields: [
        {
          name: "address",
          value,
          source: "user_provided",
          sources: [{ type: "session", id: "whatsapp-session-1", metadata: { messageId } }],
        },
      ],
    });
  const first = await write("Calle Mayor 1, Madrid", "wamid.1");
  const between = first.results[0]?.field.recordedAt ?? "";
  await pause(10);
  await write("Avenida Diagonal 200, Barcelona", "wamid.7");
  const history = await api.get<{ items: Field[] }>(`/v1/customers/${customerId}/fields/address/history`);
  table([
    ["address", "status", "recorded at"],
    ...history.items.map((version) => [String(version.value), version.status, version.recordedAt]),
  ]);
  const past = await api.get<Profile>(`/v1/customers/${customerId}?knownAt=${between}`);
  say(`Known at ${between}: ${String(past.fields["address"]?.value)}`);
}

async function loseTheCard(
  api: Api,
  { customerId, cardId, nameId }: { customerId: string; cardId: string; nameId: string },
): Promise<void> {
  step("The card is deleted", "What was read from it loses its ground, and the vault says so.");
  const dependents = await api.get<{ items: { name: string; distance: number }[] }>(
    `/v1/items/${cardId}/dependents?transitive=true`,
  );
  say(`Derived from the card: ${dependents.items.map((item) => item.name).join(", ")}`);
  await api.delete(`/v1/customers/${customerId}/assets/${cardId}`);
  const report = await api.post<{ count: number; items: { name: string }[] }>("/v1/admin/profiles/detect-orphans");
  say(yellow(`Orphaned: ${report.items.map((item) => item.name).join(", ")}`));
  const name = await api.get<Field>(`/v1/customers/${customerId}/fields/legal_name?status=orphaned`);
  say(`legal_name is ${name.status}, still readable, and its chain still names the deleted card:`);
  const chain = await api.get<{ items: { name: string; deleted: boolean }[] }>(`/v1/items/${nameId}/lineage`);
  say(chain.items.map((item) => `${item.name}${item.deleted ? " (deleted)" : ""}`).join(" -> "));
}

async function mergeAndUndo(api: Api, customerId: string): Promise<void> {
  step("A duplicate from web chat is merged, and the merge undone", "Nothing is lost in either direction.");
  const { customerId: duplicateId } = await api.post<Profile>("/v1/customers", {
    channelIdentity: { channel: "webchat", channelUserId: "visitor-8841" },
  });
  await api.post(`/v1/customers/${duplicateId}/fields`, {
    fields: [{ name: "preferred_language", value: "Catalan", source: "user_provided" }],
  });
  const before = await snapshots(api, [customerId, duplicateId]);
  const merge = await api.post<{ mergeId: string }>(`/v1/customers/${customerId}/merge`, {
    sourceCustomerId: duplicateId,
  });
  const merged = await api.get<Profile>(`/v1/customers/${customerId}`);
  say(`After the merge the customer speaks ${String(merged.fields["preferred_language"]?.value)}.`);
  await api.post(`/v1/merges/${merge.mergeId}/undo`);
  const after = await snapshots(api, [customerId, duplicateId]);
  say(`Both profiles are byte for byte as before: ${before === after ? green("yes") : yellow("NO")}`);
  if (before !== after) throw new Error("The undone merge left a trace in the profiles.");
}

async function snapshots(api: Api, customerIds: readonly string[]): Promise<string> {
  const profiles = await Promise.all(customerIds.map((id) => api.get(`/v1/customers/${id}?history=true`)));
  return JSON.stringify(profiles);
}

async function readJournal(api: Api, customerId: string): Promise<void> {
  step("The journal", "Every change is on record: who, what and when, with commitments instead of values.");
  const { items } = await api.get<{ items: { eventType: string; timestamp: string; eventData: { name?: string } }[] }>(
    `/v1/audit/events?customerId=${customerId}&limit=100`,
  );
  table([
    ["when", "what", "field"],
    ...items.toReversed().map((event) => [event.timestamp, event.eventType, event.eventData.name ?? ""]),
  ]);
}
