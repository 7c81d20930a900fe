import { addMs, type Clock } from "../../clock.ts";
import { isVaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { Timers } from "../../storage/resilience/timers.ts";
import type { RegisterEvents } from "../../telemetry/register-events.ts";
import type { Registers } from "../registers.ts";

export interface SealingServiceOptions {
  readonly registers: Registers;
  readonly sealIntervalMs: number;
  readonly sealMaxTransactions: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly events: RegisterEvents;
}

/** Looks in each interval: often enough that a docket is hardly later than it should be. */
const LOOKS_PER_INTERVAL = 4;
const LOOK_MS_MIN = 10;
/** Registers that are sealed at a time. */
const CONCURRENCY = 4;

/**
 * Seals the journals of all tenants in the background: one as soon as its oldest event has waited for the interval, or there
 * are enough for a whole docket. How much it holds in memory does not follow how much there is to be sealed.
 */
export class SealingService implements AsyncDisposable {
  readonly #options: SealingServiceOptions;
  #cancel: (() => void) | undefined;
  #look: Promise<void> = Promise.resolve();
  #isStopped = true;
  /** Tenants whose sealing failed, which are told once until it succeeds. */
  readonly #failing = new Set<TenantId>();

  constructor(options: SealingServiceOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#again();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#look;
  }

  /** Seals everything that is due. Never rejects. */
  async sealDue(): Promise<void> {
    const { registers, sealIntervalMs, sealMaxTransactions, clock } = this.#options;
    const pending = await registers.listPending(sealMaxTransactions).catch(() => []);
    const before = addMs(clock.now(), -sealIntervalMs);
    const due = pending.filter(({ oldest, isFull }) => isFull || oldest <= before).map(({ tenantId }) => tenantId);
    const workers = Array.from({ length: Math.min(CONCURRENCY, due.length) }, async () => {
      for (let tenantId = due.shift(); tenantId !== undefined && !this.#isStopped; tenantId = due.shift()) {
        await this.#seal(tenantId);
      }
    });
    await Promise.all(workers);
  }

  async #seal(tenantId: TenantId): Promise<void> {
    try {
      await this.#options.registers.seal(tenantId);
      this.#failing.delete(tenantId);
    } catch (error) {
      if (this.#failing.has(tenantId)) return;
      this.#failing.add(tenantId);
      this.#options.events.registerSealingFailed({
        tenantId,
        code: isVaultError(error) ? error.code : "internal_error",
      });
    }
  }

  #again(): void {
    const { timers, sealIntervalMs } = this.#options;
    const delayMs = Math.max(LOOK_MS_MIN, sealIntervalMs / LOOKS_PER_INTERVAL);
    this.#cancel = timers.after(delayMs, () => {
      this.#look = this.sealDue().finally(() => {
        if (!this.#isStopped) this.#again();
      });
    });
  }
}
