import { describe, expect, it } from "vitest";
import type { Instant } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";
import { FaultInjector, withFaults } from "../../testing/fault-injection.ts";
import { watchedTier } from "../../testing/watched-tier.ts";
import type { CollectionDescriptor } from "../document-store.ts";
import { InMemoryDatabase } from "../in-memory/in-memory-database.ts";
import { InMemoryDocumentDatabase } from "../in-memory/in-memory-document-store.ts";
import { InMemoryWormDatabase } from "../in-memory/in-memory-worm-store.ts";
import type { WormDescriptor } from "../worm-store.ts";
import { resilientDocumentDatabase } from "./resilient-document-database.ts";
import { resilientWormDatabase } from "./resilient-worm-database.ts";

const TENANT = "01900000-0000-7000-8000-000000000001" as TenantId;
const NOTES: CollectionDescriptor = { name: "notes", indexes: [] };
const LINES: WormDescriptor<string> = {
  name: "lines",
  encode: (line) => new TextEncoder().encode(line),
  decode: (bytes) => new TextDecoder().decode(bytes),
  indexed: () => ({}),
};
const sealedAt = "2026-03-03T09:30:00.000Z" as Instant;
const BEFORE = { kind: "fail", when: "before", code: "storage_unavailable" } as const;
const AFTER = { kind: "fail", when: "after", code: "storage_unavailable" } as const;

async function openDocuments() {
  const tier = watchedTier({ tier: "documents", observability: { level: "structured-logging" } });
  const faults = new FaultInjector();
  const engine = new InMemoryDocumentDatabase(new InMemoryDatabase());
  const database = resilientDocumentDatabase(withFaults(engine, faults), tier.options);
  await database.prepare([NOTES]);
  faults.calls.length = 0;
  return { ...tier, faults, database, notes: database.collection(NOTES, TENANT) };
}

function openLogs() {
  const tier = watchedTier({ tier: "cold" });
  const faults = new FaultInjector();
  const database = resilientWormDatabase(
    withFaults(new InMemoryWormDatabase(new InMemoryDatabase()), faults),
    tier.options,
  );
  return { ...tier, faults, database, log: database.log(LINES, TENANT, "main") };
}

describe("guarded documents", () => {
  it("are read again when the engine could not be reached, and written once", async () => {
    const { notes, faults, timers } = await openDocuments();
    await notes.insert({ id: "a" });
    faults.inject({ fault: BEFORE, times: 1 });
    const read = notes.get("a");
    await timers.advance(100);
    expect(await read).toMatchObject({ document: { id: "a" }, version: 1 });
    faults.inject({ fault: AFTER, times: 1 });
    await expect(notes.insert({ id: "b" })).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(faults.calls).toEqual(["insert", "get", "get", "insert"]);
    expect(await notes.count()).toBe(2);
  });

  it("are refused at once while the engine is out of order, and there again when it is back", async () => {
    const { notes, faults, timers } = await openDocuments();
    await notes.insert({ id: "a" });
    faults.inject({ fault: BEFORE });
    for (let count = 0; count < 3; count++) await notes.delete("a").catch(() => undefined);
    faults.calls.length = 0;
    const calls = [notes.get("a"), notes.query(), notes.upsert({ id: "b" }), notes.count(), notes.exists("a")];
    for (const call of calls) await expect(call).rejects.toMatchObject({ details: { reason: "circuit_open" } });
    expect(faults.calls).toEqual([]);
    faults.heal();
    await timers.advance(1_000);
    expect(await notes.get("a")).toBeDefined();
  });

  it("are logged with whose they are, and never with what they are", async () => {
    const { notes, logged } = await openDocuments();
    await notes.insert({ id: "secret-id", name: "secret-name" });
    await notes.get("secret-id");
    const lines = logged("storage_operation").filter(({ tenantId }) => tenantId === TENANT);
    expect(lines.map(({ operation, success }) => [operation, success])).toEqual([
      ["insert", true],
      ["get", true],
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });
});

describe("guarded logs", () => {
  it("are appended to again where the place is given, and hold the record once", async () => {
    const { log, faults, timers } = openLogs();
    faults.inject({ fault: AFTER, methods: ["append"], times: 1 });
    const append = log.append("first", { sealedAt, expectedSequence: 0n });
    await timers.advance(100);
    expect(await append).toMatchObject({ sequence: 0n, document: "first" });
    faults.inject({ fault: BEFORE, methods: ["appendBatch"], times: 1 });
    const batch = log.appendBatch(["second", "third"], { sealedAt, expectedSequence: 1n });
    await timers.advance(100);
    expect(await batch).toHaveLength(2);
    expect(await log.count()).toBe(3n);
    expect(faults.calls).toEqual(["append", "append", "appendBatch", "appendBatch", "count"]);
  });

  it("are appended to once where it is not", async () => {
    const { log, faults } = openLogs();
    faults.inject({ fault: AFTER, times: 1 });
    await expect(log.append("first", { sealedAt })).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await log.count()).toBe(1n);
  });

  it("tell how much was appended at once, and that they are degraded", async () => {
    const { log, faults, telemetry } = openLogs();
    await log.appendBatch(["first", "second"], { sealedAt });
    faults.inject({ fault: BEFORE });
    for (let count = 0; count < 3; count++) await log.append("third", { sealedAt }).catch(() => undefined);
    const text = await telemetry.renderMetrics();
    for (const line of [
      'strongroom_storage_cold_append_batch_size_sum{provider="under-test"} 5',
      'strongroom_storage_circuit_state{tier="cold",provider="under-test"} 1',
      'strongroom_storage_degraded{tier="cold",provider="under-test"} 1',
      'strongroom_storage_operations_total{tier="cold",provider="under-test",op="append",outcome="error"} 3',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });
});
