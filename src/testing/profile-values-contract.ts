import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import type { JsonValue } from "../json.ts";
import { ASSET_TYPES, type AssetInsert } from "../profiles/asset.ts";
import { FIELD_SOURCES, type FieldInsert } from "../profiles/field-version.ts";
import type { ItemSource } from "../profiles/item.ts";
import { FIELD_VALUE_TYPES, type FieldValueType } from "../schema/field-definition.ts";
import type { ContractContext } from "./engine.ts";
import {
  at,
  NOW,
  newAsset,
  newCustomer,
  newField,
  newId,
  newIdentity,
  readAsset,
  readField,
} from "./profile-records.ts";
import { addAsset, addField, createCustomer, requireProfile } from "./profile-writes.ts";

/** Whatever is stored comes back as it was: values with their JSON type, and every member of a record. */
export function profileValuesContract(context: ContractContext): void {
  describe("values", () => valuesContract(context));
  describe("members", () => membersContract(context));
}

const VALUES: Readonly<Record<FieldValueType, readonly JsonValue[]>> = {
  string: [
    "",
    " ",
    "null",
    "42",
    '"quoted" \\ / \b\f\n\r\t\u007f\u2028',
    "Jos\u00e9 and Jose\u0301",
    "\u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u{10ffff} \ufffd",
    "'; drop table profile_fields; -- %_",
    "x".repeat(60_000),
    "\u{1f5dd}".repeat(10_000),
  ],
  email: ["Local.Part@example.org"],
  phone: ["+442079460958"],
  date: ["2026-03-03", "2026-03-03T09:30:00.500Z"],
  number: [
    0,
    1,
    -1,
    0.1,
    0.1 + 0.2,
    1e21,
    -1e21,
    1e300,
    5e-324,
    Number.MAX_VALUE,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
    2 ** 53 + 2,
    123456789.12345679,
  ],
  boolean: [true, false],
  json: [
    {},
    [],
    [null, [], {}, [[""]]],
    { a: { b: [1, "1", true, null, { c: 1e21 }] } },
    {
      constructor: 1,
      toString: 2,
      hasOwnProperty: 3,
      "": 4,
      "a.b": 5,
      "\u{1f5dd}": 6,
      prototype: 7,
      __proto: 8,
      "0": 9,
      length: 10,
    },
    nested(32),
    Array.from({ length: 1_000 }, (_, index) => index),
  ],
};

function nested(levels: number): JsonValue {
  return levels === 0 ? "deep" : levels % 2 === 0 ? [nested(levels - 1)] : { k: nested(levels - 1) };
}

function valuesContract(context: ContractContext): void {
  it.each(FIELD_VALUE_TYPES)("of type %s come back the same", async (valueType) => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    for (const [index, value] of VALUES[valueType].entries()) {
      const field = await addField(tenant, customerId, { name: `f_${index}`, value, valueType, metadata: { value } });
      expect(await tenant.profiles.getField(customerId, field.name, "active")).toStrictEqual(readField(field));
    }
    expect((await requireProfile(tenant.profiles, customerId)).fields).toHaveLength(VALUES[valueType].length);
  });

  it("know no negative zero", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    await addField(tenant, customerId, { value: [-0, { zero: -0 }], valueType: "json" });
    const field = await tenant.profiles.getField(customerId, "city", "active");
    expect(field?.value).toStrictEqual([0, { zero: 0 }]);
  });

  it.each([
    "0001-01-01T00:00:00.000Z",
    "1969-12-31T23:59:59.999Z",
    "2026-03-03T09:30:00.000Z",
    "2026-10-25T01:30:00.500Z",
    "2026-03-29T02:30:00.050Z",
    "2026-03-03T09:30:00.001Z",
    "9999-12-31T23:59:59.999Z",
  ])("keep the instant %s to the millisecond", async (text) => {
    const { tenant } = context;
    const instant = text as Instant;
    const customer = newCustomer({ createdAt: instant, updatedAt: instant, lastInteractionAt: instant });
    const identity = newIdentity("+1", { verifiedAt: instant, createdAt: instant });
    await tenant.profiles.createCustomer({ customer, identity, audit: [] });
    const { customerId } = customer;
    const field = await addField(tenant, customerId, { collectedAt: instant, expiresAt: instant, recordedAt: instant });
    const asset = await addAsset(tenant, customerId, { uploadedAt: instant, expiresAt: instant, recordedAt: instant });
    const profile = await requireProfile(tenant.profiles, customerId);
    expect(profile.customer).toMatchObject({ createdAt: instant, updatedAt: instant, lastInteractionAt: instant });
    expect(profile.identities).toEqual([identity]);
    expect(profile.fields).toEqual([readField(field)]);
    expect(profile.assets).toEqual([readAsset(asset)]);
  });
}

const SOURCES: readonly ItemSource[] = [
  { type: "session", id: "s-1", metadata: { quote: "I live in Lyon", turn: 3 } },
  { type: "tool", id: null, metadata: {} },
  { type: "external", id: "crm:4711 ü", metadata: { nested: { a: [1, null] } } },
  { type: "external", id: "9b2f4c1e-0000-4000-8000-000000000000", metadata: {} },
];

const WHOLE_LIFECYCLE = {
  status: "superseded",
  supersededAt: at(1),
  expiredAt: at(50),
  orphanedAt: at(500),
  recordedAt: at(999),
  endedAt: at(120),
  deletedAt: at(7),
} as const;

function membersContract(context: ContractContext): void {
  it.each(FIELD_SOURCES)("of a field obtained as %s come back, all of them set", async (source) => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const successor = await addField(tenant, customerId);
    const asset = await addAsset(tenant, customerId);
    const field: FieldInsert = {
      ...newField(customerId, { value: { a: 1 }, valueType: "json" }),
      ...WHOLE_LIFECYCLE,
      supersededById: successor.id,
      source,
      sources: [
        { type: "profile_asset", id: asset.id, metadata: { page: 1 } },
        { type: "profile_field", id: successor.id, metadata: {} },
        ...SOURCES,
      ],
      sourceSessionId: "session ü",
      sourceScenarioId: newId(),
      sourceStepId: "step",
      verified: true,
      verificationMethod: "otp",
      verifiedAt: at(30),
      verifiedBy: "agent:ü",
      confidence: 0.123456789012345,
      requiresConfirmation: true,
      collectedAt: at(-5),
      expiresAt: at(5),
      fieldDefinitionId: newId(),
      metadata: { tool: "ocr", nested: { list: [1, "2", null, true] } },
      isPii: true,
      commitmentSecret: "s".repeat(43),
    };
    const inserted = await addField(tenant, customerId, field);
    const { fields } = await requireProfile(tenant.profiles, customerId);
    expect(fields.find(({ id }) => id === inserted.id)).toStrictEqual(readField(field));
  });

  it("of an encrypted field come back without a value", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const field = await addField(tenant, customerId, { value: null, sealedValue: "AQID-_" });
    expect(await tenant.profiles.getField(customerId, "city", "active")).toStrictEqual(readField(field));
  });

  it.each([0, 1, 0.5, 5e-324])("of a field include a confidence of %s", async (confidence) => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    await addField(tenant, customerId, { confidence });
    expect(await tenant.profiles.getField(customerId, "city", "active")).toMatchObject({ confidence });
  });

  it.each(ASSET_TYPES)("of an asset of type %s come back, all of them set", async (assetType) => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const successor = await addAsset(tenant, customerId);
    const asset: AssetInsert = {
      ...newAsset(customerId, { assetType }),
      ...WHOLE_LIFECYCLE,
      deletedAt: null,
      supersededById: successor.id,
      name: "Ausweis – Vorderseite 🪪".padEnd(200, "."),
      storageProvider: "s3",
      storagePath: `bucket/${"p".repeat(1_000)}`,
      mimeType: "image/svg+xml; charset=utf-8",
      sizeBytes: Number.MAX_SAFE_INTEGER,
      checksum: "0123456789abcdef".repeat(4),
      uploadedAt: at(-1),
      uploadedInSessionId: "session",
      uploadedInScenarioId: "scenario",
      sources: [{ type: "profile_asset", id: successor.id, metadata: { box: [0, 0, 1, 1] } }, ...SOURCES],
      derivedFromTool: "thumbnailer",
      verified: true,
      verificationResult: { score: 0.99, checks: ["mrz", "hologram"], none: null },
      retentionPolicy: "30_days",
      expiresAt: at(86_400_000),
      metadata: { pages: 2, nested: { a: [] } },
    };
    await addAsset(tenant, customerId, asset);
    expect(await tenant.profiles.getAsset(customerId, asset.id)).toStrictEqual(readAsset(asset));
  });

  it("of records come back unset as they were written unset", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const field = await addField(tenant, customerId);
    const asset = await addAsset(tenant, customerId, { sizeBytes: 0 });
    expect(await requireProfile(tenant.profiles, customerId)).toStrictEqual({
      customer: { ...newCustomer({ customerId }), version: 3 },
      identities: [],
      consents: [],
      fields: [readField(field)],
      assets: [readAsset(asset)],
    });
    expect([field.recordedAt, asset.recordedAt]).toEqual([NOW, NOW]);
  });
}
