import { addMs, type Clock } from "../../clock.ts";
import { isVaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { Timers } from "../../storage/resilience/timers.ts";
import { untilAborted } from "../../storage/until-aborted.ts";
import type { RegisterEvents } from "../../telemetry/register-events.ts";
import type { PendingTenant } from "../register-store.ts";
import type { Registers } from "../registers.ts";
import { FairQueue } from "./fair-queue.ts";

export interface SealingServiceOptions {
  readonly registers: Pick<Registers, "listPending" | "isReady" | "provide" | "sealRun">;
  readonly sealIntervalMs: number;
  readonly sealMaxTransactions: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly events: RegisterEvents;
}

/** Looks in each interval: often enough that a docket is hardly later than it should be. */
const LOOKS_PER_INTERVAL = 4;
const LOOK_MS_MIN = 10;
/** Registers that are sealed at a time, and of those that have to be verified first as many. */
const CONCURRENCY = 4;

/**
 * Seals the journals of all tenants in the background: one as soon as its oldest event has waited for the interval, or there
 * are enough for a whole docket. Tenants do not wait for each other: each look only says who is due, a tenant with a backlog
 * goes to the back of the queue after each run, and registers that are verified first wait in a queue of their own. How much
 * it holds in memory does not follow how much there is to be sealed.
 */
export class SealingService implements AsyncDisposable {
  readonly #options: SealingServiceOptions;
  readonly #closing = new AbortController();
  readonly #sealing = new FairQueue<TenantId>(CONCURRENCY, (tenantId) => this.#seal(tenantId));
  readonly #verifying = new FairQueue<TenantId>(CONCURRENCY, (tenantId) => this.#verify(tenantId));
  #cancel: (() => void) | undefined;
  #look: Promise<void> = Promise.resolve();
  #isStarted = false;
  /** Tenants whose sealing failed, which are told once until it succeeds. */
  readonly #failing = new Set<TenantId>();

  constructor(options: SealingServiceOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isStarted || this.#closing.signal.aborted) return;
    this.#isStarted = true;
    this.#again();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#cancel?.();
    await this.#look;
    await Promise.all([this.#verifying.stop(), this.#sealing.stop()]);
  }

  /** Puts everybody in a queue who is due. Never rejects. */
  async #lookForDue(): Promise<void> {
    const { registers, sealMaxTransactions } = this.#options;
    const pending = await registers.listPending(sealMaxTransactions).catch(() => undefined);
    if (!pending || this.#closing.signal.aborted) return;
    for (const tenant of pending) {
      if (!this.#isDue(tenant)) continue;
      const queue = registers.isReady(tenant.tenantId) ? this.#sealing : this.#verifying;
      queue.add(tenant.tenantId);
    }
  }

  #isDue({ oldest, isFull }: PendingTenant): boolean {
    const { clock, sealIntervalMs } = this.#options;
    return isFull || oldest <= addMs(clock.now(), -sealIntervalMs);
  }

  async #verify(tenantId: TenantId): Promise<boolean> {
    await this.#attempt(tenantId, async () => {
      const register = await this.#options.registers.provide(tenantId);
      await untilAborted(this.#closing.signal, () => register.whenVerified());
      this.#sealing.add(tenantId);
    });
    return false;
  }

  async #seal(tenantId: TenantId): Promise<boolean> {
    let isMore = false;
    await this.#attempt(tenantId, async () => {
      isMore = (await this.#options.registers.sealRun(tenantId, "due")) === "more";
      this.#failing.delete(tenantId);
    });
    return isMore;
  }

  /** Never rejects. */
  async #attempt(tenantId: TenantId, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#closing.signal.aborted || this.#failing.has(tenantId)) return;
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
      this.#look = this.#lookForDue().finally(() => {
        if (!this.#closing.signal.aborted) this.#again();
      });
    });
  }
}
