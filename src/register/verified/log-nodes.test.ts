import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { eventDraft, type LedgerChain, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { keyDraft } from "../../testing/ledger-receipts.ts";
import { between, docketsAt, forkOf, RegisterScene, rangesOf, withoutNodes } from "../../testing/register-scene.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { decodeFrame, encodeFrame } from "../ledger/docket-frame.ts";
import type { RegisterStore, TreeNode } from "../register-store.ts";
import { IndexGuard } from "./register-index.ts";
import { proveConsistency } from "./register-proofs.ts";
import { getDocket } from "./register-reads.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const next = testKey("log nodes/next", ["docket", "tx"]);
/** Whose first key was stolen, and is revoked before the last docket. */
const CHAIN = [
  [keyDraft("next", { add: next.record })],
  [keyDraft("stolen", { end: ledgerOf("log nodes", [1]).signer.keyId, reason: "revoked" as const })],
  [eventDraft("last")],
].reduce<LedgerChain>(
  (chain, drafts, at) => withDocket(chain, drafts, at === 0 ? chain.signer : next),
  ledgerOf("log nodes", Array(297).fill(1)),
);
const LENGTH = CHAIN.dockets.length;
const WRONG = "00".repeat(32);
/** A leaf in the middle and what stands above it. */
const SPINE = between(0, 7).map((level) => ({ level, index: 100n >> BigInt(level) }));

let storage: WormStorage;
let scene: RegisterScene;

/** A register that was verified, closed and opened again: it begins with the snapshot. */
beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  scene = new RegisterScene({ storage, chain: CHAIN });
  await scene.store();
  const first = await scene.opened();
  await first[Symbol.asyncDispose]();
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

/** Sizes from which there is no proof. */
async function unproven(register: VerifiedRegister): Promise<readonly number[]> {
  const sizes: number[] = [];
  for (const from of between(1, LENGTH)) {
    await proveConsistency(register, BigInt(from), BigInt(LENGTH)).catch(() => sizes.push(from));
  }
  return sizes;
}

async function absent(register: VerifiedRegister): Promise<readonly number[]> {
  const heights: number[] = [];
  for (const height of between(0, LENGTH - 1)) if (!(await getDocket(register, BigInt(height)))) heights.push(height);
  return heights;
}

/** Puts dockets that are sealed with the stolen key in the place of others. */
async function forge(from: number, count: number): Promise<void> {
  const forged = forkOf(CHAIN, from, count).dockets;
  await scene.damage((row) => {
    const at = Number(row.sequence);
    return at >= from && at < from + count ? { ...row, bytes: forged[at]?.bytes ?? row.bytes } : row;
  });
}

const asIs = (store: RegisterStore): RegisterStore => store;

describe("the nodes of the log", () => {
  it("are made again for a proof when they were altered", async () => {
    const register = await scene.opened();
    const { register: store } = scene.stores;
    const before = await store.nodes(SPINE);
    await store.putNodes(SPINE.map((node) => ({ ...node, hash: WRONG })));
    expect(await unproven(register)).toEqual([]);
    expect(await store.nodes(SPINE)).toEqual(before);
  });

  it("are made again for a proof, or for what is read, when they were lost", async () => {
    for (const use of [unproven, absent]) {
      const register = await scene.opened({ store: withoutNodes(scene.stores.register) });
      expect(await use(register)).toEqual([]);
      expect(rangesOf(register)).toEqual([]);
    }
  });

  it("are made again although dockets are damaged or gone", async () => {
    await scene.flip(20, 21, 60);
    await scene.damage((row) => (row.sequence === 100n ? undefined : row));
    const register = await scene.opened({ store: withoutNodes(scene.stores.register) });
    expect(await absent(register)).toEqual([20, 21, 60, 100]);
    expect(await unproven(register)).toEqual([]);
  });

  it("stay as they are when nothing that is stored leads to the verified head", async () => {
    const register = await scene.opened();
    const { register: store } = scene.stores;
    const [leaf] = (await store.nodes(SPINE)) as [TreeNode];
    await store.putNodes([{ level: 0, index: 9n, hash: WRONG }]);
    await forge(8, 2);
    expect(await register.rebuildNodes()).toBe(false);
    expect(await store.nodes(SPINE)).toContainEqual(leaf);
    await expect(proveConsistency(register, 9n, 10n)).rejects.toMatchObject({ code: "integrity_violation" });
    expect(await getDocket(register, 9n)).toBeUndefined();
    // Once what is stored leads there again, after the pause.
    await scene.damage((row) => ({ ...row, bytes: CHAIN.dockets[Number(row.sequence)]?.bytes ?? row.bytes }));
    await expect(proveConsistency(register, 9n, 10n)).rejects.toMatchObject({ code: "integrity_violation" });
    scene.clock.advance(60_000);
    expect(await proveConsistency(register, 9n, 10n)).toMatchObject({ from: 9n });
  });

  it("are indexed with the dockets when a backup of the index is restored under an open register", async () => {
    let current = scene.stores.register;
    const switched = new Proxy(current, {
      get: (_, name) => (Reflect.get(current, name) as (...input: never) => unknown).bind(current),
    });
    const register = await scene.opened({ store: switched });
    const fresh = new RegisterScene({ storage, chain: CHAIN }).stores.register;
    const upTo = 77;
    for (const height of between(0, upTo - 1)) {
      const completed = between(0, 8).map((level) => ({ level, index: (BigInt(height + 1) >> BigInt(level)) - 1n }));
      const nodes = await scene.stores.register.nodes(completed.filter(({ index }) => index >= 0n));
      await fresh.index({ height: BigInt(height), transactions: [], nodes });
    }
    current = fresh;
    expect(await fresh.indexedCount()).toBe(BigInt(upTo));
    await register.inTurn(() => new IndexGuard(register).takeMissing());
    expect(await fresh.indexedCount()).toBe(BigInt(LENGTH));
    const leaves = between(LENGTH - 256, LENGTH - 1).map((height) => ({ level: 0, index: BigInt(height) }));
    expect(await fresh.nodes(leaves)).toHaveLength(256);
  });

  it("are not asked for again and again because of a docket that cannot be indexed", async () => {
    await scene.flip(5);
    const fresh = new RegisterScene({ storage, chain: CHAIN }).stores.register;
    const register = await scene.opened({ store: fresh });
    const guard = new IndexGuard(register);
    const scans: unknown[] = [];
    const { ledger } = register.parts;
    const scan = ledger.scan.bind(ledger);
    Object.assign(ledger, { scan: (range: Parameters<typeof scan>[0]) => (scans.push(range), scan(range)) });
    for (let run = 0; run < 5; run++) {
      await register.inTurn(() => guard.takeMissing());
      if (run === 0) scans.splice(0);
    }
    expect(await fresh.indexedCount()).toBe(5n);
    expect(scans).toEqual([]);
  });

  it("and the index are made again by a start when a backup of them is restored", async () => {
    const fresh = new RegisterScene({ storage, chain: CHAIN }).stores.register;
    const register = await scene.opened({ store: fresh });
    expect(await fresh.indexedCount()).toBe(BigInt(LENGTH));
    expect(await unproven(register)).toEqual([]);
  });
});

describe("a docket that is read again", () => {
  it.each([
    ["are there", asIs],
    ["are lost", withoutNodes],
  ])("is not one sealed with a key that was revoked, when the nodes %s", async (_where, storeOf) => {
    const register = await scene.opened({ store: storeOf(scene.stores.register) });
    await forge(40, 1);
    expect(await absent(register)).toEqual([40]);
    expect(rangesOf(register)).toEqual(["40-40 BrokenChainLink"]);
  });

  it("is none of several that follow one another and were sealed with such a key", async () => {
    const register = await scene.opened();
    await forge(40, 3);
    expect(await absent(register)).toEqual([40, 41, 42]);
  });

  it("has the ids and the seal that it was sealed with", async () => {
    const register = await scene.opened();
    const [seal, ids, more] = [50, 51, 52];
    await scene.damage((row) => {
      const frame = decodeFrame(row.bytes);
      if (!frame) return row;
      const stranger = new Uint8Array(32);
      const changed = {
        [seal]: { ...frame, seal: docketsAt(CHAIN, 7).map(({ bytes }) => decodeFrame(bytes)?.seal)[0] ?? frame.seal },
        [ids]: { ...frame, txIds: [stranger] },
        [more]: { ...frame, txIds: [...frame.txIds, stranger] },
      }[Number(row.sequence)];
      return changed ? { ...row, bytes: encodeFrame(changed) } : row;
    });
    expect(await absent(register)).toEqual([seal, ids, more]);
    expect(rangesOf(register)).toEqual(["50-50 InvalidDocketHash", "51-51 MalformedData", "52-52 MissingData"]);
  });
});
