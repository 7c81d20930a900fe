import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { type HeightInterval, hullOf, within, without } from "./height-intervals.ts";
import { getDocket } from "./register-reads.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const CHAIN = ledgerOf("ranges", [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
const MINUTE = 60_000;

let storage: WormStorage;
let scene: RegisterScene;

beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  scene = new RegisterScene({ storage, chain: CHAIN });
  await scene.store();
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

/** `start-end status`, by height. */
async function book({ parts }: VerifiedRegister): Promise<readonly string[]> {
  const records = await parts.ranges.all();
  return records.map(({ startHeight, endHeight, recoveryStatus }) => `${startHeight}-${endHeight} ${recoveryStatus}`);
}

describe("the book of damaged ranges, of two processes", () => {
  it("keeps what one has found when the other one, which does not know of it, finds something else", async () => {
    const [a, b] = [await scene.opened(), await scene.opened()];
    scene.clock.advance(MINUTE);
    await scene.flip(3, 7);
    await getDocket(a, 3n);
    await getDocket(b, 7n);
    expect(await book(a)).toEqual(["3-3 Pending", "7-7 Pending"]);
    // So that the next start does not begin behind it.
    expect(rangesOf(await scene.opened())).toEqual(["3-3 MalformedData", "7-7 MalformedData"]);
  });

  it("keeps all of a range when the other one has met a part of it", async () => {
    await scene.damage((row) => (row.sequence >= 9n ? undefined : row));
    await scene.pin(12);
    const b = await scene.opened();
    const [record] = await b.getCorruptedRanges();
    expect(await book(b)).toEqual(["9-11 Pending"]);
    const c = await scene.open();
    await c.parts.ranges.record({
      ranges: [{ start: 10n, end: 10n, type: "MissingData", details: "", failing: [] }],
      examined: 12n,
    });
    expect(await c.getCorruptedRanges()).toMatchObject([{ id: record?.id, startHeight: 9n, endHeight: 11n }]);
  });

  it("closes what the other one has verified since, and nothing that was found later", async () => {
    const [a, b] = [await scene.opened(), await scene.opened()];
    scene.clock.advance(MINUTE);
    await scene.flip(3);
    await getDocket(a, 3n);
    await scene.flip(3);
    expect(await book(b)).toEqual(["3-3 Pending"]);
    scene.clock.advance(MINUTE);
    await b.verifyAll();
    expect(await book(b)).toEqual(["3-3 Succeeded"]);

    scene.clock.advance(MINUTE);
    const c = await scene.opened();
    await scene.flip(5, 8);
    await getDocket(c, 5n);
    scene.clock.advance(MINUTE);
    await getDocket(b, 8n);
    expect(await book(c)).toEqual(["3-3 Succeeded", "5-5 Pending", "8-8 Pending"]);
  });

  it("closes nothing that was found while the other one was verifying", async () => {
    const [a, b] = [await scene.opened(), await scene.opened()];
    const since = scene.clock.now();
    scene.clock.advance(1);
    await scene.flip(3);
    await getDocket(a, 3n);
    await b.parts.ranges.judged({ from: 0n, ranges: [], since });
    expect(await book(b)).toEqual(["3-3 Pending"]);
    await b.parts.ranges.judged({ from: 4n, ranges: [], since: scene.clock.now() });
    expect(await book(b)).toEqual(["3-3 Pending"]);
    await b.parts.ranges.judged({ from: 3n, ranges: [], since: scene.clock.now() });
    expect(await book(b)).toEqual(["3-3 Succeeded"]);
  });
});

describe("intervals of heights", () => {
  const interval = fc
    .tuple(fc.bigInt(0n, 30n), fc.bigInt(0n, 8n))
    .map(([start, more]): HeightInterval => ({ start, end: start + more }));

  it("are taken from each other, cut and covered as sets of heights are", () => {
    const heightsOf = (intervals: readonly HeightInterval[]) =>
      new Set(
        intervals.flatMap(({ start, end }) =>
          Array.from({ length: Number(end - start) + 1 }, (_, at) => Number(start) + at),
        ),
      );
    fc.assert(
      fc.property(interval, fc.array(interval, { maxLength: 5 }), (one, others) => {
        const all = heightsOf([one]);
        expect(heightsOf(without(one, others))).toEqual(all.difference(heightsOf(others)));
        expect(heightsOf(within(one, others))).toEqual(all.intersection(heightsOf(others)));
        const hull = hullOf(others);
        const covered = [...heightsOf(others)];
        expect(hull && [Number(hull.start), Number(hull.end)]).toEqual(
          others.length === 0 ? undefined : [Math.min(...covered), Math.max(...covered)],
        );
      }),
    );
  });
});
