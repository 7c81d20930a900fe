import { expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { type AgentId, UuidV7Generator } from "../identifiers.ts";
import { DEFINITIONS_PER_AGENT_MAX, FIELD_VALUE_TYPES, type FieldDefinition } from "../schema/field-definition.ts";
import { DEFINITION_KEYS_MAX } from "../schema/schema-store.ts";
import { freshDefinition, SCHEMA_NOW } from "./schema-records.ts";
import type { SchemaContext } from "./schema-storage.ts";

const LATER = "2026-03-04T09:30:00.120Z" as Instant;
const ids = new UuidV7Generator();

/** Every member differs from the default, with characters that separators and encodings trip over. */
const FULL: Partial<FieldDefinition> = {
  displayName: 'Имя «полное» 🪪 "quoted", {braced}',
  description: "Line one\nline two\\n, tab\t.",
  valueType: "email",
  validationRegex: String.raw`^[a-z]{2,}\.(a|b)$`,
  validationToolId: "tool/один",
  allowedValues: ["a,b", '"', "{}", "NULL", "", " 'x' "],
  validationMode: "strict",
  requiredVerification: true,
  verificationMethods: ["otp", "document"],
  collectionPrompt: "What is your name?",
  extractionExamples: ["I am Ada", "c'est \\moi"],
  extractionPromptHint: "After «my name is»",
  isPii: true,
  encryptionRequired: true,
  retentionDays: 36_500,
  freshnessSeconds: 1_000_000_000,
  enabled: false,
  suggestionState: "suggested",
  createdAt: "2024-02-29T23:59:59.999Z" as Instant,
  updatedAt: LATER,
};

export function definitionContract(context: SchemaContext): void {
  it("returns what was put, every member of it", async () => {
    for (const definition of [freshDefinition(), freshDefinition(FULL)]) {
      expect(await context.store.putDefinition(definition)).toEqual(definition);
      expect(await context.store.getDefinition(definition.agentId, definition.name)).toEqual(definition);
    }
  });

  it.each(FIELD_VALUE_TYPES)("keeps the value type %s", async (valueType) => {
    expect((await context.store.putDefinition(freshDefinition({ valueType }))).valueType).toBe(valueType);
  });

  it("starts a new row at version 1, whatever the given record says", async () => {
    expect((await context.store.putDefinition(freshDefinition({ version: 7 }))).version).toBe(1);
  });

  it("knows no definition that was not put", async () => {
    const { agentId } = await context.store.putDefinition(freshDefinition());
    expect(await context.store.getDefinition(agentId, "legal_nam")).toBeUndefined();
    expect(await context.store.getDefinition(ids.uuid(), "legal_name")).toBeUndefined();
    expect(await context.store.listDefinitions(ids.uuid())).toEqual([]);
  });

  it("replaces under the name, keeping the stored id and creation, and counts the change", async () => {
    const first = await context.store.putDefinition(freshDefinition());
    const next = freshDefinition({ ...FULL, agentId: first.agentId, createdAt: LATER });
    const expected = { ...next, id: first.id, createdAt: SCHEMA_NOW, version: 2 };
    expect(await context.store.putDefinition(next)).toEqual(expected);
    expect(await context.store.getDefinition(first.agentId, first.name)).toEqual(expected);
    const third = await context.store.putDefinition({ ...next, displayName: "Third" });
    expect(third).toMatchObject({ id: first.id, version: 3, displayName: "Third" });
  });

  it("leaves a row alone that would not change", async () => {
    const first = await context.store.putDefinition(freshDefinition(FULL));
    const again = {
      ...first,
      id: ids.uuid<FieldDefinition["id"]>(),
      version: 9,
      createdAt: LATER,
      updatedAt: "2027-01-01T00:00:00.000Z" as Instant,
    };
    expect(await context.store.putDefinition(again)).toEqual(first);
  });

  it("tells an empty list of allowed values from none", async () => {
    const { agentId } = await context.store.putDefinition(freshDefinition({ allowedValues: [] }));
    expect((await context.store.getDefinition(agentId, "legal_name"))?.allowedValues).toEqual([]);
    expect((await context.store.putDefinition(freshDefinition({ agentId }))).allowedValues).toBeNull();
  });

  it("refuses an id that another definition has, and writes nothing", async () => {
    const { id, agentId } = await context.store.putDefinition(freshDefinition());
    const clash = freshDefinition({ id, agentId, name: "other_name" });
    await expect(context.store.putDefinition(clash)).rejects.toMatchObject({ code: "item_exists" });
    expect(await context.store.getDefinition(agentId, "other_name")).toBeUndefined();
  });

  it("lists by name in code unit order, enabled ones unless asked", async () => {
    const agentId = ids.uuid<AgentId>();
    const names = ["b", "a_c", "ab", "_z", "a1", "a", "aa_", "aa"];
    for (const name of names)
      await context.store.putDefinition(freshDefinition({ agentId, name, enabled: name !== "ab" }));
    await context.store.putDefinition(freshDefinition({ name: "of_another_agent" }));
    const sorted = names.toSorted();
    expect((await context.store.listDefinitions(agentId, { enabledOnly: false })).map(({ name }) => name)).toEqual(
      sorted,
    );
    const enabled = sorted.filter((name) => name !== "ab");
    expect((await context.store.listDefinitions(agentId)).map(({ name }) => name)).toEqual(enabled);
  });

  it("lists definitions in every suggestion state", async () => {
    const agentId = ids.uuid<AgentId>();
    for (const suggestionState of ["suggested", "accepted", "rejected"] as const) {
      await context.store.putDefinition(freshDefinition({ agentId, name: suggestionState, suggestionState }));
    }
    expect(await context.store.listDefinitions(agentId)).toHaveLength(3);
  });

  it("finds named definitions of several agents, each once, by agent and name", async () => {
    const one = await context.store.putDefinition(freshDefinition({ name: "b" }));
    const two = await context.store.putDefinition(freshDefinition({ agentId: one.agentId, name: "a", enabled: false }));
    const far = await context.store.putDefinition(freshDefinition({ name: "a", suggestionState: "rejected" }));
    const found = await context.store.findDefinitions([far, one, two, one, { agentId: far.agentId, name: "b" }]);
    expect(found).toEqual([one, two, far].sort((x, y) => (x.agentId + x.name < y.agentId + y.name ? -1 : 1)));
    expect(await context.store.findDefinitions([])).toEqual([]);
  });

  it("refuses to look for too many definitions at once", async () => {
    const keys = Array.from({ length: DEFINITION_KEYS_MAX + 1 }, () => ({ agentId: ids.uuid<AgentId>(), name: "a" }));
    await expect(context.store.findDefinitions(keys)).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(await context.store.findDefinitions(keys.slice(1))).toEqual([]);
  });

  it("knows which names any agent flags as personal data, in whatever state", async () => {
    const { agentId } = await context.store.putDefinition(freshDefinition({ isPii: true, enabled: false }));
    await context.store.putDefinition(freshDefinition({ name: "shoe_size" }));
    await context.store.putDefinition(freshDefinition());
    expect(await context.store.isPiiName("legal_name")).toBe(true);
    expect(await context.store.isPiiName("shoe_size")).toBe(false);
    expect(await context.store.isPiiName("unknown")).toBe(false);
    expect(await context.other.isPiiName("legal_name")).toBe(false);
    await context.store.deleteDefinition(agentId, "legal_name");
    expect(await context.store.isPiiName("legal_name")).toBe(false);
  });

  it("deletes once, and the name and the id are free again", async () => {
    const definition = await context.store.putDefinition(freshDefinition());
    expect(await context.store.deleteDefinition(definition.agentId, definition.name)).toBe(true);
    expect(await context.store.deleteDefinition(definition.agentId, definition.name)).toBe(false);
    expect(await context.store.getDefinition(definition.agentId, definition.name)).toBeUndefined();
    expect(await context.store.putDefinition(definition)).toEqual(definition);
  });

  it("makes one row of concurrent puts under one name", async () => {
    const agentId = ids.uuid<AgentId>();
    const puts = Array.from({ length: 8 }, (_, index) => freshDefinition({ agentId, displayName: `Put ${index}` }));
    const stored = await Promise.all(puts.map((definition) => context.store.putDefinition(definition)));
    expect(new Set(stored.map(({ id }) => id)).size).toBe(1);
    expect(stored.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await context.store.listDefinitions(agentId)).map(({ version }) => version)).toEqual([8]);
  });

  it("refuses a definition beyond the agent's limit, but still replaces", { timeout: 120_000 }, async () => {
    const agentId = ids.uuid<AgentId>();
    await context.storage.transaction(context.tenantId, async (store) => {
      for (let n = 0; n < DEFINITIONS_PER_AGENT_MAX; n++)
        await store.putDefinition(freshDefinition({ agentId, name: `f${n}` }));
    });
    const refused = context.store.putDefinition(freshDefinition({ agentId, name: "one_more" }));
    await expect(refused).rejects.toMatchObject({ code: "limit_exceeded" });
    expect((await context.store.putDefinition(freshDefinition({ agentId, name: "f7", isPii: true }))).version).toBe(2);
    await context.store.putDefinition(freshDefinition({ name: "of_another_agent" }));
    expect(await context.store.listDefinitions(agentId)).toHaveLength(DEFINITIONS_PER_AGENT_MAX);
  });

  it("keeps nothing of a transaction that fails, and all of one that succeeds", async () => {
    const kept = await context.store.putDefinition(freshDefinition());
    const failing = context.storage.transaction(context.tenantId, async (store) => {
      await store.putDefinition({ ...kept, displayName: "Changed" });
      await store.putDefinition(freshDefinition({ agentId: kept.agentId, name: "fresh" }));
      expect(await store.listDefinitions(kept.agentId)).toHaveLength(2);
      throw new RangeError("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    expect(await context.store.listDefinitions(kept.agentId)).toEqual([kept]);
    await context.storage.transaction(context.tenantId, (store) => store.deleteDefinition(kept.agentId, kept.name));
    expect(await context.store.listDefinitions(kept.agentId)).toEqual([]);
  });

  it("hands out copies, and keeps one of what it is given", async () => {
    const given = freshDefinition({ verificationMethods: ["otp"] });
    await context.store.putDefinition(given);
    (given.verificationMethods as string[]).push("document");
    const read = await context.store.getDefinition(given.agentId, given.name);
    expect(read?.verificationMethods).toEqual(["otp"]);
    tryToChange(read);
    expect((await context.store.getDefinition(given.agentId, given.name))?.verificationMethods).toEqual(["otp"]);
  });
}

/** Records are frozen by one engine and private copies in another. */
function tryToChange(definition: FieldDefinition | undefined): void {
  const methods = definition?.verificationMethods as string[] | undefined;
  try {
    methods?.push("document");
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
  }
}
