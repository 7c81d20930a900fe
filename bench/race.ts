/** Somebody who does the measured operation; `call` gets the number of the call, from 0, and is the operation once. */
export interface Contestant {
  readonly name: string;
  readonly call: (index: number) => Promise<unknown>;
  /** Runs before each lap of the contestant, outside the time. */
  readonly enter?: (() => Promise<void>) | undefined;
}

export interface RaceOptions {
  readonly inFlight: number;
  readonly laps: number;
  /** How long the laps of a typical contestant take. */
  readonly lapMs: number;
}

export interface Figures {
  readonly name: string;
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly opsPerSecond: number;
  /**
   * A lap by the first contestant's lap of the same round: the median of all rounds, and its quartiles. One call at a
   * time, a lap counts as its median call, which a busy machine disturbs least; else as the time it took.
   */
  readonly ratio: number;
  readonly ratioQuartiles: readonly [number, number];
}

const WARM_UP_CALLS = 20;
const WARM_UP_MS_MAX = 1_000;
/** A race that is slower than anybody expects ends after this time, but not before this many rounds. */
const RACE_MS_MAX = 10_000;
const ROUNDS_MIN = 3;

/**
 * Lets the contestants do the same calls in turns, a short lap each, starting with another one in every round. What
 * slows the machine down for longer than a round slows all of them down, so the ratio of two laps of one round holds
 * where the times themselves do not. The first contestant is the one the others are compared with.
 */
export async function race(contestants: readonly Contestant[], options: RaceOptions): Promise<readonly Figures[]> {
  const tracks = contestants.map((contestant) => ({ contestant, laps: [] as Lap[] }));
  const callsPerLap = await warmUp(contestants, options);
  const startedMs = performance.now();
  for (let round = 0; round < options.laps; round++) {
    if (round >= ROUNDS_MIN && performance.now() - startedMs > RACE_MS_MAX) break;
    for (let place = 0; place < tracks.length; place++) {
      const track = tracks[(place + round) % tracks.length];
      if (!track) continue;
      await track.contestant.enter?.();
      const lap = { first: round * callsPerLap, calls: callsPerLap, inFlight: options.inFlight };
      track.laps.push(await runLap(track.contestant, lap));
    }
  }
  const reference = tracks[0]?.laps ?? [];
  const weigh = options.inFlight === 1 ? (lap: Lap) => median(lap.latenciesMs) : (lap: Lap) => lap.elapsedMs;
  return tracks.map(({ contestant, laps }) => ({
    name: contestant.name,
    ...figuresOf(laps),
    ...ratioOf(laps.map(weigh), reference.map(weigh)),
  }));
}

/** How many calls make a lap. */
async function warmUp(contestants: readonly Contestant[], { inFlight, lapMs }: RaceOptions): Promise<number> {
  const times: number[] = [];
  for (const contestant of contestants) {
    await contestant.enter?.();
    // Twice: the first calls prepare statements on every connection, and the server plans the first five anew.
    const calls = WARM_UP_CALLS * Math.max(1, inFlight / 2);
    await runLap(contestant, { first: 0, calls, inFlight, msMax: WARM_UP_MS_MAX });
    const { elapsedMs, latenciesMs } = await runLap(contestant, { first: 0, calls, inFlight, msMax: WARM_UP_MS_MAX });
    times.push(elapsedMs / latenciesMs.length);
  }
  const callMs = median(times);
  return Math.max(inFlight * 2, Math.min(2_000, Math.round(lapMs / callMs)));
}

interface Lap {
  readonly elapsedMs: number;
  readonly latenciesMs: readonly number[];
}

async function runLap(
  { call }: Contestant,
  lap: { readonly first: number; readonly calls: number; readonly inFlight: number; readonly msMax?: number },
): Promise<Lap> {
  const latenciesMs: number[] = [];
  let next = lap.first;
  const end = lap.first + lap.calls;
  const deadlineMs = performance.now() + (lap.msMax ?? Number.POSITIVE_INFINITY);
  const caller = async (): Promise<void> => {
    while (next < end && performance.now() < deadlineMs) {
      const index = next++;
      const startedMs = performance.now();
      await call(index);
      latenciesMs.push(performance.now() - startedMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: lap.inFlight }, caller));
  return { elapsedMs: performance.now() - startedMs, latenciesMs };
}

function figuresOf(laps: readonly Lap[]): Pick<Figures, "calls" | "p50Ms" | "p99Ms" | "opsPerSecond"> {
  const latencies = laps.flatMap((lap) => lap.latenciesMs);
  const elapsedMs = laps.reduce((sum, lap) => sum + lap.elapsedMs, 0);
  return {
    calls: latencies.length,
    p50Ms: median(latencies),
    p99Ms: quantile(latencies, 0.99),
    opsPerSecond: latencies.length / (elapsedMs / 1_000),
  };
}

function ratioOf(times: readonly number[], reference: readonly number[]): Pick<Figures, "ratio" | "ratioQuartiles"> {
  const ratios = times.map((time, round) => time / (reference[round] ?? time));
  return { ratio: median(ratios), ratioQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)] };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that at least the fraction `at` of the values do not exceed. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * at) - 1)] ?? Number.NaN;
}
