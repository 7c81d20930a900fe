import type { Attributes, Span, SpanOptions, Tracer } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import { createTelemetry } from "../../telemetry/telemetry.ts";
import { InMemoryCacheStore } from "../in-memory/in-memory-cache-store.ts";
import type { ObservabilitySettings } from "./observability-level.ts";
import { observedCacheStore } from "./observed-cache-store.ts";
import { TierObserver, type TierObserverOptions } from "./tier-observer.ts";

interface RecordedSpan {
  readonly name: string;
  readonly attributes: Attributes;
  isFailed: boolean;
  isEnded: boolean;
}

/** Keeps the spans it is asked for. */
function recordingTracer(): { tracer: Tracer; spans: RecordedSpan[] } {
  const spans: RecordedSpan[] = [];
  const startSpan = (name: string, options?: SpanOptions): Span => {
    const recorded: RecordedSpan = { name, attributes: { ...options?.attributes }, isFailed: false, isEnded: false };
    spans.push(recorded);
    const span = {
      setStatus: () => {
        recorded.isFailed = true;
        return span;
      },
      setAttribute: (key: string, value: string) => {
        recorded.attributes[key] = value;
        return span;
      },
      end: () => {
        recorded.isEnded = true;
      },
    };
    return span as unknown as Span;
  };
  return { tracer: { startSpan } as unknown as Tracer, spans };
}

const TENANT = "01900000-0000-7000-8000-000000000001" as TenantId;
const subject = { tenantId: TENANT, collection: "notes" };

function open(settings: ObservabilitySettings, over: Partial<TierObserverOptions> = {}) {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const telemetry = createTelemetry({ level: "debug", format: "json", stream });
  const { tracer, spans } = recordingTracer();
  const observer = new TierObserver({
    tier: "documents",
    provider: "postgres",
    settings,
    meters: telemetry.meters.storage,
    logger: telemetry.logger,
    tracer,
    ...over,
  });
  const get = observer.operation("get", "storage.warm.query");
  const call = async (error?: unknown) => {
    const observation = observer.observe(get, subject);
    await observation.begin(async () => undefined);
    if (error === undefined) observation.succeeded();
    else observation.failed(error);
  };
  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { telemetry, observer, spans, call, logged };
}

const UNAVAILABLE = new VaultError("storage_unavailable", "Away.");
const SERIES = 'strongroom_storage_operations_total{tier="documents",provider="postgres",op="get",outcome=';

describe("a tier at the level", () => {
  it("none tells nothing but that a required one is lost", async () => {
    const { telemetry, observer, spans, call, logged } = open({ level: "none" });
    await call();
    await call(UNAVAILABLE);
    observer.circuitChanged({ from: "closed", to: "open", code: "storage_unavailable" }, true);
    observer.circuitChanged({ from: "half-open", to: "closed", code: "storage_unavailable" }, true);
    observer.circuitChanged({ from: "closed", to: "open", code: "storage_unavailable" }, false);
    expect(logged().map(({ level, event, state }) => [level, event, state])).toEqual([
      ["error", "storage_state_changed", "unavailable"],
    ]);
    expect(spans).toEqual([]);
    expect(await telemetry.renderMetrics()).not.toMatch(/^strongroom_storage_operations_total\{/m);
  });

  it("metrics counts and times calls, and warns of changes", async () => {
    const { telemetry, observer, spans, call, logged } = open({ level: "metrics" });
    const outcomes = [undefined, undefined, UNAVAILABLE, code("aborted"), code("record_exists"), code("invalid_value")];
    for (const outcome of outcomes) await call(outcome);
    observer.circuitChanged({ from: "closed", to: "open", code: "storage_unavailable" }, false);
    observer.circuitChanged({ from: "open", to: "half-open", code: "storage_unavailable" }, false);
    observer.circuitChanged({ from: "half-open", to: "open", code: "storage_unavailable" }, false);
    observer.circuitChanged({ from: "half-open", to: "closed", code: "storage_unavailable" }, false);
    const text = await telemetry.renderMetrics();
    for (const line of [
      `${SERIES}"ok"} 2`,
      `${SERIES}"error"} 1`,
      `${SERIES}"aborted"} 1`,
      `${SERIES}"refused"} 2`,
      'strongroom_storage_errors_total{tier="documents",provider="postgres",op="get",code="storage_unavailable"} 1',
      'strongroom_storage_duration_seconds_count{tier="documents",provider="postgres",op="get"} 6',
      'strongroom_storage_circuit_transitions_total{tier="documents",provider="postgres",to="open"} 2',
      'strongroom_storage_circuit_transitions_total{tier="documents",provider="postgres",to="closed"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).not.toContain(TENANT);
    expect(text).not.toContain("notes");
    expect(spans).toEqual([]);
    expect(logged().map(({ level, state }) => [level, state])).toEqual([
      ["warn", "unavailable"],
      ["warn", "available"],
    ]);
  });

  it("structured-logging writes a line for each call, with whose data it is and no more", async () => {
    const { spans, call, logged } = open({ level: "structured-logging" });
    await call();
    await call(UNAVAILABLE);
    const line = { level: "debug", event: "storage_operation", tier: "documents", provider: "postgres" };
    const common = {
      ...line,
      operation: "get",
      tenantId: TENANT,
      durationMs: expect.any(Number) as number,
      timestamp: expect.any(String) as string,
    };
    expect(logged()).toEqual([
      { ...common, success: true },
      { ...common, success: false, code: "storage_unavailable" },
    ]);
    expect(spans).toEqual([]);
  });

  it("full-tracing makes a span of each call", async () => {
    const { spans, call, logged } = open({ level: "full-tracing" });
    await call();
    await call(UNAVAILABLE);
    const attributes = {
      "db.system.name": "postgresql",
      "db.operation.name": "get",
      "db.collection.name": "notes",
      "strongroom.storage.tier": "documents",
    };
    const span = { name: "storage.warm.query", attributes, isFailed: false, isEnded: true };
    expect(spans).toEqual([
      span,
      { ...span, isFailed: true, attributes: { ...attributes, "error.type": "storage_unavailable" } },
    ]);
    expect(logged()).toHaveLength(2);
  });

  it("full-tracing samples the hot tier, but not its errors", async () => {
    const { spans, call } = open({ level: "full-tracing" }, { tier: "hot" });
    for (let count = 0; count < 128; count++) await call();
    expect(spans).toHaveLength(2);
    for (let count = 0; count < 8; count++) await call(UNAVAILABLE);
    expect(spans.filter(({ isFailed }) => isFailed)).toHaveLength(8);
    await call(code("record_exists"));
    expect(spans).toHaveLength(10);
    expect(spans.every(({ isEnded }) => isEnded)).toBe(true);
  });

  it.each([
    [{ metricsEnabled: false }, { series: 0, lines: 1, spans: 1 }],
    [{ loggingEnabled: false }, { series: 1, lines: 0, spans: 1 }],
    [{ tracingEnabled: false }, { series: 1, lines: 1, spans: 0 }],
  ])("full-tracing without %o leaves that out", async (switches, expected) => {
    const { telemetry, spans, call, logged } = open({ level: "full-tracing", ...switches });
    await call();
    const series = (await telemetry.renderMetrics()).match(/^strongroom_storage_operations_total\{/gm) ?? [];
    expect({ series: series.length, lines: logged().length, spans: spans.length }).toEqual(expected);
  });

  it("none is not raised by a switch", async () => {
    const switches = { metricsEnabled: true, loggingEnabled: true, tracingEnabled: true };
    const { spans, call, logged } = open({ level: "none", ...switches });
    await call();
    expect([...spans, ...logged()]).toEqual([]);
  });

  it("changes while it runs", async () => {
    const { telemetry, observer, spans, call, logged } = open({ level: "none" });
    await call();
    observer.setLevel({ level: "full-tracing" });
    await call();
    observer.setLevel({ level: "metrics" });
    await call();
    observer.setLevel({ level: "none" });
    await call();
    expect({ spans: spans.length, lines: logged().length }).toEqual({ spans: 1, lines: 1 });
    expect(await telemetry.renderMetrics()).toContain(`${SERIES}"ok"} 2\n`);
  });
});

describe("a cache within the process", () => {
  it("is counted by what it says of itself, and only while it is open", async () => {
    const { telemetry, observer } = open({ level: "metrics" }, { tier: "hot", provider: "in-memory" });
    const cache = observedCacheStore(new InMemoryCacheStore(), observer);
    await cache.set("k", 1);
    await cache.get("k");
    await cache.getMany(["k", "l"]);
    await cache.getOrSet("k", async () => 2);
    await expect(cache.get("")).rejects.toMatchObject({ code: "invalid_value" });
    const text = await telemetry.renderMetrics();
    const labels = 'tier="hot",provider="in-memory"';
    for (const line of [
      `strongroom_storage_cache_requests_total{${labels},result="hit"} 3`,
      `strongroom_storage_cache_requests_total{${labels},result="miss"} 1`,
      `strongroom_storage_cache_requests_total{${labels},result="bypass"} 0`,
      `strongroom_storage_operations_total{${labels},op="get",outcome="ok"} 1`,
      `strongroom_storage_operations_total{${labels},op="get",outcome="refused"} 1`,
      `strongroom_storage_circuit_state{${labels}} 0`,
      `strongroom_storage_degraded{${labels}} 0`,
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    const hits = async () => /,result="hit"\} (\d+)/.exec(await telemetry.renderMetrics())?.[1];
    observer.setLevel({ level: "none" });
    await cache.get("k");
    // The exporter goes on with the last it was told.
    expect(await hits()).toBe("3");
    observer.setLevel({ level: "metrics" });
    expect(await hits()).toBe("4");
    await cache.get("k");
    await cache[Symbol.asyncDispose]();
    expect(await hits()).toBe("4");
  });
});

function code(name: "aborted" | "record_exists" | "invalid_value"): VaultError {
  return new VaultError(name, "No.");
}
