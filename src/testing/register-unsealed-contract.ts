import { expect, it } from "vitest";
import type { AuditEventInsert } from "../audit/audit-event.ts";
import type { ApiKeyId } from "../identifiers.ts";
import { type RegisterStore, UNSEALED_EVENTS_MAX } from "../register/register-store.ts";
import type { ContractContext, TenantUnderTest } from "./engine.ts";
import { at, changeSet, newCustomer, newEvent, newId } from "./profile-records.ts";
import { indexed, transactionOfEvent } from "./register-records.ts";

type Event = AuditEventInsert;

const ALL = UNSEALED_EVENTS_MAX;

/** Which events of the journal are still to be sealed. */
export function registerUnsealedContract(context: ContractContext): void {
  const append = async (tenant: TenantUnderTest, count: number): Promise<Event[]> => {
    const events = Array.from({ length: count }, () => newEvent());
    await tenant.audit.append(events);
    return events;
  };
  const unsealed = async (register: RegisterStore, limit = ALL) =>
    (await register.listUnsealed(limit)).map(({ id }) => id);
  const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);

  it("are none in the beginning", async () => {
    expect(await context.tenant.register.listUnsealed(ALL)).toEqual([]);
  });

  it("are the events themselves, by their position and not their time", async () => {
    const { audit, register } = context.tenant;
    const events = [
      newEvent({ timestamp: at(5), eventData: { nested: ["ü", 1.5, null] } }),
      newEvent({ timestamp: at(0), actor: { type: "api_key", id: newId<ApiKeyId>(), role: "agent" } }),
      newEvent({ timestamp: at(2), subjectId: "subject", requestId: "request" }),
    ];
    await audit.append(events.slice(0, 1));
    await audit.append(events.slice(1));
    const listed = await register.listUnsealed(ALL);
    expect(listed).toEqual(await Promise.all(events.map(({ id }) => audit.get(id))));
    const positions = listed.map(({ sequence }) => BigInt(sequence));
    expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it("are there whichever store appended them, when it is committed and not before", async () => {
    const { profiles, register } = context.tenant;
    const customer = newCustomer();
    const created = newEvent({ eventType: "customer_created", customerId: customer.customerId });
    await profiles.createCustomer({ customer, identity: null, audit: [created] });
    const changes = changeSet(customer, { audit: [newEvent(), newEvent()] });
    await profiles.apply(changes);
    expect(await unsealed(register)).toEqual(idsOf([created, ...changes.audit]));
    const undone = context.tenant.transaction(async ({ audit }) => {
      await audit.append([newEvent()]);
      throw new RangeError("rolled back");
    });
    await expect(undone).rejects.toThrow("rolled back");
    await expect(context.tenant.audit.append([newEvent(), created])).rejects.toMatchObject({
      code: "audit_event_exists",
    });
    expect(await unsealed(register)).toEqual(idsOf([created, ...changes.audit]));
  });

  it("are the first ones up to a limit", async () => {
    const { register } = context.tenant;
    const events = await append(context.tenant, 5);
    expect(await unsealed(register, 1)).toEqual(idsOf(events.slice(0, 1)));
    expect(await unsealed(register, 4)).toEqual(idsOf(events.slice(0, 4)));
    await expect(register.listUnsealed(ALL + 1)).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it("are 1,000 at once", async () => {
    const { register } = context.tenant;
    const events = [...(await append(context.tenant, 600)), ...(await append(context.tenant, 500))];
    expect(await unsealed(register)).toEqual(idsOf(events.slice(0, ALL)));
    await register.index({
      height: 0n,
      nodes: [],
      transactions: events.slice(0, ALL).map((event, position) => transactionOfEvent(event, { height: 0n, position })),
    });
    expect(await unsealed(register)).toEqual(idsOf(events.slice(ALL)));
  });

  it("are sealed by the docket that names them, whatever their order", async () => {
    const { register } = context.tenant;
    const events = await append(context.tenant, 4);
    const [first, second, third, fourth] = events as [Event, Event, Event, Event];
    await indexed(register, 0n, transactionOfEvent(third), transactionOfEvent(first));
    expect(await unsealed(register)).toEqual(idsOf([second, fourth]));
    await indexed(register, 1n, transactionOfEvent(fourth), transactionOfEvent(second));
    expect(await unsealed(register)).toEqual([]);
  });

  it("stay when a docket names events of another journal", async () => {
    const { register } = context.tenant;
    const [own] = (await append(context.tenant, 1)) as [Event];
    const [foreign] = (await append(context.other, 1)) as [Event];
    await indexed(register, 0n, transactionOfEvent(foreign), transactionOfEvent(newEvent()));
    expect(await unsealed(register)).toEqual([own.id]);
    expect(await unsealed(context.other.register)).toEqual([foreign.id]);
  });

  it("stay when the docket's transaction is undone", async () => {
    const { register } = context.tenant;
    const [event] = (await append(context.tenant, 1)) as [Event];
    const undone = context.tenant.transaction(async (stores) => {
      await indexed(stores.register, 0n, transactionOfEvent(event));
      expect(await unsealed(stores.register)).toEqual([]);
      throw new RangeError("rolled back");
    });
    await expect(undone).rejects.toThrow("rolled back");
    expect(await unsealed(register)).toEqual([event.id]);
    expect(await register.indexedCount()).toBe(0n);
  });

  it("come late when they are committed late, and are sealed once", async (test) => {
    // Elsewhere one transaction waits for the other.
    if (context.engine.stores.engine !== "postgres") test.skip();
    const { register, audit } = context.tenant;
    const [early, late] = [newEvent(), newEvent()];
    const appended = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const slow = context.tenant.transaction(async (stores) => {
      await stores.audit.append([early]);
      appended.resolve();
      await released.promise;
    });
    await appended.promise;
    await audit.append([late]);
    expect(await unsealed(register)).toEqual([late.id]);
    await indexed(register, 0n, transactionOfEvent(late));
    expect(await unsealed(register)).toEqual([]);
    released.resolve();
    await slow;
    const [listed] = await register.listUnsealed(ALL);
    expect(listed?.id).toBe(early.id);
    expect(BigInt(listed?.sequence ?? 0)).toBeLessThan(BigInt((await audit.get(late.id))?.sequence ?? 0));
    await indexed(register, 1n, transactionOfEvent(early));
    expect(await unsealed(register)).toEqual([]);
  });
}
