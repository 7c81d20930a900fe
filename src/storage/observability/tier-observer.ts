import { context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import type { Logger } from "../../telemetry/logger.ts";
import { METER_SCOPE } from "../../telemetry/meters.ts";
import type { StorageMeters, TierGauges, TierLabels } from "../../telemetry/storage-meters.ts";
import { type ObservabilitySettings, type Visibility, visibilityOf } from "./observability-level.ts";
import {
  type CallSubject,
  errorCodeOf,
  type Observation,
  ObservedOperation,
  outcomeOf,
  UNOBSERVED,
} from "./observed-operation.ts";

/** The part of a circuit's change that is told. */
export interface CircuitChange {
  readonly from: CircuitState;
  readonly to: CircuitState;
  /** Of the last failure, if there was any. */
  readonly code: string | undefined;
}

/** `closed` lets calls through. `half-open` is the time in which a sign of life was asked for. */
export type CircuitState = "closed" | "open" | "half-open";

export interface TierObserverOptions extends TierLabels {
  readonly settings: ObservabilitySettings;
  readonly meters: StorageMeters;
  /** Without it nothing is logged. */
  readonly logger?: Logger | undefined;
  /** Without it, the one that the host has registered with OpenTelemetry's API. */
  readonly tracer?: Tracer | undefined;
  /**
   * Time, and trace, one call of so many; failed calls are always traced. 1 unless the tier is the hot one: 64 there.
   */
  readonly sampleEvery?: number | undefined;
}

const HOT_SAMPLE_EVERY = 64;

/** The names that OpenTelemetry has for them. */
const DATABASE_SYSTEMS: Readonly<Record<string, string>> = { postgres: "postgresql", pglite: "postgresql" };

/** What one tier tells of itself. Its level can be changed while it runs. */
export class TierObserver {
  readonly labels: TierLabels;
  readonly meters: StorageMeters;
  readonly tracer: Tracer;
  readonly #options: TierObserverOptions;
  readonly #operations = new Map<string, ObservedOperation>();
  #visibility: Visibility;
  #isSilent = false;
  #isDetailed = false;

  constructor(options: TierObserverOptions) {
    this.#options = options;
    this.labels = { tier: options.tier, provider: options.provider };
    this.meters = options.meters;
    this.tracer = options.tracer ?? trace.getTracer(METER_SCOPE);
    this.#visibility = visibilityOf(options.settings);
    this.setLevel(options.settings);
  }

  get visibility(): Visibility {
    return this.#visibility;
  }

  get systemName(): string {
    const { provider } = this.labels;
    return DATABASE_SYSTEMS[provider] ?? provider;
  }

  setLevel(settings: ObservabilitySettings): void {
    this.#visibility = visibilityOf(settings);
    const { isMeasured, isTraced, logs } = this.#visibility;
    this.#isDetailed = isTraced || logs === "calls";
    this.#isSilent = !isMeasured && !this.#isDetailed;
  }

  /** A method of the tier. Ask for it once and keep it. @param span the name of its spans */
  operation(name: string, span: string): ObservedOperation {
    const known = this.#operations.get(name);
    if (known) return known;
    const sampleEvery = this.#options.sampleEvery ?? (this.labels.tier === "hot" ? HOT_SAMPLE_EVERY : 1);
    const made = new ObservedOperation({ name, span, labels: this.labels, meters: this.meters, sampleEvery });
    this.#operations.set(name, made);
    return made;
  }

  observe(operation: ObservedOperation, subject: CallSubject): Observation {
    if (this.#isSilent) return UNOBSERVED;
    const isSample = operation.takeSample();
    return isSample || this.#isDetailed ? new DetailedObservation(this, { operation, subject, isSample }) : operation;
  }

  countTurnedAway(operation: ObservedOperation): void {
    if (this.#visibility.isMeasured) operation.bypassed();
  }

  /** Has the tier read with every collection of metrics, until the function that is returned is called. */
  watch(read: () => TierGauges): () => void {
    return this.meters.watch(this.labels, () => (this.#visibility.isMeasured ? read() : undefined));
  }

  /** One line when the tier is out of order, and one when it is back; nothing for what is tried in between. */
  circuitChanged({ from, to, code }: CircuitChange, isRequired: boolean): void {
    const { isMeasured, logs } = this.#visibility;
    if (isMeasured) this.meters.transitions.cell({ ...this.labels, to }).value++;
    const isLost = from === "closed";
    if (!isLost && to !== "closed") return;
    const members = { ...this.labels, state: isLost ? "unavailable" : "available", circuit: to, code };
    if (isLost && isRequired) this.#options.logger?.error(members, "storage_state_changed");
    else if (logs !== "errors") this.#options.logger?.warn(members, "storage_state_changed");
  }

  recordAppend(records: number): void {
    if (this.#visibility.isMeasured) this.meters.appendBatchSize.record(records, { provider: this.labels.provider });
  }

  logCall(members: object): void {
    this.#options.logger?.debug({ ...this.labels, ...members }, "storage_operation");
  }
}

interface ObservedCall {
  readonly operation: ObservedOperation;
  readonly subject: CallSubject;
  /** Others are traced only when they fail. */
  readonly isSample: boolean;
}

/** A call whose time is taken, and which is logged or traced where the level says so. */
class DetailedObservation implements Observation {
  readonly #observer: TierObserver;
  readonly #call: ObservedCall;
  readonly #startedMs = performance.now();
  #span: Span | undefined;

  constructor(observer: TierObserver, call: ObservedCall) {
    this.#observer = observer;
    this.#call = call;
  }

  begin<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#observer.visibility.isTraced || !this.#call.isSample) return work();
    this.#span = this.#startSpan();
    return context.with(trace.setSpan(context.active(), this.#span), work);
  }

  succeeded(): void {
    const { isMeasured, logs } = this.#observer.visibility;
    if (isMeasured) this.#call.operation.succeeded();
    const seconds = this.#end(isMeasured);
    if (logs === "calls") this.#log(seconds, { success: true });
    this.#span?.end();
  }

  failed(error: unknown): void {
    const { isMeasured, isTraced, logs } = this.#observer.visibility;
    if (isMeasured) this.#call.operation.failed(error);
    const seconds = this.#end(isMeasured);
    if (logs === "calls") this.#log(seconds, { success: false, code: errorCodeOf(error) });
    if (isTraced && outcomeOf(error) === "error") this.#span ??= this.#startSpan();
    this.#span?.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", errorCodeOf(error)).end();
  }

  /** Seconds since the call began, recorded. */
  #end(isMeasured: boolean): number {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    if (isMeasured) this.#observer.meters.duration.record(seconds, this.#call.operation.durationLabels);
    return seconds;
  }

  #log(seconds: number, ending: object): void {
    const { operation, subject } = this.#call;
    const durationMs = Math.round(seconds * 1e6) / 1e3;
    const whose = subject.tenantId === undefined ? {} : { tenantId: subject.tenantId };
    this.#observer.logCall({ operation: operation.name, ...whose, durationMs, ...ending });
  }

  #startSpan(): Span {
    const { operation, subject } = this.#call;
    const { labels, systemName, tracer } = this.#observer;
    const attributes = {
      "db.system.name": systemName,
      "db.operation.name": operation.name,
      ...(subject.collection !== undefined && { "db.collection.name": subject.collection }),
      "strongroom.storage.tier": labels.tier,
    };
    return tracer.startSpan(operation.span, { kind: SpanKind.CLIENT, startTime: this.#startedMs, attributes });
  }
}
