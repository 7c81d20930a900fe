import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import type { CustomerId, ItemId, TenantId } from "../identifiers.ts";
import { CELLS_PER_COUNTER_MAX } from "./counter.ts";
import type { LogFormat, LogLevel } from "./logger.ts";
import { createTelemetry, type Telemetry } from "./telemetry.ts";

function open(level: LogLevel = "info", format: LogFormat = "json"): { telemetry: Telemetry; lines: string[] } {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  return { telemetry: createTelemetry({ level, format, stream }), lines };
}

const tenantId = "tenant-1" as TenantId;

describe("the log", () => {
  it("writes one JSON line per event, with its level, time and name", () => {
    const { telemetry, lines } = open();
    telemetry.logger.info({ tenantId, password: "hunter2" }, "something_happened");
    telemetry.logger.debug({}, "not_shown");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      tenantId,
      password: "[redacted]",
      event: "something_happened",
    });
  });

  it("writes for people too, with the place of an error and without what it may quote", () => {
    const { telemetry, lines } = open("info", "pretty");
    telemetry.logger.error({ route: "/v1/x", err: new SyntaxError("ana@example.com") }, "request_failed");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\d\d:\d\d:\d\d .*error.*request_failed.*route=.*\/v1\/x/);
    expect(lines[0]).toContain("SyntaxError");
    expect(lines[0]).toMatch(/\n {6}at .*telemetry\.test\.ts/);
    expect(lines[0]).not.toContain("ana@");
  });

  it("can be silent", () => {
    const { telemetry, lines } = open("silent");
    telemetry.logger.error({}, "not_shown");
    expect(lines).toEqual([]);
  });
});

describe("the metrics", () => {
  it("are rendered as Prometheus reads them", async () => {
    const { telemetry } = open();
    const cell = telemetry.meters.requests.cell({ endpoint: "/health", method: "GET", status: "200" });
    cell.value += 2;
    telemetry.meters.requests.cell({ endpoint: "/health", method: "GET", status: "200" }).value++;
    telemetry.meters.requestLatency.record(0.004, { endpoint: "/health" });
    const text = await telemetry.renderMetrics();
    expect(text).toContain('strongroom_request_count_total{endpoint="/health",method="GET",status="200"} 3\n');
    expect(text).toContain('strongroom_request_latency_seconds_bucket{endpoint="/health",le="0.005"} 1\n');
    expect(text).toContain('strongroom_request_latency_seconds_bucket{endpoint="/health",le="0.0025"} 0\n');
    expect(text).toContain("# TYPE strongroom_request_latency_seconds histogram\n");
  });

  it("count further label sets together when there are too many", async () => {
    const { telemetry } = open();
    for (let count = 0; count < CELLS_PER_COUNTER_MAX + 10; count++) {
      telemetry.meters.errors.cell({ error_type: `type-${count}` }).value++;
    }
    const series = (await telemetry.renderMetrics()).match(/^strongroom_errors_total\{.*$/gm) ?? [];
    expect(series).toHaveLength(CELLS_PER_COUNTER_MAX + 1);
    expect(series.at(-1)).toBe('strongroom_errors_total{overflow="true"} 10');
  });
});

describe("vault events", () => {
  it("are a line and a step of a metric each", async () => {
    const { telemetry, lines } = open("debug");
    const { events } = telemetry;
    const customerId = "customer-1" as CustomerId;
    const itemId = "item-1" as ItemId;
    const item = { tenantId, customerId, itemKind: "profile_field", itemId, itemName: "address" } as const;
    const replacement = { oldFieldId: itemId, newFieldId: "item-2" as ItemId };
    events.profileFieldSuperseded({ tenantId, customerId, fieldName: "address", ...replacement });
    events.profileFieldExpired({ ...item, expiredAt: "2026-03-03T09:30:00.000Z" as Instant });
    events.profileFieldOrphaned(item);
    events.derivationChainTraversed({ tenantId, itemId, itemKind: "profile_field", chainDepth: 3 });
    const errorTypes = ["pattern", "pattern"];
    events.schemaValidationFailed({ tenantId, fieldName: "iban", errorTypes, validationMode: "warn" });
    events.profileFieldsExpired({ tenantId, count: 1 });
    events.profileItemsOrphaned({ tenantId, count: 1 });
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      "profile_field_superseded",
      "profile_field_expired",
      "profile_field_orphaned",
      "derivation_chain_traversed",
      "schema_validation_failed",
      "profile_fields_expired",
      "profile_items_orphaned",
    ]);
    const text = await telemetry.renderMetrics();
    for (const series of [
      "strongroom_profile_fields_superseded_total 1",
      'strongroom_profile_items_expired_total{kind="profile_field"} 1',
      'strongroom_profile_items_orphaned_total{kind="profile_field"} 1',
      'strongroom_profile_derivation_chain_depth_bucket{le="3"} 1',
      'strongroom_profile_schema_validation_errors_total{field_name="iban",error_type="pattern"} 2',
    ]) {
      expect(text).toContain(`${series}\n`);
    }
  });

  it("tells how many registers are in each state, and a state that none is in any more as none", async () => {
    const { telemetry } = open();
    const { events } = telemetry;
    const change = (registerId: string, to: string) =>
      events.registerStateChanged({ tenantId, registerId, from: "Offline", to, trigger: "verified", message: null });
    change("one", "Initializing");
    change("two", "Healthy");
    change("one", "Degraded");
    const text = await telemetry.renderMetrics();
    for (const series of ['{state="Initializing"} 0', '{state="Healthy"} 1', '{state="Degraded"} 1']) {
      expect(text).toContain(`strongroom_registers${series}\n`);
    }
  });
});
