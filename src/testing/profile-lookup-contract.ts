import { expect, it } from "vitest";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { LifecycleChange } from "../profiles/change-set.ts";
import { newLifecycle } from "../profiles/item.ts";
import type { ProfileStore } from "../profiles/profile-store.ts";
import type { ContractContext } from "./engine.ts";
import {
  at,
  NOW,
  newAsset,
  newConsent,
  newCustomer,
  newField,
  newId,
  newIdentity,
  readAsset,
  readField,
} from "./profile-records.ts";
import { change, createCustomer, deleteCustomer, requireProfile } from "./profile-writes.ts";

/** Finding one customer with all that belongs to it. */
export function profileLookupContract(context: ContractContext): void {
  it("finds one customer by id, external id and identity, with everything that belongs to it", async () => {
    const { tenant } = context;
    const identities = [
      newIdentity("b", { channel: "email", verified: true, verifiedAt: at(5), primary: true }),
      newIdentity("a", { channel: "webchat", createdAt: at(7) }),
      newIdentity("\uff5e", { channel: "webchat" }),
      newIdentity("\u{1f600}", { channel: "webchat" }),
    ];
    const { customerId } = await createCustomer(tenant, { externalId: "crm-1" }, identities[2]);
    const consents = [newConsent({ consentType: "z" }), newConsent({ consentType: "a" })];
    const fields = [newField(customerId, { name: "a" }), newField(customerId, { name: "b", collectedAt: at(-9) })];
    const assets = [newAsset(customerId, { uploadedAt: at(1) }), newAsset(customerId, { uploadedAt: at(2) })];
    await change(tenant, customerId, {
      insertIdentities: [identities[3], identities[1], identities[0]].filter((each) => each !== undefined),
      insertConsents: consents,
      insertFields: fields.toReversed(),
      insertAssets: assets,
    });
    const profile = await tenant.profiles.findProfile({ by: "id", customerId }, "active");
    expect(profile).toStrictEqual({
      customer: { ...newCustomer({ customerId, externalId: "crm-1" }), version: 2 },
      identities,
      consents,
      fields: fields.map(readField),
      assets: assets.toReversed().map(readAsset),
    });
    for (const scope of ["active", "history"] as const) {
      expect(await tenant.profiles.findProfile({ by: "id", customerId }, scope)).toEqual(profile);
      expect(await tenant.profiles.findProfile({ by: "externalId", externalId: "crm-1" }, scope)).toEqual(profile);
      const identity = { by: "identity", channel: "webchat", channelUserId: "\u{1f600}" } as const;
      expect(await tenant.profiles.findProfile(identity, scope)).toEqual(profile);
    }
  });

  it("compares external ids and identities exactly", async () => {
    const { profiles } = context.tenant;
    const identity = newIdentity("Jos\u00e9 Straße");
    await createCustomer(context.tenant, { externalId: "Jos\u00e9 Straße" }, identity);
    for (const key of [
      "jos\u00e9 Straße",
      "Jose\u0301 Straße",
      "Jos\u00e9 STRASSE",
      "Jos\u00e9 Straße ",
      "Jos_ Straße",
      "",
    ]) {
      expect(await profiles.findProfile({ by: "externalId", externalId: key }, "active")).toBeUndefined();
      const lookup = { by: "identity", channel: "whatsapp", channelUserId: key } as const;
      expect(await profiles.findProfile(lookup, "active")).toBeUndefined();
    }
    const elsewhere = { by: "identity", channel: "webchat", channelUserId: identity.channelUserId } as const;
    expect(await profiles.findProfile(elsewhere, "active")).toBeUndefined();
    expect(await profiles.findProfile({ by: "id", customerId: newId() }, "history")).toBeUndefined();
  });

  it("keeps what is not active for the history", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const names = ["active", "expired", "orphaned", "superseded", "tombstone"];
    const fields = names.map((name, index) => newField(customerId, { name, collectedAt: at(index) }));
    const assets = names.map((name, index) => newAsset(customerId, { name, uploadedAt: at(index) }));
    await change(tenant, customerId, { insertFields: fields, insertAssets: assets });
    await change(tenant, customerId, { endFields: endings(fields), endAssets: endings(assets) });
    const active = await requireProfile(tenant.profiles, customerId, "active");
    const history = await requireProfile(tenant.profiles, customerId, "history");
    expect(active.fields.map(({ name }) => name)).toEqual(["active"]);
    expect(active.assets.map(({ name }) => name)).toEqual(["active"]);
    expect(history.fields.map(({ name }) => name)).toEqual(names);
    expect(history.assets.map(({ name }) => name)).toEqual(names.toReversed());
    expect(history.fields.slice(1)).toEqual(
      endings(fields).map((ending, index) => ({ ...fields.map(readField)[index + 1], ...ending })),
    );
  });

  it("orders versions by name, then newest first, then last inserted first", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const done = { status: "expired", expiredAt: NOW, endedAt: NOW } as const;
    const fields = [
      newField(customerId, { name: "b_a", ...done, collectedAt: at(5) }),
      newField(customerId, { name: "b", ...done, collectedAt: at(5) }),
      newField(customerId, { name: "b", ...done, collectedAt: at(9) }),
      newField(customerId, { name: "b", ...done, collectedAt: at(5) }),
      newField(customerId, { name: "_z", ...done, collectedAt: at(5) }),
      newField(customerId, { name: "b1", ...done, collectedAt: at(5) }),
    ];
    for (const field of fields) await change(tenant, customerId, { insertFields: [field] });
    const found = (await requireProfile(tenant.profiles, customerId)).fields.map(({ id }) =>
      fields.findIndex((each) => each.id === id),
    );
    expect(found).toEqual([4, 2, 3, 1, 5, 0]);
  });

  it("does not find deleted customers, whose keys are free again", async () => {
    const { tenant } = context;
    const identity = newIdentity("+331");
    const { customerId } = await createCustomer(tenant, { externalId: "x" }, identity);
    await deleteCustomer(tenant, customerId);
    await expectGone(tenant.profiles, customerId);
    const heir = await createCustomer(tenant, { externalId: "x" }, identity);
    const lookups = [{ by: "externalId", externalId: "x" } as const, { by: "identity", ...identity } as const];
    for (const lookup of lookups) {
      expect((await tenant.profiles.findProfile(lookup, "active"))?.customer.customerId).toBe(heir.customerId);
    }
  });

  it("hands out copies", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant, { externalId: "x" }, newIdentity("+331"));
    const field = newField(customerId, { value: { deep: ["a"] }, valueType: "json", metadata: { turn: 1 } });
    await change(tenant, customerId, { insertFields: [field], insertConsents: [newConsent()] });
    const before = JSON.stringify(await requireProfile(tenant.profiles, customerId));
    const read = await requireProfile(tenant.profiles, customerId);
    spoil(read);
    expect(JSON.stringify(await requireProfile(tenant.profiles, customerId))).toBe(before);
  });

  it("keeps what it was given, whatever the caller does to it later", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const field = newField(customerId, {
      value: { deep: ["a"] },
      valueType: "json",
      sources: [{ type: "tool", id: "ocr", metadata: { n: 1 } }],
    });
    const asset = newAsset(customerId, { metadata: { n: 1 }, verificationResult: { ok: true } });
    const [identity, consent] = [newIdentity("+1"), newConsent()];
    const given = {
      insertFields: [field],
      insertAssets: [asset],
      insertIdentities: [identity],
      insertConsents: [consent],
    };
    await change(tenant, customerId, given);
    const before = JSON.stringify(await requireProfile(tenant.profiles, customerId));
    expect(() => mutate(given)).not.toThrow();
    expect(JSON.stringify(await requireProfile(tenant.profiles, customerId))).toBe(before);
  });
}

/** The lifecycles of the second to the fifth item after each came to another end. */
function endings(items: readonly { readonly id: ItemId }[]): LifecycleChange[] {
  const endedAt = at(9);
  const ends: readonly Partial<LifecycleChange>[] = [
    { status: "expired", expiredAt: endedAt },
    { status: "orphaned", orphanedAt: endedAt },
    { status: "superseded", supersededAt: endedAt, supersededById: items[0]?.id ?? null },
    { deletedAt: endedAt },
  ];
  return ends.map((end, index) => ({ ...newLifecycle(NOW), id: items[index + 1]?.id ?? newId(), endedAt, ...end }));
}

async function expectGone(profiles: ProfileStore, customerId: CustomerId): Promise<void> {
  for (const scope of ["active", "history"] as const) {
    expect(await profiles.findProfile({ by: "id", customerId }, scope)).toBeUndefined();
    expect(await profiles.findProfile({ by: "externalId", externalId: "x" }, scope)).toBeUndefined();
    const lookup = { by: "identity", channel: "whatsapp", channelUserId: "+331" } as const;
    expect(await profiles.findProfile(lookup, scope)).toBeUndefined();
  }
}

/** Overwrites every member at every depth; a frozen one is as good as a copy. */
function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    spoil(member);
    try {
      (value as Record<string, unknown>)[key] = "spoilt";
    } catch {
      // Frozen.
    }
  }
}

/** Like `spoil`, for objects that belong to the caller and must not have been frozen. */
function mutate(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    mutate(member);
    (value as Record<string, unknown>)[key] = "spoilt";
  }
}
