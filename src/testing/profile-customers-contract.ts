import { expect, it } from "vitest";
import type { ContractContext } from "./engine.ts";
import {
  at,
  changeSet,
  newAsset,
  newConsent,
  newCustomer,
  newEvent,
  newField,
  newIdentity,
} from "./profile-records.ts";
import {
  change,
  createCustomer,
  deleteCustomer,
  journalOf,
  requireCustomer,
  requireProfile,
} from "./profile-writes.ts";

/** What the headers, identities and consents of customers may become. */
export function profileCustomersContract(context: ContractContext): void {
  it("raises the version by one and takes over the header", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant, { version: 4 });
    const header = {
      ...customer,
      externalId: "x",
      verificationLevel: "kyc_complete",
      updatedAt: at(10),
      lastInteractionAt: at(20),
      wrappedKey: "a2V5",
    } as const;
    const audit = [newEvent({ customerId: customer.customerId })];
    expect(
      await tenant.profiles.apply({
        customerId: customer.customerId,
        expectedVersion: 4,
        customer: { ...header, version: 5 },
        audit,
      }),
    ).toBe("applied");
    expect(await requireCustomer(tenant.profiles, customer.customerId)).toStrictEqual({ ...header, version: 5 });
    expect((await journalOf(tenant)).map(({ id }) => id)).toEqual(audit.map(({ id }) => id));
    const unset = { ...header, externalId: null, lastInteractionAt: null, wrappedKey: null, version: 6 };
    await change(tenant, customer.customerId, { customer: unset });
    expect(await requireCustomer(tenant.profiles, customer.customerId)).toStrictEqual(unset);
  });

  it("is stale for another version, an unknown and a deleted customer, and writes nothing then", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant, { version: 4 });
    const deleted = await createCustomer(tenant);
    await deleteCustomer(tenant, deleted.customerId);
    const before = await context.engine.probe.dump(tenant.tenantId);
    for (const target of [
      { ...customer, version: 3 },
      { ...customer, version: 5 },
      newCustomer(),
      { ...deleted, version: 2 },
    ]) {
      const parts = {
        insertFields: [newField(target.customerId)],
        insertAssets: [newAsset(target.customerId)],
        insertIdentities: [newIdentity("+9")],
        insertConsents: [newConsent()],
        releaseKeys: true,
      };
      expect(await tenant.profiles.apply(changeSet(target, parts))).toBe("stale");
    }
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("applies exactly one of many concurrent changes to a version", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant);
    const fields = Array.from({ length: 20 }, (_, index) =>
      newField(customer.customerId, { value: index, valueType: "number" }),
    );
    const outcomes = await Promise.all(
      fields.map((field) => tenant.profiles.apply(changeSet(customer, { insertFields: [field] }))),
    );
    expect(outcomes.filter((outcome) => outcome === "applied")).toHaveLength(1);
    const profile = await requireProfile(tenant.profiles, customer.customerId);
    expect(profile.customer.version).toBe(2);
    expect(profile.fields.map(({ id }) => id)).toEqual([fields[outcomes.indexOf("applied")]?.id]);
    expect(await journalOf(tenant)).toHaveLength(1);
  });

  it("refuses an external id of another customer, and writes nothing", async () => {
    const { tenant } = context;
    await createCustomer(tenant, { externalId: "x" });
    const customer = await createCustomer(tenant, { externalId: "y" });
    const before = await context.engine.probe.dump(tenant.tenantId);
    const parts = {
      customer: { ...customer, externalId: "x", version: 2 },
      insertFields: [newField(customer.customerId)],
    };
    await expect(tenant.profiles.apply(changeSet(customer, parts))).rejects.toMatchObject({
      code: "external_id_taken",
    });
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
    await change(tenant, customer.customerId, { customer: { ...customer, externalId: "y", version: 2 } });
    await change(tenant, customer.customerId, { customer: { ...customer, externalId: null, version: 3 } });
    await createCustomer(tenant, { externalId: "y" });
  });

  it("refuses an identity that is linked already, also to the customer itself, and writes nothing", async () => {
    const { tenant } = context;
    await createCustomer(tenant, {}, newIdentity("+1"));
    const customer = await createCustomer(tenant, {}, newIdentity("+2"));
    const before = await context.engine.probe.dump(tenant.tenantId);
    for (const user of ["+1", "+2"]) {
      const parts = { insertIdentities: [newIdentity("+3"), newIdentity(user)], insertConsents: [newConsent()] };
      await expect(tenant.profiles.apply(changeSet(customer, parts))).rejects.toMatchObject({ code: "identity_taken" });
    }
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("links an identity once under concurrent callers", async () => {
    const { tenant } = context;
    const customers = [];
    for (let index = 0; index < 10; index++) customers.push(await createCustomer(tenant));
    const attempts = await Promise.allSettled(
      customers.map((customer) =>
        tenant.profiles.apply(changeSet(customer, { insertIdentities: [newIdentity("+1")] })),
      ),
    );
    expect(attempts.filter((attempt) => attempt.status === "fulfilled")).toHaveLength(1);
    for (const attempt of attempts) {
      if (attempt.status === "rejected") expect(attempt.reason).toMatchObject({ code: "identity_taken" });
    }
  });

  it("updates the flags of the customer's own identities, and of no other's", async () => {
    const { tenant } = context;
    const own = newIdentity("+1");
    const foreign = newIdentity("+2");
    const { customerId } = await createCustomer(tenant, {}, own);
    const rival = await createCustomer(tenant, {}, foreign);
    const flags = { verified: true, verifiedAt: at(5), primary: true };
    const unknown = newIdentity("+3", flags);
    await change(tenant, customerId, { updateIdentities: [{ ...own, ...flags }, { ...foreign, ...flags }, unknown] });
    expect((await requireProfile(tenant.profiles, customerId)).identities).toEqual([{ ...own, ...flags }]);
    expect((await requireProfile(tenant.profiles, rival.customerId)).identities).toEqual([foreign]);
  });

  it("appends consents to their history, oldest first", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const consents = [
      newConsent({ recordedAt: at(3) }),
      newConsent({
        granted: false,
        grantedAt: null,
        revokedAt: at(1),
        recordedAt: at(2),
        sourceSessionId: "s",
        ipAddress: "2001:db8::1",
      }),
      newConsent({ consentType: "data_processing", recordedAt: at(1) }),
    ];
    for (const consent of consents) await change(tenant, customerId, { insertConsents: [consent] });
    expect((await requireProfile(tenant.profiles, customerId)).consents).toStrictEqual(consents);
  });

  it("refuses an audit event that exists, and writes nothing", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant);
    const event = newEvent();
    await tenant.audit.append([event]);
    const before = await context.engine.probe.dump(tenant.tenantId);
    const parts = { insertFields: [newField(customer.customerId)], audit: [newEvent(), event] };
    await expect(tenant.profiles.apply(changeSet(customer, parts))).rejects.toMatchObject({
      code: "audit_event_exists",
    });
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });
}
