import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { checkpointOf, forkOf, RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { adoptCheckpoint } from "./register-checkpoints.ts";

const CHAIN = ledgerOf("checkpoints", [1, 1, 1, 1, 1, 1, 1, 1]);
const FORK = forkOf(CHAIN, 5, 3);

let storage: WormStorage;
let scene: RegisterScene;

beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  scene = new RegisterScene({ storage, chain: CHAIN });
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

describe("a checkpoint", () => {
  it("of another log than this installation has pinned is not adopted, and the register is looked at again", async () => {
    await scene.store();
    await scene.pin(5);
    const register = await scene.opened();
    // Another process, which has seen the other log.
    await (await scene.pins()).pin(checkpointOf(FORK, 8));
    const { note } = checkpointOf(CHAIN, 8);
    await scene.stores.register.addCheckpoint({ size: 8n, note, signedAt: scene.clock.now() });
    await expect(adoptCheckpoint(register)).rejects.toMatchObject({ code: "integrity_violation" });
    expect((await scene.pins()).newest).toEqual(checkpointOf(FORK, 8));
    expect(register.getOperationalState()).toMatchObject({
      state: "Offline",
      message: "Two checkpoints of one size of a register have different roots.",
    });

    await register.initialize();
    expect(register.condition.state).toBe("Degraded");
    expect(rangesOf(register)).toEqual(["5-7 BrokenChainLink"]);
    expect(register.set.isExtendable).toBe(false);
    expect(scene.told("register_rollback_detected")).toEqual([expect.objectContaining({ pinnedSize: "8", size: "8" })]);
  });
});
