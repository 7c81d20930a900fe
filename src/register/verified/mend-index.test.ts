import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { ManualTimers } from "../../testing/manual-timers.ts";
import { freshHash } from "../../testing/register-records.ts";
import { RegisterScene } from "../../testing/register-scene.ts";
import { withMember } from "../../testing/with-member.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import type { DocketIndex } from "../register-store.ts";
import { ScrubProgressStore } from "../scrub/scrub-progress.ts";
import { Scrubber } from "../scrub/scrubber.ts";
import { LocalSeal } from "../trust/local-seal.ts";
import { docketIndexOf } from "./docket-index.ts";
import type { VerifiedRegister } from "./verified-register.ts";

/** More transactions than can be compared at once. */
const CHAIN = ledgerOf("index", [...Array(28).fill(40), 1, 1]);

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

const truth = (height: number): DocketIndex =>
  docketIndexOf(BigInt(height), CHAIN.dockets[height]?.bytes ?? expect.fail("no such docket"), []);

const WAYS: readonly (readonly [string, (register: VerifiedRegister) => Promise<unknown>])[] = [
  ["a complete verification", (register) => register.verifyAll()],
  ["a round of the scrubber", (register) => scrubberOf(register).step()],
];

function scrubberOf(register: VerifiedRegister): Scrubber {
  const suite = NODE_SIGNATURE_SUITES.find("ed25519") ?? expect.fail("Node computes Ed25519");
  const progress = new ScrubProgressStore(scene.trust, new LocalSeal(suite, new Uint8Array(32)));
  return new Scrubber({ register, progress, periodMs: 1_000_000, timers: new ManualTimers() });
}

async function misindexed(): Promise<readonly bigint[]> {
  const { register } = scene.stores;
  const wrong = await Promise.all(CHAIN.dockets.map((_, height) => register.findMisindexed([truth(height)])));
  return wrong.flat();
}

describe.each(WAYS)("%s", (_, look) => {
  it("lists again what was taken out of the index, and tells of it once", async () => {
    const register = await scene.opened();
    const { register: store } = scene.stores;
    const [hidden, altered, emptied] = [truth(3), truth(27), truth(29)];
    await store.reindex({ ...hidden, transactions: hidden.transactions.slice(1) });
    await store.reindex({
      ...altered,
      transactions: altered.transactions.map((each) => ({ ...each, subject: freshHash() })),
    });
    await store.reindex({ ...emptied, transactions: [] });
    expect(await misindexed()).toEqual([3n, 27n, 29n]);
    await look(register);
    expect(await misindexed()).toEqual([]);
    const data = { startHeight: "3", endHeight: "3", docketCount: 1 };
    const rest = { startHeight: "27", endHeight: "29", docketCount: 2 };
    const { registerId } = CHAIN;
    expect(scene.told("registerIndexAltered")).toMatchObject([data, rest]);
    expect(scene.journal).toEqual(
      [data, rest].map((each) => ({ name: "register_index_altered", data: { registerId, ...each } })),
    );
    await look(register);
    expect(scene.journal).toHaveLength(2);
  });

  it("finds nothing in an index that nobody touched", async () => {
    await look(await scene.opened());
    expect(scene.journal).toEqual([]);
  });

  it("takes a docket that is not indexed yet for late, and not for altered", async () => {
    const { register: store } = scene.stores;
    let isLate = false;
    const indexedCount = async () => (isLate ? 29n : await store.indexedCount());
    const register = await scene.opened({ store: withMember(store, "indexedCount", indexedCount) });
    isLate = true;
    await store.reindex({ ...truth(29), transactions: [] });
    await look(register);
    expect(scene.journal).toEqual([]);
  });

  it("indexes everything where the count claims that it was indexed", async () => {
    const { register: store } = scene.stores;
    const claimed = withMember(store, "indexedCount", () => Promise.resolve(30n));
    await look(await scene.opened({ store: claimed }));
    expect(await misindexed()).toEqual([]);
  });

  it("puts nothing into the index that is in a damaged docket", async () => {
    const register = await scene.opened();
    await scene.flip(5);
    await scene.stores.register.reindex({ ...truth(5), transactions: [] });
    await look(register);
    expect(await misindexed()).toEqual([5n]);
    expect(scene.journal.map(({ name }) => name)).toEqual(["register_corruption_found"]);
  });
});
