import { addMs, type Clock, type Instant } from "../../clock.ts";
import { isVaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { Timers } from "../../storage/resilience/timers.ts";
import { untilAborted } from "../../storage/until-aborted.ts";
import type { RegisterEvents } from "../../telemetry/register-events.ts";
import type { PendingTenant } from "../register-store.ts";
import type { Registers } from "../registers.ts";
import { FairQueue } from "./fair-queue.ts";
import { LeaseWatch } from "./lease-watch.ts";
import type { RunOutcome } from "./sealer.ts";

export interface SealingServiceOptions {
  readonly registers: Pick<Registers, "listPending" | "isReady" | "provide" | "sealRun">;
  readonly sealIntervalMs: number;
  readonly sealMaxTransactions: number;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly events: RegisterEvents;
}

/** Looks in each interval: often enough that a docket is hardly later than it should be. */
const LOOKS_PER_INTERVAL = 4;
const LOOK_MS_MIN = 10;
/** Registers that are sealed at a time, and of those that have to be verified first as many. */
const CONCURRENCY = 4;
/** Terms of a lease: after one, a process that has died is replaced. */
const TERMS_OF_PATIENCE = 2;

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
  readonly #leases: LeaseWatch;
  /** When the oldest event was of those who wait, as they were seen last. */
  #oldest: ReadonlyMap<TenantId, Instant> = new Map();
  #cancel: (() => void) | undefined;
  #look: Promise<void> = Promise.resolve();
  #isStarted = false;
  /** Tenants whose sealing failed, which are told once until it succeeds. */
  readonly #failing = new Set<TenantId>();

  constructor(options: SealingServiceOptions) {
    this.#options = options;
    this.#leases = new LeaseWatch(TERMS_OF_PATIENCE * options.leaseMs);
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
    this.#oldest = new Map(pending.map(({ tenantId, oldest }) => [tenantId, oldest]));
    this.#leases.keepOnly(new Set(this.#oldest.keys()));
    for (const tenant of pending) {
      if (!this.#isDue(tenant)) continue;
      const queue = registers.isReady(tenant.tenantId) ? this.#sealing : this.#verifying;
      queue.add(tenant.tenantId);
    }
  }

  /** An event of the future was written by a clock that is wrong: nobody knows how long it has waited. */
  #isDue({ oldest, isFull }: PendingTenant): boolean {
    const { clock, sealIntervalMs } = this.#options;
    const now = clock.now();
    return isFull || oldest <= addMs(now, -sealIntervalMs) || oldest > now;
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
    const { registers } = this.#options;
    if (!registers.isReady(tenantId)) {
      this.#verifying.add(tenantId);
      return false;
    }
    let outcome: RunOutcome | undefined;
    await this.#attempt(tenantId, async () => {
      outcome = await untilAborted(this.#closing.signal, () => registers.sealRun(tenantId, "due"));
      this.#failing.delete(tenantId);
    });
    if (outcome === "leased") this.#watchLease(tenantId);
    else if (outcome !== undefined) this.#leases.over(tenantId);
    return outcome === "more";
  }

  #watchLease(tenantId: TenantId): void {
    const { clock, events } = this.#options;
    const oldest = this.#oldest.get(tenantId);
    const forMs = oldest && this.#leases.refused(tenantId, oldest, Date.parse(clock.now()));
    if (forMs !== undefined) events.registerSealingBlocked({ tenantId, forMs });
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
