import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextState, type OperationalEvent, type OperationalState } from "../../src/register/operational-state.ts";
import { PullBudget } from "../../src/register/recovery/pull-budget.ts";
import { RecoveryService } from "../../src/register/recovery/recovery-service.ts";
import { addVerifiedDocket } from "../../src/register/verified/register-append.ts";
import { explain, getDocket } from "../../src/register/verified/register-reads.ts";
import type { VerifiedRegister } from "../../src/register/verified/verified-register.ts";
import { systemTimers } from "../../src/storage/resilience/timers.ts";
import { FaultInjector, withFaults } from "../../src/testing/fault-injection.ts";
import { ledgerOf } from "../../src/testing/ledger-chain.ts";
import { RegisterScene, rangesOf } from "../../src/testing/register-scene.ts";
import { type PeerBehaviour, ScriptedPeer } from "../../src/testing/scripted-peer.ts";
import { openInMemoryWormStorage } from "../contract/worm-storage-in-memory.ts";

/** More runs and other seeds look further; these are what every change is checked with. */
const RUNS = Number(process.env["STRONGROOM_PROPERTY_RUNS"] ?? 100);
const SEED = Number(process.env["STRONGROOM_PROPERTY_SEED"] ?? 20260303);

const CHAIN = ledgerOf("states", [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
/** Stored in the beginning. */
const STORED = 5;

type Command =
  | { readonly do: "open" | "verify" | "append" | "fail" | "heal" }
  | { readonly do: "damage" | "read"; readonly at: number }
  | { readonly do: "recover"; readonly from: PeerBehaviour };

const place = fc.nat({ max: CHAIN.dockets.length - 1 });
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom("open", "verify", "append", "fail", "heal") }),
    fc.record({ do: fc.constantFrom("damage", "read"), at: place }),
    fc.record({
      do: fc.constant("recover"),
      from: fc.constantFrom<PeerBehaviour>("honest", "honest", "empty", "altered", "misplaced", "disconnect"),
    }),
  ) as fc.Arbitrary<Command>,
  { maxLength: 24 },
);

/** A register, and what is known of its storage without looking at it. */
class StateRun implements AsyncDisposable {
  readonly #scene: RegisterScene;
  readonly #injector: FaultInjector;
  readonly #storage: AsyncDisposable;
  #register: VerifiedRegister;
  #length = STORED;
  readonly #damaged = new Set<number>();

  private constructor(parts: {
    scene: RegisterScene;
    injector: FaultInjector;
    storage: AsyncDisposable;
    register: VerifiedRegister;
  }) {
    this.#scene = parts.scene;
    this.#injector = parts.injector;
    this.#storage = parts.storage;
    this.#register = parts.register;
  }

  static async begin(): Promise<StateRun> {
    const storage = await openInMemoryWormStorage();
    const injector = new FaultInjector();
    const faulty = { ...storage, database: withFaults(storage.database, injector) };
    const scene = new RegisterScene({ storage: faulty, chain: CHAIN, settings: { verifyAllAtStart: true } });
    await scene.store(CHAIN.dockets.slice(0, STORED));
    await (await scene.pins()).keepCharter(CHAIN.charter);
    return new StateRun({ scene, injector, storage, register: await scene.open() });
  }

  async execute(command: Command): Promise<void> {
    switch (command.do) {
      case "open":
        await this.#open();
        break;
      case "verify":
        await this.#verify();
        break;
      case "append":
        await this.#append();
        break;
      case "fail":
        this.#injector.inject({
          fault: { kind: "fail", when: "before", code: "storage_unavailable" },
          methods: ["head", "get", "scan", "append"],
        });
        break;
      case "heal":
        this.#injector.heal();
        break;
      case "damage":
        await this.#damage(command.at);
        break;
      case "read":
        await this.#read(command.at);
        break;
      case "recover":
        await this.#recover(command.from);
        break;
    }
    await this.#check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#injector.heal();
    await this.#scene[Symbol.asyncDispose]();
    await this.#storage[Symbol.asyncDispose]();
  }

  get #state(): OperationalState {
    return this.#register.condition.state;
  }

  async #open(): Promise<void> {
    await this.#register[Symbol.asyncDispose]();
    this.#register = await this.#scene.open();
    expect(this.#state).toBe("Offline");
    await this.#verified(this.#register.initialize());
  }

  async #verify(): Promise<void> {
    await this.#verified(this.#register.verifyAll());
  }

  /** A verification finds exactly what is damaged, or cannot read anything. */
  async #verified(verification: Promise<unknown>): Promise<void> {
    const isDone = await succeeds(verification);
    if (!isDone) return expect(this.#state).toBe("Offline");
    const damaged = [...this.#damaged].sort((a, b) => a - b);
    const found = this.#register.set.ranges.flatMap(({ start, end }) =>
      Array.from({ length: Number(end - start) + 1 }, (_, at) => Number(start) + at),
    );
    expect(found).toEqual(damaged);
    expect(this.#state).toBe(damaged.length === 0 ? "Healthy" : "Degraded");
  }

  async #append(): Promise<void> {
    const next = CHAIN.dockets[this.#length];
    if (!next) return;
    const { isExtendable } = this.#register.set;
    const isOpen = this.#state !== "Offline";
    const result = await addVerifiedDocket(this.#register, next.bytes).catch(() => undefined);
    if (!result?.isValid) return;
    expect([isOpen, isExtendable]).toEqual([true, true]);
    this.#length += 1;
  }

  async #damage(at: number): Promise<void> {
    if (at >= this.#length || (await this.#isRepaired(at))) return;
    // The same bit again would be the cure.
    if (!this.#damaged.has(at)) await this.#scene.flip(at);
    this.#damaged.add(at);
  }

  async #read(at: number): Promise<void> {
    const wasOffline = this.#state === "Offline";
    const reading = await getDocket(this.#register, BigInt(at)).then(
      (docket) => ({ docket }),
      () => "refused" as const,
    );
    if (wasOffline) expect(reading).toBe("refused");
    if (reading === "refused") return;
    const { docket } = reading;
    if (docket) expect(docket.hash).toBe(CHAIN.dockets[at]?.docketHash);
    else expect(explain(this.#register, BigInt(at))).toBeDefined();
  }

  async #recover(from: PeerBehaviour): Promise<void> {
    const peers = [new ScriptedPeer(CHAIN, { script: [from] })];
    const options = { peers, maxRecoveryAttempts: 2, pulls: new PullBudget(), timers: systemTimers, random: () => 0 };
    await using service = new RecoveryService({ register: this.#register, ...options });
    await service.recover().catch(() => undefined);
    for (const at of this.#damaged) if (await this.#isRepaired(at)) this.#damaged.delete(at);
    if (from === "honest" && this.#state !== "Offline") {
      const isReadable = await succeeds(this.#register.parts.ledger.count());
      if (isReadable) expect(rangesOf(this.#register)).toEqual([]);
    }
  }

  async #isRepaired(at: number): Promise<boolean> {
    return this.#register.parts.ledger.isRepaired(BigInt(at));
  }

  /** What holds whatever happened. */
  async #check(): Promise<void> {
    for (const { from, to, trigger } of this.#scene.told("registerStateChanged")) {
      expect(nextState(from as OperationalState, trigger as OperationalEvent)).toBe(to);
    }
    const { ranges } = this.#register.set;
    const expected: readonly OperationalState[] = ranges.length > 0 ? ["Degraded", "Offline"] : ["Healthy", "Offline"];
    expect(expected).toContain(this.#state);
    for (const { start, end } of ranges) {
      for (let height = start; height <= end; height++) {
        expect(this.#damaged.has(Number(height)) || !(await succeeds(this.#register.parts.ledger.count()))).toBe(true);
        if (this.#state !== "Offline") expect(await getDocket(this.#register, height)).toBeUndefined();
      }
    }
  }
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}

describe("what a register is doing", () => {
  it("is always allowed, and what it serves always true, whatever happens to it", { timeout: 300_000 }, async () => {
    const property = fc.asyncProperty(commands, async (steps) => {
      await using run = await StateRun.begin();
      for (const command of steps) await run.execute(command);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
  });
});
