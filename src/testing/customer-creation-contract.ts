import { expect, it } from "vitest";
import { CHANNELS, VERIFICATION_LEVELS } from "../profiles/customer.ts";
import type { ContractContext } from "./engine.ts";
import { at, newCustomer, newEvent, newIdentity } from "./profile-records.ts";
import { createCustomer, journalOf, requireCustomer, requireProfile } from "./profile-writes.ts";

/** Creating customers, of whom each key has one. */
export function customerCreationContract(context: ContractContext): void {
  it("keeps every member, set and unset", async () => {
    const { tenant } = context;
    const survivor = await createCustomer(tenant);
    for (const [index, verificationLevel] of VERIFICATION_LEVELS.entries()) {
      const customer = newCustomer({
        externalId: `crm-${index}`,
        verificationLevel,
        createdAt: at(500),
        updatedAt: at(999),
        lastInteractionAt: at(1),
        version: 7,
        mergedIntoId: survivor.customerId,
        wrappedKey: "d3JhcHBlZA",
      });
      await tenant.profiles.createCustomer({ customer, identity: null, audit: [] });
      expect(await requireCustomer(tenant.profiles, customer.customerId)).toStrictEqual(customer);
    }
    expect(await requireCustomer(tenant.profiles, survivor.customerId)).toStrictEqual(survivor);
  });

  it.each(CHANNELS)("takes an identity on %s", async (channel) => {
    const identity = newIdentity("Ключ 🗝", {
      channel,
      verified: true,
      verifiedAt: at(120),
      primary: true,
      createdAt: at(20),
    });
    const { customerId } = await createCustomer(context.tenant, {}, identity);
    expect((await requireProfile(context.tenant.profiles, customerId)).identities).toStrictEqual([identity]);
  });

  it("appends the audit events", async () => {
    const audit = [newEvent({ eventType: "customer_created", eventData: { n: 1 } }), newEvent()];
    expect(await context.tenant.profiles.createCustomer({ customer: newCustomer(), identity: null, audit })).toBe(
      "created",
    );
    const journal = await journalOf(context.tenant);
    expect(journal.map(({ sequence: _, ...event }) => event)).toEqual(audit);
  });

  it("writes nothing when a key is taken", async () => {
    const { tenant } = context;
    await createCustomer(tenant, { externalId: "x" }, newIdentity("+1"));
    const attempts = [
      { customer: newCustomer({ externalId: "x" }), identity: newIdentity("+2") },
      { customer: newCustomer({ externalId: "x" }), identity: null },
      { customer: newCustomer({ externalId: "y" }), identity: newIdentity("+1") },
      { customer: newCustomer(), identity: newIdentity("+1") },
      { customer: newCustomer({ externalId: "x" }), identity: newIdentity("+1") },
    ];
    for (const attempt of attempts) {
      expect(await tenant.profiles.createCustomer({ ...attempt, audit: [newEvent()] })).toBe("taken");
      expect(
        await tenant.profiles.findProfile({ by: "id", customerId: attempt.customer.customerId }, "history"),
      ).toBeUndefined();
    }
    expect(await journalOf(tenant)).toEqual([]);
    await createCustomer(tenant, { externalId: "y" }, newIdentity("+2"));
  });

  it("makes exactly one customer under fifty concurrent callers", async () => {
    const { tenant } = context;
    const rivals = {
      identity: () => ({ customer: newCustomer(), identity: newIdentity("+1") }),
      externalId: () => ({ customer: newCustomer({ externalId: "one" }), identity: null }),
      both: () => ({ customer: newCustomer({ externalId: "two" }), identity: newIdentity("+2") }),
    };
    for (const rival of Object.values(rivals)) {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () => tenant.profiles.createCustomer({ ...rival(), audit: [newEvent()] })),
      );
      expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "taken")).toHaveLength(49);
    }
    expect((await tenant.profiles.listCustomers({}, { limit: 100 })).items).toHaveLength(3);
    expect(await journalOf(tenant)).toHaveLength(3);
  });

  it("makes exactly one customer of those who share a key, also in transactions, which can go on", async () => {
    const { profiles } = context.tenant;
    const sharing = {
      externalId: (index: number) => ({
        customer: newCustomer({ externalId: "x" }),
        identity: newIdentity(`+${index}`),
      }),
      identity: (index: number) => ({
        customer: newCustomer({ externalId: `y${index}` }),
        identity: newIdentity("+y"),
      }),
    };
    for (const rival of Object.values(sharing)) {
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          profiles.transaction(async (store) => {
            const outcome = await store.createCustomer({ ...rival(index), audit: [newEvent()] });
            const { identity } = rival(index);
            const found = await store.findProfile({ by: "identity", ...identity }, "active");
            return [outcome, found?.customer.externalId ?? null];
          }),
        ),
      );
      expect(outcomes.filter(([outcome]) => outcome === "created")).toHaveLength(1);
    }
    expect((await profiles.listCustomers({}, { limit: 100 })).items).toHaveLength(2);
    expect(await journalOf(context.tenant)).toHaveLength(2);
  });

  it("gives each key one owner when callers name them in different pairs", async () => {
    const { profiles } = context.tenant;
    const pairs = Array.from({ length: 40 }, (_, index) => ({
      externalId: `x${index % 2}`,
      user: `+${(index >> 1) % 2}`,
    }));
    await Promise.all(
      pairs.map(({ externalId, user }) =>
        profiles.createCustomer({ customer: newCustomer({ externalId }), identity: newIdentity(user), audit: [] }),
      ),
    );
    const { items } = await profiles.listCustomers({}, { limit: 100 });
    const externalIds = items.map((item) => item.externalId);
    const users = items.flatMap((item) => item.identities.map((each) => each.channelUserId));
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(externalIds).size).toBe(items.length);
    expect(users).toHaveLength(items.length);
    expect(new Set(users).size).toBe(items.length);
  });

  it("never overwrites a customer", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant, { externalId: "x" });
    const twin = { ...customer, externalId: null, verificationLevel: "kyc_complete" } as const;
    const attempt = tenant.profiles.createCustomer({
      customer: twin,
      identity: newIdentity("+1"),
      audit: [newEvent()],
    });
    await expect(attempt).rejects.toMatchObject({ code: "internal_error" });
    expect(await requireProfile(tenant.profiles, customer.customerId)).toMatchObject({ customer, identities: [] });
  });

  it("refuses an audit event that exists, and writes nothing", async () => {
    const { tenant } = context;
    const event = newEvent();
    await tenant.audit.append([event]);
    const customer = newCustomer();
    await expect(
      tenant.profiles.createCustomer({ customer, identity: newIdentity("+1"), audit: [event] }),
    ).rejects.toMatchObject({ code: "audit_event_exists" });
    expect(await tenant.profiles.findProfile({ by: "id", customerId: customer.customerId }, "active")).toBeUndefined();
    await createCustomer(tenant, {}, newIdentity("+1"));
  });
}
