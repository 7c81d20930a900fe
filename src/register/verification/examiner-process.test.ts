import { describe, expect, it } from "vitest";
import { startProgram } from "../../testing/child-program.ts";

const GAP_MS_MAX = 50;

const PROGRAM = `
  const root = process.argv[2];
  const { ledgerOf } = await import(root + "testing/ledger-chain.ts");
  const { stateOfCharter } = await import(root + "register/verification/chain-state.ts");
  const { ThreadedExaminer } = await import(root + "register/verification/threaded-examiner.ts");
  const chain = ledgerOf("process", Array.from({ length: 100 }, () => 1));
  const context = { registerId: chain.registerId, keys: stateOfCharter(chain.registerId, chain.charter).keys };
  const examiner = new ThreadedExaminer({ parallelism: 2, idleMs: 3_600_000 });
`;

/**
 * What the thread computes at most from one turn of its event loop to the next, as the least of several laps: other
 * programs and the collector spoil some of them, what is computed on this thread spoils them all.
 */
const EXAMINE_MANY = `
  const dockets = Array.from({ length: 4_000 }, (_, n) => chain.dockets[n % chain.dockets.length]);
  await examiner.examine(dockets.slice(0, 100), context);
  const spentMs = () => {
    if (!process.threadCpuUsage) return performance.now();
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  const lap = async () => {
    let longestMs = 0;
    let before = spentMs();
    let turn;
    const measure = () => {
      const now = spentMs();
      longestMs = Math.max(longestMs, now - before);
      before = now;
      turn = setTimeout(measure, 0);
    };
    measure();
    const examined = await examiner.examine(dockets, context);
    clearTimeout(turn);
    return { sound: examined.filter(({ problem }) => !problem).length, longestMs };
  };
  console.log(JSON.stringify([await lap(), await lap(), await lap()]));
`;

describe("a process that examines dockets on threads", () => {
  it("has turns for others meanwhile, and ends when nothing is left to do", { timeout: 60_000 }, async () => {
    await using program = await startProgram(PROGRAM + EXAMINE_MANY, [new URL("../../", import.meta.url).href]);
    const { value } = await program.lines.next();
    const laps = JSON.parse(String(value)) as readonly { readonly sound: number; readonly longestMs: number }[];
    expect(laps.map(({ sound }) => sound)).toEqual([4_000, 4_000, 4_000]);
    expect(Math.min(...laps.map(({ longestMs }) => longestMs))).toBeLessThan(GAP_MS_MAX);
    expect(await program.exit()).toBe(0);
    expect(program.errors()).toBe("");
  });

  it("does not end before its dockets are examined", { timeout: 60_000 }, async () => {
    const last = `console.log((await examiner.examine(chain.dockets, context)).length);`;
    await using program = await startProgram(PROGRAM + last, [new URL("../../", import.meta.url).href]);
    expect((await program.lines.next()).value).toBe("100");
    expect(await program.exit()).toBe(0);
  });
});
