import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { eventDraft, type LedgerChain, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { ManualTimers } from "../../testing/manual-timers.ts";
import { between, checkpointOf, docketsAt, RegisterScene } from "../../testing/register-scene.ts";
import { ScriptedPeer } from "../../testing/scripted-peer.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { adoptCheckpoint } from "../verified/register-checkpoints.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { ReplicaFollower } from "./replica-follower.ts";

const CHAIN = ledgerOf("copied by many", Array(8).fill(1));

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

const upTo = (size: number): LedgerChain => ({ ...CHAIN, dockets: CHAIN.dockets.slice(0, size) });

function followerOf(register: VerifiedRegister, source: ScriptedPeer): ReplicaFollower {
  return new ReplicaFollower({ register, source, intervalMs: 1_000, timers: new ManualTimers(), random: () => 1 });
}

describe("a copy that another process follows, too", () => {
  it("is not rolled back by an answer of the source that the other process was faster than", async () => {
    await scene.pin(4);
    await scene.store(docketsAt(CHAIN, ...between(0, 3)));
    const register = await scene.opened();
    const source = new ScriptedPeer(upTo(5));
    const head = source.head.bind(source);
    source.head = async (...values) => {
      const answer = await head(...values);
      // The source has grown, the other process has copied that, and a reader of this one has heard of it.
      await scene.store();
      const { size, note } = checkpointOf(CHAIN, 8);
      await scene.stores.register.addCheckpoint({ size, note, signedAt: scene.clock.now() });
      await register.inTurn(() => adoptCheckpoint(register));
      return answer;
    };
    const follower = followerOf(register, source);
    await follower.follow();
    expect(scene.told("register_rollback_detected")).toEqual([]);
    expect(follower.status).toMatchObject({ behind: 0n, problem: null });
    expect(register.parts.pins.newest?.size).toBe(8n);
  });

  it("takes what a key has signed that was retired behind it, although the other process knows that already", async () => {
    const next = testKey("copied by many/next", ["checkpoint"]);
    const keys = [{ add: next.record }, { end: CHAIN.checkpointKey.keyId, reason: "retired" }] as never;
    const rotated = withDocket(CHAIN, [eventDraft("rotation", { type: "key", keys })]);
    scene = new RegisterScene({ storage, chain: rotated });
    await scene.pin(4);
    await scene.store();
    const register = await scene.opened();
    const follower = followerOf(register, new ScriptedPeer(CHAIN));
    await follower.follow();
    expect(follower.status).toMatchObject({ sourceSize: 8n, problem: null });
    expect(register.parts.pins.newest?.size).toBe(8n);
  });
});
