import type { Attributes } from "@opentelemetry/api";
import { isVaultError, VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CounterCell } from "../../telemetry/counter.ts";
import type { StorageMeters, TierLabels } from "../../telemetry/storage-meters.ts";

/** Whose data a call is about, and where it is: for logs and spans, never for metrics. */
export interface CallSubject {
  readonly tenantId?: TenantId | undefined;
  /** A table, a collection or a kind of log. */
  readonly collection?: string | undefined;
}

/** One call that is under way. One of the two endings is called, once. */
export interface Observation {
  /** Starts the call, within its span where there is one. */
  begin<T>(work: () => Promise<T>): Promise<T>;
  succeeded(): void;
  failed(error: unknown): void;
}

/** `refused` is an answer too: a conflict, or a question that makes no sense. `bypassed` was not asked at all. */
export type Outcome = "ok" | "refused" | "aborted" | "error" | "bypassed";

export interface OperationOptions {
  readonly name: string;
  readonly span: string;
  readonly labels: TierLabels;
  readonly meters: StorageMeters;
  /** Time one call of so many. */
  readonly sampleEvery: number;
}

/** One method of one tier, with its series. As an observation it only counts. */
export class ObservedOperation implements Observation {
  readonly name: string;
  readonly span: string;
  readonly durationLabels: Attributes;
  readonly #options: OperationOptions;
  #succeeded: CounterCell | undefined;
  #bypassed: CounterCell | undefined;
  #untilSample = 1;

  constructor(options: OperationOptions) {
    this.name = options.name;
    this.span = options.span;
    this.#options = options;
    this.durationLabels = { ...options.labels, op: options.name };
  }

  /** True for the first call and then for every so many. */
  takeSample(): boolean {
    if (--this.#untilSample > 0) return false;
    this.#untilSample = this.#options.sampleEvery;
    return true;
  }

  begin<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  succeeded(): void {
    this.#succeeded ??= this.#cell("ok");
    this.#succeeded.value++;
  }

  /** Of a call that was not made. */
  bypassed(): void {
    this.#bypassed ??= this.#cell("bypassed");
    this.#bypassed.value++;
  }

  failed(error: unknown): void {
    const outcome = outcomeOf(error);
    this.#cell(outcome).value++;
    if (outcome !== "error") return;
    const { labels, meters, name: op } = this.#options;
    meters.errors.cell({ ...labels, op, code: errorCodeOf(error) }).value++;
  }

  #cell(outcome: Outcome): CounterCell {
    const { labels, meters, name: op } = this.#options;
    return meters.operations.cell({ ...labels, op, outcome });
  }
}

const ERROR_KINDS = new Set(["timeout", "unavailable", "integrity", "internal"]);

export function outcomeOf(error: unknown): Outcome {
  if (isVaultError(error, "aborted")) return "aborted";
  if (error instanceof VaultError) return ERROR_KINDS.has(error.kind) ? "error" : "refused";
  // A rule of the database that its store has yet to name, or what the caller's own work threw.
  return "refused";
}

export function errorCodeOf(error: unknown): string {
  return isVaultError(error) ? error.code : "other";
}

/** Of a tier that nobody looks at. */
export const UNOBSERVED: Observation = {
  begin: (work) => work(),
  succeeded: () => undefined,
  failed: () => undefined,
};
