import { monitorEventLoopDelay } from "node:perf_hooks";
import type { CustomerId } from "../../src/identifiers.ts";
import type { Arena } from "../arena.ts";
import { median } from "../race.ts";
import { atMost, type Effort, type Section } from "../section.ts";
import { WRITTEN_FIELD } from "../world.ts";

const CALLERS = 20;
const RUNS = 3;
const NS_PER_MS = 1e6;

/** How long timers wait while 20 callers use the embedded database without a pause. */
export async function eventLoop(arena: Arena, effort: Effort): Promise<Section[]> {
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await occupy(arena, effort.lapMs * effort.laps));
  const longestMs = runs.map((run) => run.longestMs);
  const gapMs = median(longestMs);
  return [
    {
      operation: "event loop gap",
      engine: arena.engine,
      inFlight: CALLERS,
      lines: [
        {
          name: "4 profile loads to 1 field write",
          calls: runs.reduce((sum, run) => sum + run.calls, 0),
          p50Ms: median(runs.map((run) => run.p50Ms)),
          p99Ms: median(runs.map((run) => run.p99Ms)),
          opsPerSecond: median(runs.map((run) => run.opsPerSecond)),
          ratio: null,
          ratioQuartiles: null,
          goals: [atMost("longest gap ms", gapMs, 60)],
        },
      ],
      notes: [`Longest gaps of ${RUNS} runs: ${longestMs.map((ms) => ms.toFixed(1)).join(", ")} ms.`],
    },
  ];
}

interface Run {
  readonly calls: number;
  readonly opsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

async function occupy({ subject, world }: Arena, durationMs: number): Promise<Run> {
  const customerOf = (index: number) => world.customerIds[index % world.customerIds.length] as CustomerId;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let calls = 0;
  const end = performance.now() + durationMs;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      const index = calls++;
      if (index % 5 === 4) {
        const field = { name: WRITTEN_FIELD, value: `Clerk ${index}`, source: "user_provided" } as const;
        await subject.services.fields.write(customerOf(index), { fields: [field] });
      } else await subject.services.customers.get(customerOf(index));
    }
  };
  delay.enable();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  delay.disable();
  return {
    calls,
    opsPerSecond: calls / (durationMs / 1_000),
    p50Ms: delay.percentile(50) / NS_PER_MS,
    p99Ms: delay.percentile(99) / NS_PER_MS,
    longestMs: delay.max / NS_PER_MS,
  };
}
