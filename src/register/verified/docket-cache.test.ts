import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import type { LedgerLog } from "../ledger-log/ledger-log.ts";
import { DocketCache } from "./docket-cache.ts";
import { getDocket, getDocketRange } from "./register-reads.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const CHAINS = [ledgerOf("cache one", [1, 1, 1, 1, 1, 1]), ledgerOf("cache two", [1, 1, 1, 1, 1, 1])] as const;
/** Of the largest docket, with what keeping it costs. */
const DOCKET_BYTES = Math.max(...CHAINS.flatMap(({ dockets }) => dockets.map(({ bytes }) => bytes.length))) + 1;
const ALL = 6n;

let storage: WormStorage;
let scenes: readonly [RegisterScene, RegisterScene];

beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  const [one, two] = CHAINS.map((chain) => new RegisterScene({ storage, chain }));
  scenes = [one as RegisterScene, two as RegisterScene];
  for (const scene of scenes) await scene.store();
});
afterEach(async () => {
  for (const scene of scenes) await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

/** A register over a ledger that notes what is read from it once it is opened. */
async function opened(scene: RegisterScene, dockets: DocketCache) {
  const ledger = scene.ledger();
  const reads: bigint[] = [];
  const read: LedgerLog["read"] = (height) => {
    reads.push(height);
    return ledger.read(height);
  };
  const noted = new Proxy(ledger, {
    get(target, name) {
      if (name === "read") return read;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const register = await scene.opened({ ledger: noted, dockets });
  reads.length = 0;
  return { register, reads };
}

async function readAll(register: VerifiedRegister): Promise<void> {
  expect((await getDocketRange(register, 0n, ALL)).complete).toBe(true);
}

describe("the dockets that a process keeps in memory", () => {
  it("take no more room than they may, however many registers there are", async () => {
    const cache = new DocketCache(4 * DOCKET_BYTES);
    const [one, two] = [await opened(scenes[0], cache), await opened(scenes[1], cache)];
    for (const { register } of [one, two, one, two]) {
      await readAll(register);
      expect(cache.bytes).toBeGreaterThan(2 * DOCKET_BYTES);
      expect(cache.bytes).toBeLessThanOrEqual(4 * DOCKET_BYTES);
    }
  });

  it("are not read again while there is room for them", async () => {
    const cache = new DocketCache();
    const [one, two] = [await opened(scenes[0], cache), await opened(scenes[1], cache)];
    for (const { register, reads } of [one, two]) {
      await readAll(register);
      expect(reads).toHaveLength(6);
    }
    for (const { register, reads } of [one, two]) {
      await readAll(register);
      expect(reads).toHaveLength(6);
    }
  });

  it("are good although they have to make room for others while those are read", async () => {
    const { register } = await opened(scenes[0], new DocketCache(2 * DOCKET_BYTES));
    await getDocket(register, 0n);
    await readAll(register);
    await readAll(register);
    expect(rangesOf(register)).toEqual([]);
  });

  it("go with their register when it is closed, and no others", async () => {
    const cache = new DocketCache();
    const [one, two] = [await opened(scenes[0], cache), await opened(scenes[1], cache)];
    await readAll(one.register);
    const bytes = cache.bytes;
    await readAll(two.register);
    await two.register[Symbol.asyncDispose]();
    expect(cache.bytes).toBe(bytes);
    await readAll(one.register);
    expect(one.reads).toHaveLength(6);
    await one.register[Symbol.asyncDispose]();
    expect(cache.bytes).toBe(0);
  });

  it("are those of one opened register, also when another one has the same id", async () => {
    const cache = new DocketCache();
    const [one, other] = [await opened(scenes[0], cache), await opened(scenes[0], cache)];
    await readAll(one.register);
    await scenes[0].flip(3);
    expect(await getDocket(other.register, 3n)).toBeUndefined();
    expect(rangesOf(other.register)).toEqual(["3-3 InvalidDocketHash"]);
    expect(await getDocket(one.register, 3n)).toBeDefined();
  });
});
