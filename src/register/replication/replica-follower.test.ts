import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { bytesOfHex } from "../../signatures/byte-text.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { FaultInjector, withFaults } from "../../testing/fault-injection.ts";
import { type LedgerChain, ledgerOf } from "../../testing/ledger-chain.ts";
import { ManualTimers, settled } from "../../testing/manual-timers.ts";
import { checkpointOf, forkOf, RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import { ScriptedPeer } from "../../testing/scripted-peer.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { originOf } from "../notes/register-origin.ts";
import { formatVerifier, noteVerifier } from "../notes/signed-note.ts";
import { getDocketRange, queryTransactions } from "../verified/register-reads.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { beginReplica, type ReplicaSource } from "./begin-replica.ts";
import { ReplicaFollower } from "./replica-follower.ts";

const CHAIN = ledgerOf("replica", [1, 2, 1, 1, 1, 3, 1, 1]);
const LENGTH = CHAIN.dockets.length;

let storage: WormStorage;
let scene: RegisterScene;
let timers: ManualTimers;
const followers: ReplicaFollower[] = [];

beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  scene = new RegisterScene({ storage, chain: CHAIN });
  timers = new ManualTimers();
});
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

function begin(source: ReplicaSource) {
  const { register: store } = scene.stores;
  return beginReplica(source, { store, pinsOf: () => scene.pins(), suites: NODE_SIGNATURE_SUITES, clock: scene.clock });
}

async function replicaOf(source: ScriptedPeer): Promise<{ register: VerifiedRegister; follower: ReplicaFollower }> {
  await begin({ peer: source });
  const register = await scene.opened();
  return { register, follower: followerOf(register, source) };
}

function followerOf(register: VerifiedRegister, source: ScriptedPeer): ReplicaFollower {
  const follower = new ReplicaFollower({ register, source, intervalMs: 1_000, timers, random: () => 1 });
  followers.push(follower);
  return follower;
}

const upTo = (size: number): LedgerChain => ({ ...CHAIN, dockets: CHAIN.dockets.slice(0, size) });
const hashes = async (register: VerifiedRegister) =>
  (await getDocketRange(register, 0n, 99n)).dockets.map(({ hash }) => hash);
const hashesOf = ({ dockets }: LedgerChain) => dockets.map(({ docketHash }) => docketHash);

describe("a copy", () => {
  it("has what the source has, and its checkpoint, and grows with it", async () => {
    const source = new ScriptedPeer(upTo(3), { docketsMax: 2 });
    const { register, follower } = await replicaOf(source);
    await follower.follow();
    expect(await hashes(register)).toEqual(hashesOf(upTo(3)));
    expect(register.parts.pins.newest).toEqual(checkpointOf(CHAIN, 3));
    expect((await scene.stores.register.listCheckpoints({ limit: 9, cursor: undefined })).items).toMatchObject([
      { size: 3n, note: checkpointOf(CHAIN, 3).note },
    ]);
    source.chain = CHAIN;
    await follower.follow();
    expect(await hashes(register)).toEqual(hashesOf(CHAIN));
    expect(follower.status).toEqual({
      source: "peer",
      sourceSize: BigInt(LENGTH),
      behind: 0n,
      lastContactAt: scene.clock.now(),
      problem: null,
      isFollowing: true,
    });
    expect(source.asked).toEqual(["0-2", "2-2", "3-7", "5-7", "7-7"]);
    expect(register.condition.state).toBe("Healthy");
    const { items } = await queryTransactions(register, {}, { limit: 50, cursor: undefined });
    expect(items).toHaveLength(12);
    expect(await scene.stores.register.indexedCount()).toBe(BigInt(LENGTH));
  });

  it("goes on after a restart, without copying again", async () => {
    const source = new ScriptedPeer(upTo(5));
    const { register, follower } = await replicaOf(source);
    await follower.follow();
    await register[Symbol.asyncDispose]();
    source.chain = CHAIN;
    const again = await scene.opened();
    await followerOf(again, source).follow();
    expect(await hashes(again)).toEqual(hashesOf(CHAIN));
    expect(source.asked).toEqual(["0-4", "5-7"]);
  });

  it("is whole although its process ended right after dockets were appended", async () => {
    const source = new ScriptedPeer(CHAIN);
    await begin({ peer: source });
    const injector = new FaultInjector();
    injector.inject({ fault: { kind: "fail", when: "before", code: "storage_unavailable" }, methods: ["index"] });
    const register = await scene.opened({ store: withFaults(scene.stores.register, injector) });
    await followerOf(register, source).follow();
    expect(await scene.ledger().count()).toBe(BigInt(LENGTH));
    await register[Symbol.asyncDispose]();

    const again = await scene.opened();
    const follower = followerOf(again, source);
    await follower.follow();
    expect(source.asked).toEqual([`0-${LENGTH - 1}`]);
    expect(follower.status).toMatchObject({ behind: 0n, problem: null });
    expect(await scene.stores.register.indexedCount()).toBe(BigInt(LENGTH));
    expect(again.parts.pins.newest?.size).toBe(BigInt(LENGTH));
  });

  it("keeps what it has while the source is away, and waits longer and longer", async () => {
    const source = new ScriptedPeer(CHAIN, { script: ["honest", "unreachable"] });
    const { register, follower } = await replicaOf(source);
    follower.start();
    const heads = { count: 0 };
    const head = source.head.bind(source);
    source.head = async (...input) => {
      heads.count += 1;
      return await head(...input);
    };
    const after = async (ms: number) => {
      await timers.advance(ms);
      for (let turn = 0; turn < 5; turn++) await settled();
      return heads.count;
    };
    const first = await after(0);
    expect(await after(1_999)).toBe(first);
    expect(await after(1)).toBe(first + 1);
    expect(await after(3_999)).toBe(first + 1);
    expect(await after(1)).toBe(first + 2);
    expect(follower.status).toMatchObject({ problem: "The peer cannot be reached.", isFollowing: true });
    expect(register.condition.state).toBe("Healthy");
  });

  it("refuses dockets that are not valid, and takes those before them", async () => {
    const source = new ScriptedPeer(CHAIN, { script: ["honest", "honest", "altered"] });
    const { register, follower } = await replicaOf(source);
    await follower.follow();
    expect(register.set.total).toBe(0n);
    expect(follower.status).toMatchObject({ problem: expect.any(String) as string, isFollowing: true });
    expect(scene.told("register_fork_detected")).toEqual([]);
  });

  it("takes nothing beyond the source's checkpoint, and none that another key has signed", async () => {
    const other = ledgerOf("another", [1]);
    const source = new ScriptedPeer({ ...CHAIN, checkpointKey: other.checkpointKey });
    const { register, follower } = await replicaOf(source);
    await follower.follow();
    expect(register.parts.pins.newest).toBeUndefined();
    expect(follower.status.problem).toBe("No key of the register has signed the source's checkpoint.");
  });

  it("stops, and raises an alarm, when the source shows other dockets", async () => {
    const source = new ScriptedPeer(upTo(5));
    const { register, follower } = await replicaOf(source);
    await follower.follow();
    source.chain = forkOf(CHAIN, 3, 4);
    await follower.follow();
    expect(follower.status).toMatchObject({
      isFollowing: false,
      problem: expect.stringContaining("other dockets") as string,
    });
    expect(scene.told("register_fork_detected")).toEqual([expect.objectContaining({ height: "5", source: "peer" })]);
    expect(await hashes(register)).toEqual(hashesOf(upTo(5)));
  });

  it("stops when the source signs another log of the same size, or of a smaller one", async () => {
    for (const count of [2, 1]) {
      const source = new ScriptedPeer(upTo(5));
      const { follower } = await replicaOf(source);
      await follower.follow();
      source.chain = forkOf(CHAIN, 3, count);
      await follower.follow();
      expect(follower.status).toMatchObject({ isFollowing: false });
    }
    expect(scene.told("registerForkDetected")).toHaveLength(2);
    expect(scene.told("registerRollbackDetected")).toEqual([]);
  });

  it("raises an alarm once when the source went back, keeps what it has, and goes on when the source does", async () => {
    const source = new ScriptedPeer(upTo(5));
    const { register, follower } = await replicaOf(source);
    await follower.follow();
    source.chain = upTo(3);
    await follower.follow();
    await follower.follow();
    expect(scene.told("register_rollback_detected")).toEqual([
      { registerId: CHAIN.registerId, pinnedSize: "5", size: "3" },
    ]);
    expect(follower.status).toMatchObject({
      isFollowing: true,
      problem: "The source shows 3 dockets, and had 5 before.",
    });
    expect(await hashes(register)).toEqual(hashesOf(upTo(5)));
    source.chain = CHAIN;
    await follower.follow();
    expect(follower.status).toMatchObject({ isFollowing: true, problem: null, behind: 0n });
  });

  it("refuses a source that turns to another register", async () => {
    const source = new ScriptedPeer(upTo(5));
    const { follower } = await replicaOf(source);
    source.chain = ledgerOf("another", [1, 1]);
    await follower.follow();
    expect(follower.status.problem).toBe("The source has another register.");
  });

  it("is found damaged like any other register", async () => {
    const source = new ScriptedPeer(CHAIN);
    const { register, follower } = await replicaOf(source);
    await follower.follow();
    await register[Symbol.asyncDispose]();
    await scene.flip(4);
    const again = await scene.opened();
    await again.verifyAll();
    expect(rangesOf(again)).toEqual(["4-4 MalformedData"]);
  });
});

describe("the beginning of a copy", () => {
  const { registerId } = CHAIN;
  const origin = originOf(registerId);
  const verifier = formatVerifier(noteVerifier(origin, bytesOfHex(CHAIN.checkpointKey.record.publicKey)));

  it("takes the register that the source has, with its charter, and the one that is named", async () => {
    expect(await begin({ peer: new ScriptedPeer(CHAIN) })).toMatchObject({ registerId, kind: "replica" });
    expect((await scene.pins()).charter).toEqual(CHAIN.charter);
    const unreachable = new ScriptedPeer(CHAIN, { script: ["unreachable"] });
    expect(await begin({ peer: unreachable, registerId, verifier })).toMatchObject({ registerId });
    await expect(begin({ peer: unreachable, registerId: "0".repeat(32) })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("takes a register whose checkpoint the trusted key has signed, and no other", async () => {
    const stranger = ledgerOf("stranger", [1]).checkpointKey.record;
    const other = formatVerifier(noteVerifier(origin, bytesOfHex(stranger.publicKey)));
    await expect(begin({ peer: new ScriptedPeer(CHAIN), verifier: other })).rejects.toMatchObject({
      code: "register_peer_not_valid",
    });
    expect(await begin({ peer: new ScriptedPeer(CHAIN), verifier })).toMatchObject({ registerId });
  });

  it("refuses a source with another register, and one whose charter is that of another", async () => {
    const other = ledgerOf("another", [1]);
    await expect(begin({ peer: new ScriptedPeer(other), registerId })).rejects.toMatchObject({
      code: "register_peer_not_valid",
    });
    await expect(begin({ peer: new ScriptedPeer({ ...CHAIN, charter: other.charter }) })).rejects.toMatchObject({
      code: "register_peer_not_valid",
    });
  });

  it("refuses verifiers that are none, and that of another register", async () => {
    const foreign = formatVerifier(
      noteVerifier(originOf("0".repeat(32)), bytesOfHex(CHAIN.checkpointKey.record.publicKey)),
    );
    for (const text of ["", "nonsense", verifier.slice(1)]) {
      await expect(begin({ peer: new ScriptedPeer(CHAIN), verifier: text })).rejects.toMatchObject({
        code: "invalid_request",
      });
    }
    await expect(begin({ peer: new ScriptedPeer(CHAIN), registerId, verifier: foreign })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("refuses a vault that seals a register of its own", async () => {
    await scene.stores.register.init({ registerId, kind: "own", createdAt: scene.clock.now() });
    await expect(begin({ peer: new ScriptedPeer(CHAIN) })).rejects.toMatchObject({
      code: "invalid_request",
      details: { kind: "own" },
    });
  });
});
