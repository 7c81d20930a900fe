import { describe, expect, it } from "vitest";
import type { AuditEventId, TenantId } from "../identifiers.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import { FaultInjector, withFaults } from "../testing/fault-injection.ts";
import { InMemoryRegisterStore } from "./in-memory-register-store.ts";
import { SealLookup } from "./seal-lookup.ts";

const tenantId = "01a00000-0000-7000-8000-000000000001" as TenantId;
const idOf = (n: number) => `01a00000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

function counted() {
  const injector = new FaultInjector();
  const store = new InMemoryRegisterStore(new InMemoryDatabase().forTenant(tenantId));
  return { store, lookup: new SealLookup(withFaults(store, injector)), calls: injector.calls };
}

describe("where things are sealed", () => {
  it("is read once for up to a thousand of them, each once, and not at all for none", async () => {
    const { lookup, calls } = counted();
    const items = Array.from({ length: 1_000 }, (_, n) => idOf(n));
    expect((await lookup.ofItems([...items, ...items])).size).toBe(1_000);
    expect(calls).toEqual(["findBySubjectIds"]);
    expect((await lookup.ofEvents([])).size).toBe(0);
    expect(calls).toHaveLength(1);
    await lookup.ofEvents(items as AuditEventId[]);
    expect(calls).toEqual(["findBySubjectIds", "findByEvents"]);
    await lookup.ofItems([...items, idOf(1_000)]);
    expect(calls).toHaveLength(4);
  });

  it("is told of all that was asked about: what is not in the index is pending", async () => {
    const { store, lookup } = counted();
    const [eventId, other] = [idOf(1) as AuditEventId, idOf(2) as AuditEventId];
    const txId = "a".repeat(64);
    const transaction = { txId, position: 0, eventId, type: "field_written", subject: null, subjectId: idOf(9) };
    await store.index({ height: 3n, transactions: [{ ...transaction, height: 3n }], nodes: [] });
    const sealed = { status: "sealed", transactionId: txId, height: 3n };
    expect(await lookup.ofEvents([other, eventId])).toEqual(
      new Map<AuditEventId, object>([
        [other, { status: "pending" }],
        [eventId, sealed],
      ]),
    );
    expect(await lookup.ofItems([idOf(9)])).toEqual(new Map([[idOf(9), sealed]]));
  });
});
