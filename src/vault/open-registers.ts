import { availableParallelism, hostname } from "node:os";
import { join, resolve } from "node:path";
import type { AuditEventType } from "../audit/audit-event.ts";
import { invariant } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import { DOCKETS } from "../register/ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../register/ledger-log/docket-repair.ts";
import { LedgerLog } from "../register/ledger-log/ledger-log.ts";
import { REGISTER_RANGES } from "../register/range-record.ts";
import { HttpRegisterPeer } from "../register/recovery/http-peer.ts";
import { PullBudget } from "../register/recovery/pull-budget.ts";
import { RecoveryService } from "../register/recovery/recovery-service.ts";
import type { RegisterPeer } from "../register/recovery/register-peer.ts";
import type { RegisterRecord } from "../register/register-store.ts";
import { Registers } from "../register/registers.ts";
import { beginReplica, type ReplicaSource } from "../register/replication/begin-replica.ts";
import { ReplicaFollower } from "../register/replication/replica-follower.ts";
import { ScrubProgressStore } from "../register/scrub/scrub-progress.ts";
import { Scrubber } from "../register/scrub/scrubber.ts";
import { createRegister } from "../register/sealing/create-register.ts";
import { LedgerKeys } from "../register/sealing/ledger-keys.ts";
import { Sealer } from "../register/sealing/sealer.ts";
import { SealingService } from "../register/sealing/sealing-service.ts";
import { SubjectSecrets } from "../register/sealing/subject-secrets.ts";
import { FileTrustStore } from "../register/trust/file-trust-store.ts";
import { LocalSeal } from "../register/trust/local-seal.ts";
import { PinnedCheckpoints } from "../register/trust/pinned-checkpoints.ts";
import { Snapshots } from "../register/trust/snapshot.ts";
import { InMemoryTrustStore, type TrustStore } from "../register/trust/trust-store.ts";
import { ThreadedExaminer } from "../register/verification/threaded-examiner.ts";
import { DocketCache } from "../register/verified/docket-cache.ts";
import { RangeBook } from "../register/verified/range-book.ts";
import type { RegisterParts } from "../register/verified/register-parts.ts";
import { VerifiedRegister } from "../register/verified/verified-register.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import { systemTimers } from "../storage/resilience/timers.ts";
import type { WormDatabase } from "../storage/worm-store.ts";
import { SYSTEM_ACTOR } from "../tenants/actor.ts";
import type { OpenedRegisters, VaultCore } from "./vault-core.ts";

export type RegisterCore = Pick<VaultCore, "config" | "stores" | "clock" | "ids" | "events" | "keyring" | "systemKeys">;

/** The name of the folder in the data directory. */
const TRUST_FOLDER = "register";

/** The registers of a vault, none of them opened yet. Disposing of them ends the sealing and lets other processes seal. */
export function openRegisters(core: RegisterCore, cold: WormDatabase): OpenedRegisters {
  const { config, stores, clock, events } = core;
  const factory = new RegisterFactory(core, cold);
  const registers = new Registers({
    directory: stores.registers,
    storeOf: (tenantId) => stores.forTenant(tenantId).register,
    open: (tenantId, record) => factory.open(tenantId, record),
    create: (tenantId) => factory.create(tenantId),
    sealerOf: (tenantId, register) => factory.sealerOf(tenantId, register),
    recoveryOf: (tenantId, register) => factory.recoveryOf(tenantId, register),
    scrubberOf: (register) => factory.scrubberOf(register),
  });
  const { sealIntervalMs } = config.register;
  const timers = systemTimers;
  const sealing = new SealingService({ ...config.register, registers, clock, timers, events });
  return {
    registers,
    sealing,
    haveCopies: (tenantId) => factory.haveCopies(tenantId),
    beginReplica: (tenantId, source) => factory.beginReplica(tenantId, source),
    follow: (tenantId, { peer: source }) => {
      const common = { source, intervalMs: sealIntervalMs, timers, random: Math.random };
      return registers.follow(tenantId, (register) => new ReplicaFollower({ register, ...common }));
    },
    async [Symbol.asyncDispose]() {
      await sealing[Symbol.asyncDispose]();
      await registers[Symbol.asyncDispose]();
      await factory[Symbol.asyncDispose]();
    },
  };
}

export function subjectSecretsOf(core: Pick<RegisterCore, "stores" | "keyring" | "ids">, tenantId: TenantId) {
  const { stores, keyring, ids } = core;
  return new SubjectSecrets({ tenantId, store: stores.forTenant(tenantId).register, keyring, ids });
}

/** Puts registers together from the stores and tiers of a vault. */
class RegisterFactory implements AsyncDisposable {
  readonly #core: RegisterCore;
  readonly #cold: WormDatabase;
  readonly #trust: TrustStore;
  readonly #seal: LocalSeal;
  readonly #examiner: ThreadedExaminer;
  readonly #holder: string;
  readonly #pulls = new PullBudget();
  readonly #dockets = new DocketCache();
  /** Whose register the peers have copies of. */
  #copied: TenantId | undefined;
  /** What that register is a copy of. */
  #source: RegisterPeer | undefined;

  constructor(core: RegisterCore, cold: WormDatabase) {
    const { config, stores, keyring, ids } = core;
    this.#core = core;
    this.#cold = cold;
    const folder = config.register.trustDirectory ?? join(config.dataDirectory, TRUST_FOLDER);
    this.#trust = stores.engine === "in-memory" ? new InMemoryTrustStore() : new FileTrustStore(resolve(folder));
    const suite = NODE_SIGNATURE_SUITES.find("ed25519");
    invariant(suite, "Node computes Ed25519");
    this.#seal = new LocalSeal(suite, keyring.derive("strongroom/register-trust/v1"));
    const parallelism = Math.min(config.register.verificationParallelism, availableParallelism());
    this.#examiner = new ThreadedExaminer({ parallelism });
    this.#holder = `${hostname()}/${process.pid}/${ids.uuid()}`;
  }

  async open(tenantId: TenantId, { registerId }: RegisterRecord): Promise<VerifiedRegister> {
    return new VerifiedRegister(await this.#partsOf(tenantId, registerId));
  }

  async create(tenantId: TenantId): Promise<RegisterRecord> {
    const { stores, clock, ids } = this.#core;
    const registerId = await createRegister({
      keys: this.#keysOf(tenantId),
      clock,
      ids,
      ledgerOf: (id) => this.#ledgerOf(tenantId, id),
      pinsOf: (id) => this.#pinsOf(id),
    });
    return await stores.forTenant(tenantId).transaction(async ({ register, audit }) => {
      const record = await register.init({ registerId, kind: "own", createdAt: clock.now() });
      if (record.registerId === registerId) {
        await audit.append([this.#event("register_created", { registerId })]);
      }
      return record;
    });
  }

  sealerOf(tenantId: TenantId, register: VerifiedRegister): Sealer {
    const { sealMaxTransactions, leaseMs } = this.#core.config.register;
    return new Sealer({
      tenantId,
      register,
      keys: this.#keysOf(tenantId),
      secrets: subjectSecretsOf(this.#core, tenantId),
      holder: this.#holder,
      maxTransactions: sealMaxTransactions,
      leaseMs,
    });
  }

  haveCopies(tenantId: TenantId): void {
    this.#copied = tenantId;
  }

  async beginReplica(tenantId: TenantId, source: ReplicaSource): Promise<RegisterRecord> {
    const { stores, clock } = this.#core;
    const { register: store } = stores.forTenant(tenantId);
    this.#source = source.peer;
    return await beginReplica(source, {
      store,
      pinsOf: (registerId) => this.#pinsOf(registerId),
      suites: NODE_SIGNATURE_SUITES,
      clock,
    });
  }

  recoveryOf(tenantId: TenantId, register: VerifiedRegister): RecoveryService {
    const { maxRecoveryAttempts, peers } = this.#core.config.register;
    const timers = systemTimers;
    const named = peers.map((peer) => new HttpRegisterPeer({ ...peer, timers }));
    return new RecoveryService({
      register,
      peers: tenantId === this.#copied ? [...(this.#source ? [this.#source] : []), ...named] : [],
      maxRecoveryAttempts,
      pulls: this.#pulls,
      timers,
      random: Math.random,
    });
  }

  scrubberOf(register: VerifiedRegister): Scrubber {
    const { scrubPeriodMs: periodMs } = this.#core.config.register;
    const progress = new ScrubProgressStore(this.#trust, this.#seal);
    return new Scrubber({ register, progress, periodMs, timers: systemTimers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#examiner[Symbol.asyncDispose]();
  }

  async #partsOf(tenantId: TenantId, registerId: string): Promise<RegisterParts> {
    const { stores, config, clock, ids, events } = this.#core;
    const { register: store, audit, records } = stores.forTenant(tenantId);
    return {
      tenantId,
      registerId,
      ledger: this.#ledgerOf(tenantId, registerId),
      store,
      pins: await this.#pinsOf(registerId),
      snapshots: new Snapshots(this.#trust, this.#seal),
      examiner: this.#examiner,
      suites: NODE_SIGNATURE_SUITES,
      ranges: new RangeBook({ ranges: records.repository(REGISTER_RANGES), clock, ids }),
      dockets: this.#dockets,
      settings: config.register,
      clock,
      events,
      journal: (eventType, data) => audit.append([this.#event(eventType, data)]),
    };
  }

  #ledgerOf(tenantId: TenantId, registerId: string): LedgerLog {
    return new LedgerLog({
      registerId,
      dockets: this.#cold.log(DOCKETS, tenantId, registerId),
      repairs: this.#cold.log(DOCKET_REPAIRS, tenantId, registerId),
    });
  }

  #pinsOf(registerId: string): Promise<PinnedCheckpoints> {
    return PinnedCheckpoints.open({ store: this.#trust, seal: this.#seal, registerId });
  }

  #keysOf(tenantId: TenantId): LedgerKeys {
    return new LedgerKeys(this.#core.systemKeys.forTenant(tenantId));
  }

  #event(eventType: AuditEventType, eventData: JsonObject) {
    const { ids, clock } = this.#core;
    return {
      id: ids.uuid<never>(),
      eventType,
      customerId: null,
      subjectId: null,
      actor: SYSTEM_ACTOR,
      requestId: null,
      eventData,
      timestamp: clock.now(),
    };
  }
}
