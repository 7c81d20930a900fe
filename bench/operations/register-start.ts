import { monitorEventLoopDelay } from "node:perf_hooks";
import { instantOf, systemClock } from "../../src/clock.ts";
import { invariant } from "../../src/errors.ts";
import { readHeader } from "../../src/register/ledger/docket.ts";
import { decodeFrame } from "../../src/register/ledger/docket-frame.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";
import { RawSignatures } from "../by-hand/raw-signatures.ts";
import type { Figures } from "../race.ts";
import { type ChainPlan, type MadeChain, makeChain } from "../register-chain.ts";
import { onRegisterGround, type RegisterGround, vaultOn } from "../register-ground.ts";
import { signaturesOf } from "../register-signatures.ts";
import { atLeast, atMost, type Effort, FULL_EFFORT, type Goal, type Line, type Section } from "../section.ts";

const PLANS: readonly ChainPlan[] = [
  { seed: "bench/start/1", dockets: 10_000, transactions: 1 },
  { seed: "bench/start/10", dockets: 10_000, transactions: 10 },
  { seed: "bench/start/50", dockets: 10_000, transactions: 50 },
];
const QUICK_SHARE = 10;
const COMPLETE_MS_MAX = 60_000;
const SNAPSHOT_MS_MAX = 1_200;
const NANOSECONDS = 1e6;

/** Opens registers that are stored already: from nothing but what is stored, and from a snapshot. */
export async function registerStart(effort: Effort): Promise<Section[]> {
  const isFull = effort.laps >= FULL_EFFORT.laps;
  const plans = PLANS.map((plan) => ({ ...plan, dockets: isFull ? plan.dockets : plan.dockets / QUICK_SHARE }));
  const sections: Section[] = [];
  for (const plan of plans) {
    const chain = await makeChain(plan);
    sections.push(await onRegisterGround((ground) => measure(ground, chain, plan)));
  }
  return sections;
}

interface Start {
  readonly servingMs: number;
  readonly completeMs: number;
  /** How long the event loop was blocked at most, other programs and threads that had the processor included. */
  readonly gapMs: number;
  /** What the thread itself computed at most from one turn to the next. */
  readonly computedMs: number;
}

async function measure(ground: RegisterGround, chain: MadeChain, { transactions }: ChainPlan): Promise<Section> {
  const tenantId = await store(ground, chain);
  const start = (trust: string): Promise<Start> => open(ground, tenantId, trust);
  // The first start fills the index, which is not what is measured.
  await start("first");
  const { rawMs, count } = await rawVerification(chain);
  const cold = await start("second");
  const again = await start("second");
  const notes = [
    `${count} signatures; verified bare on all cores in ${Math.round(rawMs)} ms.`,
    `The event loop was blocked for ${cold.gapMs.toFixed(0)} ms at most, of which it computed ${cold.computedMs.toFixed(0)} ms at most.`,
    "Serving: the first batch is verified and can be read. Complete: every docket is.",
  ];
  const goals = [
    atLeast("throughput", rawMs / cold.completeMs, 0.85),
    ...(chain.dockets.length >= 10_000 ? [atMost("ms", cold.completeMs, COMPLETE_MS_MAX)] : []),
  ];
  return {
    operation: `register start, ${chain.dockets.length} dockets of ${transactions}`,
    engine: ground.engine,
    inFlight: 1,
    lines: [
      lineOf("by hand: verify the signatures", [rawMs, rawMs], []),
      lineOf("without a snapshot: serving", [cold.servingMs, rawMs], []),
      lineOf("without a snapshot: complete", [cold.completeMs, rawMs], goals),
      lineOf("from a snapshot: complete", [again.completeMs, rawMs], [atMost("ms", again.completeMs, SNAPSHOT_MS_MAX)]),
    ],
    notes,
  };
}

/** Puts the register where a tenant has it. */
async function store({ database, cold }: RegisterGround, { registerId, dockets }: MadeChain) {
  const vault = await vaultOn({ database, cold, engine: database.flavour, directory: "." }, "none");
  const { tenant } = await vault.tenants().create({ slug: "bench", name: "Benchmark" });
  const log = cold.log(DOCKETS, tenant.id, registerId);
  for (const [height, bytes] of dockets.entries()) {
    const frame = decodeFrame(bytes);
    const header = frame && readHeader(frame.header);
    invariant(header, "a made docket can be read");
    await log.append(bytes, { expectedSequence: BigInt(height), sealedAt: instantOf(header.sealedAt) });
  }
  const stores = postgresStores(database).forTenant(tenant.id);
  await stores.register.init({ registerId, kind: "replica", createdAt: systemClock.now() });
  await vault[Symbol.asyncDispose]();
  return tenant.id;
}

async function open(
  ground: RegisterGround,
  tenantId: Awaited<ReturnType<typeof store>>,
  trust: string,
): Promise<Start> {
  await using vault = await vaultOn(ground, trust);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const turns = new Turns();
  const began = performance.now();
  const register = await vault.tenant(tenantId).register.open();
  const servingMs = performance.now() - began;
  const { isFullyVerified } = await register.whenVerified();
  const completeMs = performance.now() - began;
  loop.disable();
  invariant(isFullyVerified, "the register is sound");
  return { servingMs, completeMs, gapMs: loop.max / NANOSECONDS, computedMs: turns.end() };
}

/** Measures what this thread computes from one turn of its event loop to the next. */
class Turns {
  #before = process.threadCpuUsage();
  #longestMs = 0;
  #timer = setTimeout(() => this.#turn(), 0);

  /** The longest, in milliseconds. */
  end(): number {
    clearTimeout(this.#timer);
    return this.#longestMs;
  }

  #turn(): void {
    const { user, system } = process.threadCpuUsage(this.#before);
    this.#longestMs = Math.max(this.#longestMs, (user + system) / 1_000);
    this.#before = process.threadCpuUsage();
    this.#timer = setTimeout(() => this.#turn(), 0);
  }
}

async function rawVerification(chain: MadeChain): Promise<{ readonly rawMs: number; readonly count: number }> {
  const signatures = signaturesOf(chain);
  await using raw = new RawSignatures();
  await raw.prepare(signatures);
  await raw.verify();
  const began = performance.now();
  await raw.verify();
  return { rawMs: performance.now() - began, count: signatures.count };
}

function lineOf(name: string, [ms, referenceMs]: readonly [number, number], goals: readonly Goal[]): Line {
  const figures: Omit<Figures, "opsPerSecond"> = {
    name,
    calls: 1,
    p50Ms: ms,
    p99Ms: ms,
    ratio: ms / referenceMs,
    ratioQuartiles: [ms / referenceMs, ms / referenceMs],
  };
  return { ...figures, opsPerSecond: null, goals };
}
