import { afterEach, beforeEach, expect } from "vitest";
import { processRecoveredData } from "../register/recovery/process-recovered-data.ts";
import { PullBudget } from "../register/recovery/pull-budget.ts";
import type { RecoveryResult } from "../register/recovery/recovered-data.ts";
import { RecoveryService } from "../register/recovery/recovery-service.ts";
import type { RegisterPeer } from "../register/recovery/register-peer.ts";
import { getDocketRange } from "../register/verified/register-reads.ts";
import type { VerifiedRegister } from "../register/verified/verified-register.ts";
import type { Random } from "../storage/resilience/timers.ts";
import type { LedgerChain } from "./ledger-chain.ts";
import { ManualTimers, settled } from "./manual-timers.ts";
import { docketsAt, RegisterScene, rangesOf } from "./register-scene.ts";
import { type PeerBehaviour, ScriptedPeer } from "./scripted-peer.ts";
import type { OpenWormStorage, WormStorage } from "./worm-storage.ts";

const MINUTE = 60_000;
const HALF: Random = () => 0.5;

/** Recoveries of a register of their own for each test, over time that only they move. */
export class RecoverySuite {
  readonly chain: LedgerChain;
  storage!: WormStorage;
  scene!: RegisterScene;
  timers!: ManualTimers;
  readonly #services: RecoveryService[] = [];

  constructor(chain: LedgerChain, open: OpenWormStorage) {
    this.chain = chain;
    beforeEach(async () => {
      this.storage = await open();
      this.scene = new RegisterScene({ storage: this.storage, chain });
      this.timers = new ManualTimers();
    });
    afterEach(async () => {
      for (const service of this.#services.splice(0)) await service[Symbol.asyncDispose]();
      await this.scene[Symbol.asyncDispose]();
      await this.storage[Symbol.asyncDispose]();
    });
  }

  serviceOf(
    register: VerifiedRegister,
    peers: readonly RegisterPeer[],
    { maxRecoveryAttempts = 3, random = HALF }: { maxRecoveryAttempts?: number; random?: Random } = {},
  ): RecoveryService {
    const { timers } = this;
    const pulls = new PullBudget();
    const service = new RecoveryService({ register, peers, maxRecoveryAttempts, pulls, timers, random });
    this.#services.push(service);
    return service;
  }

  /** Starts the service and moves time on until everything was tried. */
  async run(service: RecoveryService): Promise<void> {
    service.start();
    let isIdle = false;
    const idle = service.idle().then(() => {
      isIdle = true;
    });
    for (let step = 0; step < 1_000 && !isIdle; step++) {
      await settled();
      if (step % 20 === 19 && !isIdle) await this.timers.advance(MINUTE);
    }
    await idle;
  }

  /** An honest peer unless its script says otherwise. */
  peer(name: string, ...script: PeerBehaviour[]): ScriptedPeer {
    return new ScriptedPeer(this.chain, { name, ...(script.length > 0 && { script }) });
  }

  states(): readonly unknown[] {
    return this.scene.told("registerStateChanged").map(({ to }) => to);
  }

  /** `peer: outcome`, in their order. */
  attempts(): readonly string[] {
    const told = this.scene.told("registerRangeAttempted");
    return told.map(({ peer, outcome }) => `${String(peer)}: ${String(outcome)}`);
  }

  /** Gives a register dockets of the chain, as a peer sends them. */
  take(register: VerifiedRegister, ...heights: readonly number[]): Promise<RecoveryResult> {
    return processRecoveredData(register, { dockets: docketsAt(this.chain, ...heights), source: "peer" });
  }

  async expectWhole(register: VerifiedRegister): Promise<void> {
    const { dockets } = this.chain;
    expect(rangesOf(register)).toEqual([]);
    expect(register.condition.state).toBe("Healthy");
    const served = await getDocketRange(register, 0n, BigInt(dockets.length));
    expect(served.complete).toBe(true);
    expect(served.dockets.map(({ bytes }) => Buffer.from(bytes))).toEqual(
      dockets.map(({ bytes }) => Buffer.from(bytes)),
    );
  }
}
