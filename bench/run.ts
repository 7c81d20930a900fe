import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Arena, FULL_SIZE, QUICK_SIZE } from "./arena.ts";
import { cacheInProcess } from "./operations/cache-in-process.ts";
import { cachedLoadOnRedis } from "./operations/cache-profile.ts";
import { cacheOnRedis } from "./operations/cache-redis.ts";
import { cachedLoad } from "./operations/cached-load.ts";
import { coldLoad } from "./operations/cold-load.ts";
import { derivationChain } from "./operations/derivation-chain.ts";
import { documents, documentsOnMongo } from "./operations/documents.ts";
import { eventLoop } from "./operations/event-loop.ts";
import { fieldWrite } from "./operations/field-write.ts";
import { gapCheck } from "./operations/gap-check.ts";
import { growth } from "./operations/growth.ts";
import { growthInUse } from "./operations/growth-in-use.ts";
import { hotTier } from "./operations/hot-tier.ts";
import { hotTierLoad } from "./operations/hot-tier-load.ts";
import { readyTime } from "./operations/ready-time.ts";
import { registerProofs } from "./operations/register-proofs.ts";
import { registerSealing } from "./operations/register-sealing.ts";
import { registerStart } from "./operations/register-start.ts";
import { registerThroughput } from "./operations/register-throughput.ts";
import { registerVerification } from "./operations/register-verification.ts";
import { sessions } from "./operations/sessions.ts";
import { validation } from "./operations/validation.ts";
import { warmTier } from "./operations/warm-tier.ts";
import { worm } from "./operations/worm.ts";
import { openPGliteArena } from "./pglite-arena.ts";
import { openPostgresArena } from "./postgres-arena.ts";
import { tableOf } from "./report.ts";
import { type Effort, FULL_EFFORT, QUICK_EFFORT, type Section } from "./section.ts";

/*
 * `npm run bench [-- --quick] [-- --only <operation>]`: compares the vault with what its user could write by hand, on
 * the embedded database and on the server that DATABASE_URL names. Prints a table; a complete run writes results.json.
 */

const RESULTS = fileURLToPath(new URL("results.json", import.meta.url));

/** Load per core; the benchmark itself is a load of about one. */
const BUSY_ABOVE = 1;

/** What needs no database of the arena. */
const ALONE: Readonly<Record<string, (effort: Effort) => Section[] | Promise<Section[]>>> = {
  validation,
  "cached-load": cachedLoad,
  "cached-load-redis": cachedLoadOnRedis,
  "ready-time": readyTime,
  "cache-in-process": cacheInProcess,
  "cache-redis": cacheOnRedis,
  "hot-tier": hotTier,
  "hot-tier-load": hotTierLoad,
  documents,
  "documents-mongodb": documentsOnMongo,
  "warm-tier": warmTier,
  worm,
  sessions,
  "register-verification": registerVerification,
  "register-sealing": registerSealing,
  "register-proofs": registerProofs,
  "register-start": registerStart,
  "register-throughput": registerThroughput,
};

/** Writes come last: they change the data that the reads are measured on. */
const IN_ARENA: Readonly<Record<string, (arena: Arena, effort: Effort) => Promise<Section[]>>> = {
  "cold-load": coldLoad,
  "derivation-chain": derivationChain,
  "gap-check": gapCheck,
  growth,
  "growth-in-use": growthInUse,
  "field-write": fieldWrite,
};

const ON_PGLITE: typeof IN_ARENA = { "event-loop": eventLoop };

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});
const names = [...Object.keys(ALONE), ...Object.keys(IN_ARENA), ...Object.keys(ON_PGLITE)];
if (options.only !== undefined && !names.includes(options.only)) {
  console.error(`There is no ${options.only}. Operations: ${names.join(", ")}.`);
  process.exit(2);
}
/** The first Ctrl-C waits for the operation that runs, so that what was made on the server is dropped again. */
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    isStopped = true;
    process.exitCode = 130;
  });
}
await main();

async function main(): Promise<void> {
  const startedMs = performance.now();
  const effort = options.quick ? QUICK_EFFORT : FULL_EFFORT;
  const sections: Section[] = [];
  const engines: string[] = [];
  for (const [name, measure] of Object.entries(ALONE)) {
    if (isAsked(name)) sections.push(...(await announced(name, () => measure(effort))));
  }
  for (const { engine, open, operations } of arenas()) {
    const asked = Object.entries(operations).filter(([name]) => isAsked(name));
    if (asked.length === 0) continue;
    await using arena = await announced(`data on ${engine}`, open);
    engines.push(arena.engineVersion);
    for (const [name, measure] of asked) {
      if (isStopped) return;
      sections.push(...(await announced(`${name} on ${engine}`, () => measure(arena, effort))));
    }
  }
  await publish(sections, engines, Math.round((performance.now() - startedMs) / 1_000));
}

async function publish(
  sections: readonly Section[],
  engines: readonly string[],
  elapsedSeconds: number,
): Promise<void> {
  const machine = describeMachine();
  const [load = 0] = loadavg();
  const platform = [machine.cpu, `${machine.cores} cores`, `Node ${machine.node}`, ...engines].join(", ");
  console.log(`${tableOf(sections)}\n\n${platform}; ${elapsedSeconds} s`);
  if (load > machine.cores * BUSY_ABOVE) {
    console.log(`Others kept the machine busy, its load is ${load.toFixed(1)}: trust the ratios, not the times.`);
  }
  if (options.only !== undefined) return;
  const mode = options.quick ? "quick" : "full";
  const results = { date: new Date().toISOString(), mode, elapsedSeconds, machine, load, engines, sections };
  await writeFile(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
}

interface ArenaPlan {
  readonly engine: string;
  readonly open: () => Promise<Arena>;
  readonly operations: typeof IN_ARENA;
}

function arenas(): ArenaPlan[] {
  const size = options.quick ? QUICK_SIZE : FULL_SIZE;
  const url = process.env["DATABASE_URL"];
  const embedded: ArenaPlan = {
    engine: "pglite",
    open: () => openPGliteArena(size),
    operations: { ...IN_ARENA, ...ON_PGLITE },
  };
  if (!url) {
    console.error("Without DATABASE_URL the figures of a PostgreSQL server are left out.");
    return [embedded];
  }
  return [embedded, { engine: "postgres", open: () => openPostgresArena(url, size), operations: IN_ARENA }];
}

function isAsked(name: string): boolean {
  return options.only === undefined || options.only === name;
}

/** Tells what takes the time, on the stream that is not the result. */
async function announced<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  console.error(`${what}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  return result;
}

function describeMachine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.versions.node,
  };
}
