import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { median, quantile } from "../race.ts";
import { atMost, type Effort, FULL_EFFORT, type Line, type Section } from "../section.ts";

const CHILD = fileURLToPath(new URL("../open-and-close.ts", import.meta.url));
const run = promisify(execFile);

/** From the start of a process to a vault that answers, on an embedded database. */
export async function readyTime(effort: Effort): Promise<Section[]> {
  const root = await mkdtemp(join(tmpdir(), "strongroom-bench-"));
  const first: Ready[] = [];
  const again: Ready[] = [];
  try {
    const runs = effort.laps >= FULL_EFFORT.laps ? 2 : 1;
    for (let index = 0; index < runs; index++) {
      const dataDirectory = join(root, String(index));
      first.push(await openInChild(dataDirectory));
      again.push(await openInChild(dataDirectory), await openInChild(dataDirectory));
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return [
    {
      operation: "ready time, embedded",
      engine: "pglite",
      inFlight: 1,
      lines: [lineOf("first run", first, 3_000), lineOf("reopen", again, 1_000)],
      notes: [
        `From the start of the process, which runs the TypeScript sources. Of it openVault itself: first run ${openMsOf(first)} ms, reopen ${openMsOf(again)} ms.`,
      ],
    },
  ];
}

/** What the child prints: milliseconds since its process started, and those that `openVault` took. */
interface Ready {
  readonly readyMs: number;
  readonly openMs: number;
}

async function openInChild(dataDirectory: string): Promise<Ready> {
  const { stdout } = await run(process.execPath, [CHILD, dataDirectory]);
  return JSON.parse(stdout) as Ready;
}

function openMsOf(runs: readonly Ready[]): number {
  return Math.round(median(runs.map((each) => each.openMs)));
}

function lineOf(name: string, runs: readonly Ready[], limitMs: number): Line {
  const times = runs.map((each) => each.readyMs);
  const p50Ms = median(times);
  return {
    name,
    calls: runs.length,
    p50Ms,
    p99Ms: quantile(times, 0.99),
    opsPerSecond: null,
    ratio: null,
    ratioQuartiles: null,
    goals: [atMost("ready ms", p50Ms, limitMs)],
  };
}
