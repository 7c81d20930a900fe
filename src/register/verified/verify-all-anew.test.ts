import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { forkOf, RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { getDocket } from "./register-reads.ts";

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
