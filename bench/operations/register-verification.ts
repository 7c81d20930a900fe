import { invariant } from "../../src/errors.ts";
import { stateOfCharter } from "../../src/register/verification/chain-state.ts";
import { ChainVerifier } from "../../src/register/verification/chain-verifier.ts";
import type { DocketBytes, DocketExaminer } from "../../src/register/verification/docket-examiner.ts";
import { ThreadedExaminer } from "../../src/register/verification/threaded-examiner.ts";
import { RawSignatures } from "../by-hand/raw-signatures.ts";
import { type Figures, median, quantile } from "../race.ts";
import { type ChainPlan, type MadeChain, makeChain } from "../register-chain.ts";
import { signaturesOf } from "../register-signatures.ts";
import { atLeast, atMost, comparedLines, type Effort, FULL_EFFORT, type Goal, type Section } from "../section.ts";

const PLANS: readonly ChainPlan[] = [
  { seed: "bench/1", dockets: 10_000, transactions: 1 },
  { seed: "bench/10", dockets: 10_000, transactions: 10 },
  { seed: "bench/50", dockets: 2_000, transactions: 50 },
];
/** What the goal in seconds is about: 10,000 dockets of ten transactions. */
const GOAL_SIGNATURES = 110_000;
const GOAL_MS = 7_500;
const QUICK_SHARE = 10;
const ROUNDS = 3;
/** Dockets that are examined together, and how many such batches at a time. */
const WINDOW_BYTES = 512 * 1_024;
const WINDOWS = 3;

/** Verifies whole registers from memory on all cores, and the same signatures with nothing around them. */
export async function registerVerification(effort: Effort): Promise<Section[]> {
  const share = effort === FULL_EFFORT ? 1 : QUICK_SHARE;
  const plans = PLANS.map((plan) => ({ ...plan, dockets: plan.dockets / share }));
  const chains = await Promise.all(plans.map(makeChain));
  await using examiner = new ThreadedExaminer();
  await using raw = new RawSignatures();
  const sections: Section[] = [];
  for (const [at, { transactions }] of plans.entries()) {
    const chain = chains[at];
    invariant(chain, "there is a chain for each plan");
    sections.push(await measure({ chain, transactions, examiner, raw }));
  }
  return sections;
}

interface Course {
  readonly chain: MadeChain;
  readonly transactions: number;
  readonly examiner: DocketExaminer;
  readonly raw: RawSignatures;
}

async function measure({ chain, transactions, examiner, raw }: Course): Promise<Section> {
  const signatures = signaturesOf(chain);
  const { count } = signatures;
  await raw.prepare(signatures);
  const contestants = [
    { name: "by hand: verify the signatures", runs: [] as Run[], work: () => raw.verify() },
    { name: "verify the register", runs: [] as Run[], work: () => verify(chain, examiner) },
  ];
  for (const { work } of contestants) await work();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { runs, work } of round % 2 === 0 ? contestants : contestants.toReversed()) runs.push(await timed(work));
  }
  const [reference] = contestants;
  const figures = contestants.map(({ name, runs }) =>
    figuresOf(name, { runs, reference: reference?.runs ?? [], count }),
  );
  const processor = contestants.map(({ runs }) => median(runs.map(({ processorMs }) => processorMs)));
  return {
    operation: `register verification, ${chain.dockets.length} dockets of ${transactions}`,
    engine: "process",
    inFlight: 1,
    lines: comparedLines(figures, (line) => (line.name.startsWith("by hand") ? [] : goalsOf(line, count))),
    notes: [
      `${count} signatures; each time is that of all of them, per second are signatures.`,
      `Time of all cores: ${processor.map((ms) => `${((ms * 1_000) / count).toFixed(1)} us`).join(" and ")} for a signature.`,
    ],
  };
}

interface Run {
  readonly elapsedMs: number;
  readonly processorMs: number;
}

async function timed(work: () => Promise<void>): Promise<Run> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  return { elapsedMs, processorMs: (user + system) / 1_000 };
}

function figuresOf(
  name: string,
  {
    runs,
    reference,
    count,
  }: { readonly runs: readonly Run[]; readonly reference: readonly Run[]; readonly count: number },
): Figures {
  const times = runs.map(({ elapsedMs }) => elapsedMs);
  const ratios = times.map((time, round) => time / (reference[round]?.elapsedMs ?? time));
  return {
    name,
    calls: runs.length,
    p50Ms: median(times),
    p99Ms: quantile(times, 0.99),
    opsPerSecond: (count * 1_000) / median(times),
    ratio: median(ratios),
    ratioQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}

function goalsOf({ ratio, p50Ms }: Figures, count: number): readonly Goal[] {
  const throughput = atLeast("throughput", 1 / ratio, 0.85);
  return count >= GOAL_SIGNATURES ? [throughput, atMost("ms", p50Ms, GOAL_MS)] : [throughput];
}

async function verify({ charter, registerId, dockets }: MadeChain, examiner: DocketExaminer): Promise<void> {
  const verifier = new ChainVerifier({ start: stateOfCharter(registerId, charter) });
  const pending: ReturnType<DocketExaminer["examine"]>[] = [];
  const judgeFirst = async (): Promise<void> => {
    for (const examination of (await pending.shift()) ?? []) verifier.add(examination);
  };
  for (const window of windowsOf(dockets)) {
    pending.push(examiner.examine(window, { registerId, keys: verifier.keys }));
    if (pending.length >= WINDOWS) await judgeFirst();
  }
  while (pending.length > 0) await judgeFirst();
  const { size, ranges } = verifier.verdict();
  invariant(size === BigInt(dockets.length) && ranges.length === 0, "the register is sound");
}

function* windowsOf(dockets: readonly Uint8Array[]): Generator<DocketBytes[]> {
  let window: DocketBytes[] = [];
  let length = 0;
  for (const [height, bytes] of dockets.entries()) {
    window.push({ height: BigInt(height), bytes });
    length += bytes.length;
    if (length < WINDOW_BYTES) continue;
    yield window;
    window = [];
    length = 0;
  }
  if (window.length > 0) yield window;
}
