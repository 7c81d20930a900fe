import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { eventDraft, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { ManualTimers } from "../../testing/manual-timers.ts";
import { stateOfCharter } from "./chain-state.ts";
import type { DocketBytes } from "./docket-examiner.ts";
import { startExaminerWorker } from "./examiner-thread.ts";
import { inlineExaminer } from "./inline-examiner.ts";
import { ThreadedExaminer } from "./threaded-examiner.ts";

const SEED = 20_260_303;
const counts = Array.from({ length: 24 }, (_, height) => (height % 5 === 4 ? 12 : 1 + (height % 3)));
const second = testKey("threaded/second", ["docket", "tx"]);
const base = ledgerOf("threaded", counts);
const addition = eventDraft("addition", {
  type: "key",
  eventType: "key_added",
  keys: [{ add: second.record }] as never,
});
const chain = withDocket(withDocket(base, [addition]), [eventDraft("by the second key")], second);
const { registerId } = chain;
const { keys } = stateOfCharter(registerId, chain.charter);
const dockets: readonly DocketBytes[] = chain.dockets.map(({ height, bytes }) => ({ height, bytes }));
const context = { registerId, keys };
const inline = inlineExaminer();

/** Started workers in their order, for tests that end one. */
function recorded(): { readonly workers: Worker[]; readonly startWorker: () => Worker } {
  const workers: Worker[] = [];
  const startWorker = () => {
    const worker = startExaminerWorker();
    workers.push(worker);
    return worker;
  };
  return { workers, startWorker };
}

/** What can happen to a docket's bytes where they are kept. */
const damage = fc.record({
  docket: fc.nat({ max: dockets.length - 1 }),
  kind: fc.constantFrom("flip", "cut", "remove", "insert", "swap", "extend", "empty"),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  byte: fc.integer({ min: 1, max: 255 }),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(whole: readonly DocketBytes[], { docket, kind, at, byte }: Damage): readonly DocketBytes[] {
  const bytes = [...(whole[docket]?.bytes ?? [])];
  const place = Math.floor(at * bytes.length);
  const other = whole[place % whole.length]?.bytes ?? [];
  const altered: Record<Damage["kind"], () => ArrayLike<number>> = {
    flip: () => bytes.with(place, (bytes[place] ?? 0) ^ byte),
    cut: () => bytes.slice(0, place),
    remove: () => bytes.toSpliced(place, byte),
    insert: () => bytes.toSpliced(place, 0, byte),
    swap: () => other,
    extend: () => [...bytes, byte],
    empty: () => [],
  };
  if (bytes.length === 0) return whole;
  return whole.with(docket, { height: BigInt(docket), bytes: Uint8Array.from(altered[kind]()) });
}

describe("the examiner on threads", () => {
  const examiner = new ThreadedExaminer({ parallelism: 2 });
  afterAll(() => examiner[Symbol.asyncDispose]());

  it("says what the one on the caller's thread says, whatever was done to the dockets", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { maxLength: 8 }), async (damages) => {
        const altered = damages.reduce(damaged, dockets);
        expect(await examiner.examine(altered, context)).toEqual(await inline.examine(altered, context));
      }),
      { seed: SEED, numRuns: 25 },
    );
    expect(examiner.threads).toBe(2);
  });

  it("judges by the keys of each call, also by many in turns", async () => {
    const directories = Array.from({ length: 20 }, (_, n) =>
      keys.after(BigInt(n), [{ add: testKey(`threaded/${n}`, ["tx"]).record }, { add: second.record }]),
    );
    const examined = [keys, ...directories, keys, chain.state.keys].map((each) => {
      const call = { registerId, keys: each };
      return Promise.all([examiner.examine(dockets, call), inline.examine(dockets, call)]);
    });
    for (const [threaded, expected] of await Promise.all(examined)) expect(threaded).toEqual(expected);
  });

  it("does not take the caller's bytes away, and keeps the order of any heights", async () => {
    const shared = Buffer.concat(dockets.map(({ bytes }) => bytes));
    let end = 0;
    const views = dockets.map(({ height, bytes }) => {
      end += bytes.length;
      return { height, bytes: shared.subarray(end - bytes.length, end) };
    });
    const examined = await examiner.examine(views.toReversed(), context);
    expect(examined).toEqual((await inline.examine(dockets, context)).toReversed());
    expect(shared.equals(Buffer.concat(dockets.map(({ bytes }) => bytes)))).toBe(true);
  });

  it("gives up when it is aborted, and nothing else with it", async () => {
    const abort = new AbortController();
    const given = examiner.examine(dockets, { ...context, signal: abort.signal });
    const other = examiner.examine(dockets, context);
    abort.abort();
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    await expect(examiner.examine(dockets, { ...context, signal: abort.signal })).rejects.toMatchObject({
      code: "aborted",
    });
    expect(await other).toHaveLength(dockets.length);
  });

  it("refuses a parallelism beyond its limits", () => {
    for (const parallelism of [0, 17, 1.5]) {
      expect(() => new ThreadedExaminer({ parallelism })).toThrow(expect.objectContaining({ code: "invalid_value" }));
    }
  });
});

describe("the threads of an examiner", () => {
  it("are not started for a few dockets, and ended when there is no work", async () => {
    const timers = new ManualTimers();
    await using examiner = new ThreadedExaminer({ parallelism: 2, idleMs: 5_000, timers });
    await examiner.examine(dockets.slice(0, 3), context);
    expect(examiner.threads).toBe(0);
    await examiner.examine(dockets, context);
    expect(examiner.threads).toBe(2);
    await timers.advance(4_999);
    expect(examiner.threads).toBe(2);
    await timers.advance(1);
    expect(examiner.threads).toBe(0);
    expect(await examiner.examine(dockets, context)).toHaveLength(dockets.length);
  });

  it("reject what they worked for when they come to an end, and are replaced", async () => {
    const { workers, startWorker } = recorded();
    await using examiner = new ThreadedExaminer({ parallelism: 1, startWorker });
    const examined = examiner.examine(dockets, context);
    await Promise.all([expect(examined).rejects.toMatchObject({ code: "internal_error" }), workers[0]?.terminate()]);
    expect(await examiner.examine(dockets, context)).toHaveLength(dockets.length);
    expect(workers).toHaveLength(2);
  });

  it.each([
    ["throw", "throw new Error('a bug')"],
    ["run out of memory", "const kept = []; for (;;) kept.push(new Array(1e5).fill(kept.length));"],
    ["cannot be read", "this is no program"],
  ])("reject when they %s", async (_, program) => {
    const resourceLimits = { maxOldGenerationSizeMb: 8 };
    const startWorker = () => new Worker(program, { eval: true, resourceLimits });
    await using examiner = new ThreadedExaminer({ parallelism: 2, startWorker });
    const error: unknown = await examiner.examine(dockets, context).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "internal_error", cause: expect.any(Error) });
  });

  it("reject when none can be started, and make do with those that could be", async () => {
    let left = 0;
    const startWorker = () => {
      if (left-- > 0) return startExaminerWorker();
      throw new Error("no thread");
    };
    await using examiner = new ThreadedExaminer({ parallelism: 2, startWorker });
    await expect(examiner.examine(dockets, context)).rejects.toMatchObject({ code: "internal_error" });
    left = 1;
    expect(await examiner.examine(dockets, context)).toHaveLength(dockets.length);
    expect(examiner.threads).toBe(1);
  });

  it("end with their examiner, in the midst of work", async () => {
    const { workers, startWorker } = recorded();
    const examiner = new ThreadedExaminer({ parallelism: 2, startWorker });
    const examined = [examiner.examine(dockets, context), examiner.examine(dockets.slice(0, 2), context)];
    const settled = Promise.allSettled(examined);
    await examiner[Symbol.asyncDispose]();
    expect((await settled)[0]).toMatchObject({ status: "rejected", reason: { code: "closed" } });
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]);
    await expect(examiner.examine(dockets, context)).rejects.toMatchObject({ code: "closed" });
    await examiner[Symbol.asyncDispose]();
  });
});
