import type { TenantId } from "../identifiers.ts";
import type { OperationalState } from "./operational-state.ts";
import type { RecoveryService } from "./recovery/recovery-service.ts";
import type { PendingTenant, RegisterDirectory, RegisterRecord, RegisterStore } from "./register-store.ts";
import type { ReplicaFollower, ReplicaStatus } from "./replication/replica-follower.ts";
import type { Scrubber, ScrubStatus } from "./scrub/scrubber.ts";
import type { RunOutcome, RunScope, SealingOutcome } from "./sealing/sealer.ts";
import type { VerifiedRegister } from "./verified/verified-register.ts";

/** What seals one tenant's register. */
export interface TenantSealer {
  run(scope: RunScope): Promise<RunOutcome>;
  release(): Promise<void>;
}

export interface RegistersOptions {
  readonly directory: RegisterDirectory;
  readonly storeOf: (tenantId: TenantId) => Pick<RegisterStore, "get">;
  readonly open: (tenantId: TenantId, record: RegisterRecord) => Promise<VerifiedRegister>;
  /** Begins a register for a tenant that has none; resolves to the one that the tenant has then. */
  readonly create: (tenantId: TenantId) => Promise<RegisterRecord>;
  readonly sealerOf: (tenantId: TenantId, register: VerifiedRegister) => TenantSealer;
  readonly recoveryOf: (tenantId: TenantId, register: VerifiedRegister) => RecoveryService;
  readonly scrubberOf: (register: VerifiedRegister) => Scrubber;
}

interface OpenRegister {
  readonly register: VerifiedRegister;
  readonly record: RegisterRecord;
  readonly sealer: TenantSealer;
  readonly recovery: RecoveryService;
  readonly scrubber: Scrubber;
}

/** How many registers are in a state, for each state that one of them is in. */
export type RegisterCounts = Readonly<Partial<Record<OperationalState, number>>>;

const TENANTS_PER_LOOK = 1_000;

/** The registers of all tenants that this process has to do with, each opened once. */
export class Registers implements AsyncDisposable {
  readonly #options: RegistersOptions;
  readonly #open = new Map<TenantId, Promise<OpenRegister>>();
  /** Those of them whose opening has come to its end. */
  readonly #opened = new Map<TenantId, VerifiedRegister>();
  readonly #followers = new Map<TenantId, ReplicaFollower>();
  #isClosed = false;

  constructor(options: RegistersOptions) {
    this.#options = options;
  }

  /** The tenant's register, being verified or verified; `undefined` when the tenant has none yet. */
  async find(tenantId: TenantId): Promise<VerifiedRegister | undefined> {
    const opened = await (this.#open.get(tenantId) ?? this.#openExisting(tenantId));
    return opened?.register;
  }

  /** What gets damaged dockets of the tenant's register back; `undefined` when the tenant has none yet. */
  async recoveryOf(tenantId: TenantId): Promise<RecoveryService | undefined> {
    const opened = await (this.#open.get(tenantId) ?? this.#openExisting(tenantId));
    return opened?.recovery;
  }

  /** How the scrubbing of the tenant's register stands, once `find` has found it. */
  async scrubStatus(tenantId: TenantId): Promise<ScrubStatus | undefined> {
    return (await this.#open.get(tenantId))?.scrubber.status;
  }

  /** Keeps the tenant's register a copy of another one from now on. */
  async follow(tenantId: TenantId, followerOf: (register: VerifiedRegister) => ReplicaFollower): Promise<void> {
    const register = await this.find(tenantId);
    if (!register || this.#isClosed) return;
    const follower = followerOf(register);
    this.#followers.set(tenantId, follower);
    follower.start();
  }

  /** How the copy of another register stands to that; `undefined` of a register that is none, or not followed here. */
  replicaStatus(tenantId: TenantId): ReplicaStatus | undefined {
    return this.#followers.get(tenantId)?.status;
  }

  /** The record of the tenant's register, once `find` has found it. */
  async record(tenantId: TenantId): Promise<RegisterRecord | undefined> {
    return (await this.#open.get(tenantId))?.record;
  }

  /** The tenant's register, being verified or verified; made if there is none. */
  async provide(tenantId: TenantId): Promise<VerifiedRegister> {
    return (await this.#require(tenantId)).register;
  }

  /** Whether the tenant's register can be sealed into at once, because no verification of it has to be waited for. */
  isReady(tenantId: TenantId): boolean {
    const state = this.#opened.get(tenantId)?.condition.state;
    return state !== undefined && state !== "Offline" && state !== "Initializing";
  }

  /**
   * Seals everything that is in the tenant's journal, in runs between which others have their turn, and goes on as long as full
   * dockets of events come meanwhile. Makes the register first if there is none. `done` for a replica, too.
   */
  async seal(tenantId: TenantId): Promise<SealingOutcome> {
    for (;;) {
      const outcome = await this.sealRun(tenantId, "all");
      if (outcome !== "more") return outcome;
    }
  }

  /** One run of that, once the register is verified. */
  async sealRun(tenantId: TenantId, scope: RunScope): Promise<RunOutcome> {
    const { register, record, sealer } = await this.#require(tenantId);
    if (record.kind === "replica") return "done";
    await register.whenVerified();
    return await sealer.run(scope);
  }

  /** Tenants that have something to be sealed, all of them. */
  async listPending(full: number): Promise<readonly PendingTenant[]> {
    const pending: PendingTenant[] = [];
    for (let after: TenantId | undefined; ; ) {
      const found = await this.#options.directory.listPending({ full, limit: TENANTS_PER_LOOK, after });
      pending.push(...found);
      after = found.at(-1)?.tenantId;
      if (found.length < TENANTS_PER_LOOK) return pending;
    }
  }

  /** Begins to verify the registers that there are, one after the other; stops at `isStopped`. Never rejects. */
  async verifyAllInTurn(isStopped: () => boolean): Promise<void> {
    for (let after: TenantId | undefined; ; ) {
      const found = await this.#options.directory.listRegisters({ limit: TENANTS_PER_LOOK, after }).catch(() => []);
      for (const { tenantId } of found) {
        if (isStopped()) return;
        const register = await this.find(tenantId).catch(() => undefined);
        await register?.whenVerified().catch(() => undefined);
      }
      after = found.at(-1)?.tenantId;
      if (found.length < TENANTS_PER_LOOK) return;
    }
  }

  /** How many of the registers that this process verifies are in each state, without waiting for any. */
  countStates(): RegisterCounts {
    const counts: Partial<Record<OperationalState, number>> = {};
    for (const { condition } of this.#opened.values()) {
      if (condition.wasInitialized) counts[condition.state] = (counts[condition.state] ?? 0) + 1;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const follower of this.#followers.values()) await follower[Symbol.asyncDispose]();
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    this.#opened.clear();
    await Promise.allSettled(
      opened.map(async (result) => {
        if (result.status === "rejected") return;
        await result.value.scrubber[Symbol.asyncDispose]();
        await result.value.recovery[Symbol.asyncDispose]();
        await result.value.register[Symbol.asyncDispose]();
        // After the run of sealing that was under way.
        await result.value.sealer.release().catch(() => undefined);
      }),
    );
  }

  async #openExisting(tenantId: TenantId): Promise<OpenRegister | undefined> {
    const record = await this.#options.storeOf(tenantId).get();
    return record && (await this.#remember(tenantId, record));
  }

  async #require(tenantId: TenantId): Promise<OpenRegister> {
    const opened = await (this.#open.get(tenantId) ?? this.#openExisting(tenantId));
    return opened ?? (await this.#remember(tenantId, await this.#options.create(tenantId)));
  }

  /** Whoever asks first opens it for all; a failure is not remembered. */
  #remember(tenantId: TenantId, record: RegisterRecord): Promise<OpenRegister> {
    const known = this.#open.get(tenantId);
    if (known) return known;
    const opening = this.#openOne(tenantId, record);
    this.#open.set(tenantId, opening);
    opening.catch(() => this.#open.delete(tenantId));
    return opening;
  }

  async #openOne(tenantId: TenantId, record: RegisterRecord): Promise<OpenRegister> {
    const register = await this.#options.open(tenantId, record);
    if (this.#isClosed) await register[Symbol.asyncDispose]();
    const { sealerOf, recoveryOf, scrubberOf } = this.#options;
    const recovery = recoveryOf(tenantId, register);
    const scrubber = scrubberOf(register);
    if (!this.#isClosed) {
      recovery.start();
      scrubber.start();
      this.#opened.set(tenantId, register);
    }
    return { register, record, sealer: sealerOf(tenantId, register), recovery, scrubber };
  }
}
