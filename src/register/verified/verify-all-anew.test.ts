import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { between, forkOf, RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import { withMember } from "../../testing/with-member.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import type { DocketExaminer } from "../verification/docket-examiner.ts";
import { getDocket, getDocketRange, requireDocket } from "./register-reads.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const LENGTH = 40;
const CHAIN = ledgerOf("anew", Array(LENGTH).fill(1));
const PINNED = 3;

let storage: WormStorage;
let scene: RegisterScene;

beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  scene = new RegisterScene({ storage, chain: CHAIN });
  await scene.store(CHAIN.dockets.slice(0, PINNED));
  await scene.pin(PINNED);
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

/** A process that has verified what another one sealed, and has pinned none of it. */
async function openedFollower() {
  const register = await scene.opened();
  await scene.store(CHAIN.dockets.slice(PINNED));
  expect(await getDocket(register, BigInt(LENGTH - 1))).toBeDefined();
  return register;
}

describe("a complete verification, after a ledger was forged with a stolen key behind what is pinned", () => {
  it("comes to no other register than the one that it has verified before", async () => {
    const register = await openedFollower();
    await scene.replaceBy(forkOf(CHAIN, PINNED, LENGTH - PINNED));
    expect(await register.verifyAll()).toMatchObject({ isFullyVerified: false, resultingState: "Degraded" });
    expect(rangesOf(register)).toEqual([`${PINNED}-${LENGTH - 1} BrokenChainLink`]);
    expect(scene.told("registerRollbackDetected")).toHaveLength(1);
    expect(await getDocket(register, 20n)).toBeUndefined();
  });

  it("nor when something else is damaged as well", async () => {
    const register = await openedFollower();
    await scene.replaceBy(forkOf(CHAIN, PINNED, LENGTH - PINNED));
    await scene.flip(1);
    expect(await register.verifyAll()).toMatchObject({ isFullyVerified: false, hasCorruption: true });
    expect(await getDocket(register, 20n)).toBeUndefined();
    expect(scene.journal.map(({ name }) => name)).toContain("register_rollback_detected");
    expect(scene.journal.map(({ name }) => name)).not.toContain("register_index_altered");
  });

  it("nor when the ledger ends where it was pinned", async () => {
    const register = await openedFollower();
    await scene.replaceBy({ ...CHAIN, dockets: CHAIN.dockets.slice(0, PINNED) });
    expect(await register.verifyAll()).toMatchObject({ isFullyVerified: false });
    expect(rangesOf(register)).toEqual([`${PINNED}-${LENGTH - 1} MissingData`]);
    await scene.replaceBy(CHAIN);
    expect(await register.verifyAll()).toMatchObject({ isFullyVerified: true, resultingState: "Healthy" });
  });
});

describe("what is read while a register is verified anew", () => {
  /** A verification that waits when it has come to a docket, and what it waits for. */
  async function held(register: VerifiedRegister, height: bigint) {
    const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    hold = async () => {
      if (register.condition.state !== "Initializing" || register.set.examined < height) return;
      arrived.resolve();
      await released.promise;
    };
    const verified = register.verifyAll();
    await arrived.promise;
    return { verified, release: released.resolve };
  }

  let hold: (() => Promise<void>) | undefined;

  async function openedHeld() {
    const { examiner } = (await scene.open()).parts;
    const examine = async (...values: Parameters<DocketExaminer["examine"]>) => {
      await hold?.();
      return await examiner.examine(...values);
    };
    const register = await scene.opened({ examiner: withMember(examiner, "examine", examine) });
    await scene.store(CHAIN.dockets.slice(PINNED));
    expect(await getDocket(register, BigInt(LENGTH - 1))).toBeDefined();
    return register;
  }

  const heights = (dockets: readonly { readonly height: bigint }[]) => dockets.map(({ height }) => Number(height));

  beforeEach(() => {
    hold = undefined;
  });

  it("is what the register is known to have, and nothing that was forged in its place", async () => {
    const register = await openedHeld();
    await scene.replaceBy(forkOf(CHAIN, 5, LENGTH - 5));
    const { verified, release } = await held(register, 20n);
    const range = await getDocketRange(register, 0n, 9n);
    expect(heights(range.dockets)).toEqual(between(0, 4));
    expect(range.gaps).toEqual([{ start: 5n, end: 9n, reason: "NotYetVerified" }]);
    await expect(requireDocket(register, 7n)).rejects.toMatchObject({ details: { reason: "NotYetVerified" } });
    expect(register.set.ranges).toEqual([]);
    release();
    await verified;
    expect(rangesOf(register)).toEqual([`${PINNED}-${LENGTH - 1} BrokenChainLink`]);
  });

  it("is all that was verified so far when only something further on is damaged", async () => {
    const register = await openedHeld();
    await scene.flip(LENGTH - 1);
    const { verified, release } = await held(register, 20n);
    expect(heights((await getDocketRange(register, 0n, 19n)).dockets)).toEqual(between(0, 19));
    release();
    await verified;
    expect(rangesOf(register)).toEqual([`${LENGTH - 1}-${LENGTH - 1} MalformedData`]);
  });

  it("waits for the end where the hashes are lost that would show it, and is not damaged for that", async () => {
    const register = await openedHeld();
    await scene.flip(LENGTH - 1);
    const { register: store } = scene.stores;
    const nodes = Array.from({ length: LENGTH }, (_, index) => ({
      level: 0,
      index: BigInt(index),
      hash: "00".repeat(32),
    }));
    await store.putNodes(nodes);
    register.reader.forgetAll();
    const { verified, release } = await held(register, 20n);
    expect(await getDocketRange(register, 0n, 3n)).toMatchObject({ dockets: [], gaps: [{ reason: "NotYetVerified" }] });
    release();
    await verified;
    expect((await getDocketRange(register, 0n, 3n)).complete).toBe(true);
    expect(rangesOf(register)).toEqual([`${LENGTH - 1}-${LENGTH - 1} MalformedData`]);
  });
});
