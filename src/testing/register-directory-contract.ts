import { describe, expect, it } from "vitest";
import type { TenantId } from "../identifiers.ts";
import { TENANTS_MAX, UNSEALED_EVENTS_MAX } from "../register/register-store.ts";
import type { ContractContext, TenantUnderTest } from "./engine.ts";
import { at, newEvent } from "./profile-records.ts";
import { freshRegister, indexed, transactionOfEvent } from "./register-records.ts";

/** What is known of all tenants. */
export function registerDirectoryContract(context: ContractContext): void {
  /** Tenants in the order of their ids, none of which came before. */
  const newTenants = async (
    count: number,
  ): Promise<{ readonly tenants: TenantUnderTest[]; readonly after: TenantId }> => {
    const tenants: TenantUnderTest[] = [];
    while (tenants.length < count) tenants.push(await context.engine.newTenant());
    return { tenants, after: context.other.tenantId };
  };
  const directory = () => context.engine.stores.registers;

  describe("listPending", () => {
    const pending = async (query: { full?: number; limit?: number; after: TenantId }) =>
      await directory().listPending({ full: 3, limit: TENANTS_MAX, ...query });

    it("names tenants with unsealed events by id, with the instant of the first", async () => {
      const { tenants, after } = await newTenants(4);
      const [one, two, , four] = tenants as [TenantUnderTest, TenantUnderTest, TenantUnderTest, TenantUnderTest];
      await four.audit.append([newEvent({ timestamp: at(9) }), newEvent({ timestamp: at(1) })]);
      await one.audit.append([newEvent({ timestamp: at(5) })]);
      await two.register.init(freshRegister());
      await two.audit.append(Array.from({ length: 3 }, () => newEvent()));
      expect(await pending({ after })).toEqual([
        { tenantId: one.tenantId, oldest: at(5), isFull: false },
        { tenantId: two.tenantId, oldest: at(0), isFull: true },
        { tenantId: four.tenantId, oldest: at(9), isFull: false },
      ]);
      expect(await pending({ after: four.tenantId })).toEqual([]);
    });

    it("calls a tenant full at so many events", async () => {
      const { tenants, after } = await newTenants(1);
      await tenants[0]?.audit.append([newEvent(), newEvent()]);
      const isFull = async (full: number) => (await pending({ after, full }))[0]?.isFull;
      expect(await Promise.all([1, 2, 3, UNSEALED_EVENTS_MAX].map(isFull))).toEqual([true, true, false, false]);
    });

    it("goes on to the next event when the first is sealed, and leaves out a tenant without any", async () => {
      const { tenants, after } = await newTenants(1);
      const { audit, register } = tenants[0] as TenantUnderTest;
      const events = [newEvent({ timestamp: at(1) }), newEvent({ timestamp: at(2) })] as const;
      await audit.append(events);
      await indexed(register, 0n, transactionOfEvent(events[0]));
      expect(await pending({ after })).toMatchObject([{ oldest: at(2) }]);
      await indexed(register, 1n, transactionOfEvent(events[1]));
      expect(await pending({ after })).toEqual([]);
    });

    it("leaves out replicas, which do not count against the limit", async () => {
      const { tenants, after } = await newTenants(6);
      for (const [index, { audit, register }] of tenants.entries()) {
        if (index % 2 === 0) await register.init(freshRegister({ kind: "replica" }));
        await audit.append([newEvent()]);
      }
      const own = tenants.filter((_, index) => index % 2 === 1).map(({ tenantId }) => tenantId);
      const found = async (limit: number) => (await pending({ after, limit })).map(({ tenantId }) => tenantId);
      for (const limit of [1, 2, 3, TENANTS_MAX]) expect(await found(limit)).toEqual(own.slice(0, limit));
    });

    it("is read page by page", async () => {
      const { tenants, after } = await newTenants(5);
      for (const { audit } of tenants) await audit.append([newEvent(), newEvent()]);
      const found: TenantId[] = [];
      for (let last: TenantId | undefined = after; last; ) {
        const page: readonly { readonly tenantId: TenantId }[] = await pending({ after: last, limit: 2 });
        found.push(...page.map(({ tenantId }) => tenantId));
        last = page.at(-1)?.tenantId;
      }
      expect(found).toEqual(tenants.map(({ tenantId }) => tenantId));
      expect(await directory().listPending({ full: 1, limit: 1 })).toHaveLength(1);
    });

    it("says nothing of events that are not committed", async () => {
      const { tenants, after } = await newTenants(1);
      const undone = tenants[0]?.transaction(async ({ audit }) => {
        await audit.append([newEvent()]);
        throw new RangeError("rolled back");
      });
      await expect(undone).rejects.toThrow("rolled back");
      expect(await pending({ after })).toEqual([]);
    });

    it("has limits", async () => {
      const { after } = await newTenants(0);
      await expect(pending({ after, limit: TENANTS_MAX + 1 })).rejects.toMatchObject({ code: "limit_exceeded" });
      await expect(pending({ after, full: UNSEALED_EVENTS_MAX + 1 })).rejects.toMatchObject({ code: "limit_exceeded" });
    });
  });

  describe("listRegisters", () => {
    it("names tenants that have a register by id, page by page", async () => {
      const { tenants, after } = await newTenants(4);
      const made = [];
      for (const [index, { tenantId, register }] of tenants.entries()) {
        if (index === 1) continue;
        const kind = index === 2 ? "replica" : "own";
        made.push({ tenantId, register: await register.init(freshRegister({ kind, createdAt: at(index) })) });
      }
      await tenants[0]?.register.acquireLease({ holder: "a", now: at(0), until: at(1) });
      expect(await directory().listRegisters({ after, limit: TENANTS_MAX })).toEqual(made);
      expect(await directory().listRegisters({ after, limit: 2 })).toEqual(made.slice(0, 2));
      expect(await directory().listRegisters({ after: made[1]?.tenantId, limit: 2 })).toEqual(made.slice(2));
      expect(await directory().listRegisters({ limit: 1 })).toHaveLength(1);
      await expect(directory().listRegisters({ limit: TENANTS_MAX + 1 })).rejects.toMatchObject({
        code: "limit_exceeded",
      });
    });
  });
}
