import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEvent, AuditEventInsert } from "../audit/audit-event.ts";
import { AUDIT_EVENTS_PER_APPEND_MAX, type AuditFilter, type AuditStore } from "../audit/audit-store.ts";
import { addMs, type Instant } from "../clock.ts";
import { type CustomerId, type TenantId } from "../identifiers.ts";
import { seededIds } from "./seeded-ids.ts";

export interface AuditStorage extends AsyncDisposable {
  forTenant(tenantId: TenantId): AuditScope;
}

export interface AuditScope {
  readonly audit: AuditStore;
  transaction<T>(work: (scope: AuditScope) => Promise<T>): Promise<T>;
}

const NOW = "2026-03-03T09:30:00.000Z" as Instant;

/** What an `AuditStore` must do. */
export function auditStoreContract(engine: string, open: () => Promise<AuditStorage>): void {
  describe(`audit store on ${engine}`, () => {
    const ids = seededIds(20_260_303);
    let storage: AuditStorage;

    beforeAll(async () => {
      storage = await open();
    });
    afterAll(async () => {
      await storage[Symbol.asyncDispose]();
    });

    const newScope = () => storage.forTenant(ids.uuid<TenantId>());

    function newEvent(over: Partial<AuditEventInsert> = {}): AuditEventInsert {
      return {
        id: ids.uuid(),
        eventType: "field_written",
        customerId: ids.uuid<CustomerId>(),
        subjectId: "subject",
        actor: { type: "api_key", id: ids.uuid(), role: "agent" },
        requestId: "request-1",
        eventData: { name: "email", nested: { list: [1, 2.5, null, true, "ü🗝"] } },
        timestamp: NOW,
        ...over,
      };
    }

    async function all(scope: AuditScope, filter: AuditFilter = {}, limit = 2): Promise<AuditEvent[]> {
      const events: AuditEvent[] = [];
      let cursor: string | undefined;
      do {
        const page = await scope.audit.list(filter, { limit, cursor });
        events.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return events;
    }

    const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id);

    it("returns every member of what was appended, and its position", async () => {
      const scope = newScope();
      const event = newEvent();
      const bySystem = newEvent({
        customerId: null,
        subjectId: null,
        requestId: null,
        actor: { type: "system", id: null, role: null },
        eventData: {},
        timestamp: addMs(NOW, 7),
      });
      await scope.audit.append([event, bySystem]);
      expect(await scope.audit.get(event.id)).toEqual({ ...event, sequence: expect.stringMatching(/^[1-9]\d*$/) });
      expect(await scope.audit.get(bySystem.id)).toMatchObject(bySystem);
      expect(await scope.audit.get(ids.uuid())).toBeUndefined();
    });

    it("lists newest first by position, whatever the timestamps say", async () => {
      const scope = newScope();
      const events = [NOW, addMs(NOW, -5), addMs(NOW, 5)].map((timestamp) => newEvent({ timestamp }));
      await scope.audit.append(events.slice(0, 2));
      await scope.audit.append(events.slice(2));
      const listed = await all(scope);
      expect(idsOf(listed)).toEqual(idsOf(events.toReversed()));
      const positions = listed.map(({ sequence }) => BigInt(sequence));
      expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? 1 : -1)));
    });

    it("pages without repeating or skipping while others are appended", async () => {
      const scope = newScope();
      const events = Array.from({ length: 5 }, () => newEvent());
      await scope.audit.append(events);
      const first = await scope.audit.list({}, { limit: 3 });
      await scope.audit.append([newEvent()]);
      const rest = await scope.audit.list({}, { limit: 3, cursor: first.nextCursor ?? undefined });
      expect(idsOf([...first.items, ...rest.items])).toEqual(idsOf(events.toReversed()));
      expect(rest.nextCursor).toBeNull();
    });

    it("has no events before the first", async () => {
      expect(await newScope().audit.list({}, { limit: 1 })).toEqual({ items: [], nextCursor: null });
      await newScope().audit.append([]);
    });

    it("filters by customer, type and time, alone and together", async () => {
      const scope = newScope();
      const [one, other] = [ids.uuid<CustomerId>(), ids.uuid<CustomerId>()];
      const events = [
        newEvent({ customerId: one, eventType: "customer_created", timestamp: NOW }),
        newEvent({ customerId: one, timestamp: addMs(NOW, 1) }),
        newEvent({ customerId: other, timestamp: addMs(NOW, 2) }),
        newEvent({ customerId: null, eventType: "tenant_updated", timestamp: addMs(NOW, 3) }),
        newEvent({ customerId: one, timestamp: addMs(NOW, 4) }),
      ];
      await scope.audit.append(events);
      const expected = (...positions: number[]) => positions.map((position) => events[position]?.id);
      const listed = async (filter: AuditFilter) => idsOf(await all(scope, filter));
      expect(await listed({ customerId: one })).toEqual(expected(4, 1, 0));
      expect(await listed({ eventType: "field_written" })).toEqual(expected(4, 2, 1));
      expect(await listed({ from: addMs(NOW, 3) })).toEqual(expected(4, 3));
      expect(await listed({ to: addMs(NOW, 1) })).toEqual(expected(1, 0));
      expect(await listed({ from: addMs(NOW, 1), to: addMs(NOW, 2) })).toEqual(expected(2, 1));
      expect(await listed({ customerId: one, eventType: "field_written", to: addMs(NOW, 3) })).toEqual(expected(1));
      expect(await listed({ customerId: ids.uuid<CustomerId>() })).toEqual([]);
    });

    it("refuses a cursor of another filter or of no list", async () => {
      const scope = newScope();
      await scope.audit.append([newEvent(), newEvent()]);
      const { nextCursor } = await scope.audit.list({}, { limit: 1 });
      const foreign = ["", "x", Buffer.from('["audit","1 or 1"]').toString("base64url")];
      await expect(
        scope.audit.list({ eventType: "field_written" }, { limit: 1, cursor: nextCursor ?? "" }),
      ).rejects.toMatchObject({ code: "invalid_cursor" });
      for (const cursor of foreign) {
        await expect(scope.audit.list({}, { limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
      }
    });

    it("never overwrites: an id that is taken refuses the whole append", async () => {
      const scope = newScope();
      const event = newEvent();
      await scope.audit.append([event]);
      const fresh = newEvent();
      await expect(scope.audit.append([fresh, newEvent({ id: event.id, subjectId: "another" })])).rejects.toMatchObject(
        { code: "audit_event_exists" },
      );
      expect(await scope.audit.get(fresh.id)).toBeUndefined();
      expect((await scope.audit.get(event.id))?.subjectId).toBe("subject");
    });

    it("refuses too many events at once", async () => {
      const events = Array.from({ length: AUDIT_EVENTS_PER_APPEND_MAX + 1 }, () => newEvent());
      await expect(newScope().audit.append(events)).rejects.toMatchObject({ code: "limit_exceeded" });
    });

    it("keeps nothing of a transaction that is rolled back", async () => {
      const scope = newScope();
      await expect(
        scope.transaction(async ({ audit }) => {
          await audit.append([newEvent()]);
          throw new RangeError("rolled back");
        }),
      ).rejects.toThrow("rolled back");
      expect(await all(scope)).toEqual([]);
    });

    it("leaves the caller's objects alone and hands out copies", async () => {
      const scope = newScope();
      const event = newEvent();
      await scope.audit.append([event]);
      expect(Object.isFrozen(event.eventData)).toBe(false);
      const read = await scope.audit.get(event.id);
      try {
        Object.assign(read?.eventData ?? {}, { name: "changed" });
      } catch {
        // A frozen copy is a copy.
      }
      expect((await scope.audit.get(event.id))?.eventData["name"]).toBe("email");
    });

    it("shows a tenant nothing of another's journal", async () => {
      const [one, other] = [newScope(), newScope()];
      const event = newEvent();
      await one.audit.append([event]);
      expect(await other.audit.get(event.id)).toBeUndefined();
      expect(await all(other)).toEqual([]);
      const { nextCursor } = await one.audit.list({}, { limit: 1 });
      expect(nextCursor).toBeNull();
      await other.audit.append([newEvent({ id: event.id })]);
      expect(await one.audit.get(event.id)).toMatchObject(event);
    });
  });
}
