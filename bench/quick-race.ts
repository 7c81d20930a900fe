import { type Figures, median, quantile } from "./race.ts";

/** Somebody whose call is over sooner than a clock is read. What it gives is awaited when it is a promise. */
export interface QuickContestant {
  readonly name: string;
  readonly call: (index: number) => unknown;
  /** Runs before each lap of the contestant, outside the time. */
  readonly enter?: (() => unknown) | undefined;
}

export interface QuickRaceOptions {
  readonly laps: number;
  readonly callsPerLap: number;
}

const WARM_UP_ROUNDS = 2;
const LATENCY_SAMPLES_MAX = 5_000;

/**
 * Like `race`, one call at a time, with one clock around each lap: the p50 is the median lap by its calls. The p99 is of
 * single calls that are made afterwards, each with the reading of two clocks in it.
 */
export async function quickRace(
  contestants: readonly QuickContestant[],
  { laps, callsPerLap }: QuickRaceOptions,
): Promise<readonly Figures[]> {
  const tracks = contestants.map((contestant) => ({ contestant, lapsMs: [] as number[] }));
  for (let round = -WARM_UP_ROUNDS; round < laps; round++) {
    for (let place = 0; place < tracks.length; place++) {
      const track = tracks[(place + round + WARM_UP_ROUNDS) % tracks.length];
      if (!track) continue;
      const lapMs = await runLap(track.contestant, callsPerLap);
      if (round >= 0) track.lapsMs.push(lapMs);
    }
  }
  const reference = tracks[0]?.lapsMs ?? [];
  const figures: Figures[] = [];
  for (const { contestant, lapsMs } of tracks) {
    const ratios = lapsMs.map((lapMs, round) => lapMs / (reference[round] ?? lapMs));
    const callMs = median(lapsMs) / callsPerLap;
    figures.push({
      name: contestant.name,
      calls: callsPerLap * lapsMs.length,
      p50Ms: callMs,
      p99Ms: quantile(await latenciesOf(contestant, Math.min(callsPerLap, LATENCY_SAMPLES_MAX)), 0.99),
      opsPerSecond: 1_000 / callMs,
      ratio: median(ratios),
      ratioQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    });
  }
  return figures;
}

async function runLap({ call, enter }: QuickContestant, calls: number): Promise<number> {
  await enter?.();
  const startedMs = performance.now();
  for (let index = 0; index < calls; index++) {
    const answer = call(index);
    if (answer instanceof Promise) await answer;
  }
  return performance.now() - startedMs;
}

async function latenciesOf({ call, enter }: QuickContestant, calls: number): Promise<number[]> {
  await enter?.();
  const latenciesMs: number[] = [];
  for (let index = 0; index < calls; index++) {
    const started = process.hrtime.bigint();
    await call(index);
    latenciesMs.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  return latenciesMs;
}
