import { setTimeout } from "node:timers/promises";
import type { JsonObject } from "../../src/json.ts";
import type { CacheStore } from "../../src/storage/cache-store.ts";
import { cachedValue } from "../cached-value.ts";
import { openComposed, openGuarded } from "../open-cache.ts";
import { quantile } from "../race.ts";
import { withRedisPrefix } from "../redis-prefix.ts";
import { atMost, type Effort, FULL_EFFORT, type Line, type Section } from "../section.ts";

const OPERATIONS = 100_000;
const OPERATIONS_QUICK = 20_000;
const CALLERS = 64;
const KEYS = 1_000;
const P99_MS_MAX = 10;
/** One call in five writes. */
const CALLS_PER_SET = 5;
/** So much of what the server did in a closed loop it is given in an open one. */
const OPEN_LOOP_SHARE = 0.5;

interface Load {
  readonly calls: number;
  /** Calls a second at most; as many as there are callers for, when it is left out. */
  readonly perSecond?: number;
}

/** Four reads to one write of 1 KiB, 64 at a time, on the server that REDIS_URL names. */
export function hotTierLoad(effort: Effort): Promise<Section[]> {
  const calls = effort.laps < FULL_EFFORT.laps ? OPERATIONS_QUICK : OPERATIONS;
  return withRedisPrefix("the hot tier under load", async ({ url, connection }) => {
    await using guarded = openGuarded(connection);
    const { commandTimeoutMs } = connection;
    const redis = { url, keyPrefix: `${connection.keyPrefix}composed:`, commandTimeoutMs };
    await using composed = await openComposed({ engine: "redis", redis });
    const closed = await measure(guarded.store, { calls });
    const perSecond = Math.round(closed.opsPerSecond * OPEN_LOOP_SHARE);
    const open = await measure(guarded.store, { calls, perSecond });
    const tier = await measure(composed.store, { calls });
    return [
      {
        operation: `hot tier, ${calls.toLocaleString("en-US")} operations`,
        engine: "redis",
        inFlight: CALLERS,
        lines: [
          lineOf("guarded engine, closed loop", closed),
          lineOf(`guarded engine, open loop, ${perSecond.toLocaleString("en-US")}/s`, open),
          lineOf("with its part in this process", tier),
        ],
        notes: [
          noteOf("closed loop", closed),
          noteOf("open loop, from when a call was due", open),
          noteOf("with its part in this process", tier),
        ],
      },
    ];
  });
}

interface Run {
  readonly latenciesMs: readonly number[];
  readonly opsPerSecond: number;
  /** What the tier did not do, or did not find. */
  readonly failures: number;
}

async function measure(store: CacheStore, load: Load): Promise<Run> {
  const values = Array.from({ length: KEYS }, (_, index) => cachedValue("1 KiB", index));
  for (const [index, value] of values.entries()) await store.set(keyOf(index), value);
  const call = (index: number): Promise<boolean> => operate(store, index, values[index % KEYS] as JsonObject);
  await runLoad(call, { ...load, calls: load.calls / 10 });
  return runLoad(call, load);
}

async function operate(store: CacheStore, index: number, value: JsonObject): Promise<boolean> {
  // A step that has no divisor in common with the number of keys, so that reads and writes meet all of them.
  const key = keyOf(index * 7);
  if (index % CALLS_PER_SET === 0) return (await store.set(key, value)) === "stored";
  return (await store.get(key)).hit;
}

/** With a rate, the latency of a call counts from when it was due, so that a stall is met by all who had to wait for it. */
async function runLoad(call: (index: number) => Promise<boolean>, { calls, perSecond }: Load): Promise<Run> {
  const latenciesMs: number[] = [];
  let failures = 0;
  let next = 0;
  const beganMs = performance.now();
  const caller = async (): Promise<void> => {
    while (next < calls) {
      const index = next++;
      const dueMs = perSecond === undefined ? performance.now() : beganMs + (index * 1_000) / perSecond;
      await until(dueMs);
      if (!(await call(index))) failures++;
      latenciesMs.push(performance.now() - dueMs);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { latenciesMs, failures, opsPerSecond: calls / ((performance.now() - beganMs) / 1_000) };
}

/** Up to a millisecond late, which counts as latency: waiting without a timer would take the server's processor. */
async function until(dueMs: number): Promise<void> {
  const waitMs = dueMs - performance.now();
  if (waitMs > 0) await setTimeout(waitMs);
}

function lineOf(name: string, { latenciesMs, opsPerSecond }: Run): Line {
  const p99Ms = quantile(latenciesMs, 0.99);
  return {
    name,
    calls: latenciesMs.length,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms,
    opsPerSecond,
    ratio: null,
    ratioQuartiles: null,
    goals: [atMost("p99 ms", p99Ms, P99_MS_MAX)],
  };
}

function noteOf(what: string, { latenciesMs, failures }: Run): string {
  const tail = [0.5, 0.99, 0.999, 1].map((at) => quantile(latenciesMs, at).toFixed(2)).join(", ");
  return `p50, p99, p99.9 and longest, ${what}: ${tail} ms; not done: ${failures}.`;
}

function keyOf(index: number): string {
  return `load:${index % KEYS}`;
}
