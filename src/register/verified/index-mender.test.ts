import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { VaultError } from "../../errors.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { ManualTimers, settled } from "../../testing/manual-timers.ts";
import { freshHash } from "../../testing/register-records.ts";
import { forkOf, RegisterScene } from "../../testing/register-scene.ts";
import { withMember } from "../../testing/with-member.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import type { DocketIndex, RegisterStore } from "../register-store.ts";
import { ScrubProgressStore } from "../scrub/scrub-progress.ts";
import { Scrubber } from "../scrub/scrubber.ts";
import { LocalSeal } from "../trust/local-seal.ts";
import type { DocketExaminer } from "../verification/docket-examiner.ts";
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

function expectUnavailable(error: unknown): void {
  expect(error).toMatchObject({ code: "storage_unavailable" });
}

/** Over a store that cannot put right what `fails` says. */
function openedFailing(fails: (height: bigint) => boolean): Promise<VerifiedRegister> {
  const { register: store } = scene.stores;
  const reindex: RegisterStore["reindex"] = async (docket) => {
    if (fails(docket.height)) throw new VaultError("storage_unavailable", "The disk is full.");
    await store.reindex(docket);
  };
  return scene.opened({ store: withMember(store, "reindex", reindex) });
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
    const altered27 = { startHeight: "3", endHeight: "29", docketCount: 3 };
    expect(scene.told("registerIndexAltered")).toMatchObject([altered27]);
    const data = { registerId: CHAIN.registerId, ...altered27 };
    expect(scene.journal).toEqual([{ name: "register_index_altered", data }]);
    await look(register);
    expect(scene.journal).toHaveLength(1);
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

  it("tells once of what cannot be put right now, serves on, and puts it right later", async () => {
    const { register: store } = scene.stores;
    let isFull = true;
    const register = await openedFailing(() => isFull);
    await store.reindex({ ...truth(7), transactions: [] });
    for (let turn = 0; turn < 3; turn++) await look(register).catch((error: unknown) => expectUnavailable(error));
    expect(register.condition.state).toBe("Healthy");
    expect(scene.journal.map(({ name }) => name)).toEqual(["register_index_altered"]);
    expect(await misindexed()).toEqual([7n]);
    isFull = false;
    await look(register);
    expect(await misindexed()).toEqual([]);
    expect(scene.journal).toHaveLength(1);
  });

  it("puts right what is whole of a register that is damaged", async () => {
    const register = await scene.opened();
    await scene.flip(5);
    await scene.stores.register.reindex({ ...truth(9), transactions: [] });
    await look(register);
    expect(await misindexed()).toEqual([]);
    expect(scene.journal.map(({ name }) => name).sort()).toEqual([
      "register_corruption_found",
      "register_index_altered",
    ]);
  });

  it("takes nothing from a ledger that was forged with a stolen key", async () => {
    await scene.pin(CHAIN.dockets.length);
    const register = await scene.opened();
    await scene.replaceBy(forkOf(CHAIN, 3, 27));
    await look(register);
    expect(await misindexed()).toEqual([]);
    expect(scene.journal.map(({ name }) => name)).not.toContain("register_index_altered");
  });

  it("tells again of what was altered again after others had put it right", async () => {
    const { register: store } = scene.stores;
    let isFull = true;
    const register = await openedFailing(() => isFull);
    await store.reindex({ ...truth(7), transactions: [] });
    await look(register).catch((error: unknown) => expectUnavailable(error));
    isFull = false;
    await store.reindex(truth(7));
    await register.verifyAll();
    await store.reindex({ ...truth(7), transactions: [] });
    await look(register);
    expect(await misindexed()).toEqual([]);
    expect(scene.journal).toHaveLength(2);
  });

  it("puts right what lies behind a docket that it cannot put right", async () => {
    const { register: store } = scene.stores;
    const register = await openedFailing((height) => height === 5n);
    for (const height of [5, 6, 29]) await store.reindex({ ...truth(height), transactions: [] });
    await look(register).catch((error: unknown) => expectUnavailable(error));
    expect(await misindexed()).toEqual([5n]);
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

describe("mending", () => {
  it("waits for a verification that believes a forged ledger until it meets what is pinned", async () => {
    await scene.pin(CHAIN.dockets.length);
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isHeld = false;
    const { examiner } = (await scene.open()).parts;
    const examine = async (...values: Parameters<DocketExaminer["examine"]>) => {
      if (isHeld && register.condition.state === "Initializing" && register.set.examined >= 10n) {
        begun.resolve();
        await ended.promise;
      }
      return await examiner.examine(...values);
    };
    const register = await scene.opened({ examiner: withMember(examiner, "examine", examine) });
    await scene.replaceBy(forkOf(CHAIN, 3, 27));
    isHeld = true;
    const verified = register.verifyAll();
    await begun.promise;
    const mended = register.index.mend();
    // As long as it would take, if it did not wait.
    for (let turn = 0; turn < 200; turn++) await settled();
    ended.resolve();
    await Promise.all([verified, mended]);
    expect(await misindexed()).toEqual([]);
    expect(scene.journal.map(({ name }) => name)).toEqual(["register_rollback_detected", "register_corruption_found"]);
  });

  it("ends when the register is closed, and leaves the rest to the next one", async () => {
    const { register: store } = scene.stores;
    const first = Promise.withResolvers<void>();
    const reindex = async (docket: DocketIndex) => {
      first.resolve();
      await store.reindex(docket);
    };
    const register = await scene.opened({ store: withMember(store, "reindex", reindex) });
    for (const height of CHAIN.dockets.keys()) await store.reindex({ ...truth(height), transactions: [] });
    const verified = register.verifyAll();
    await first.promise;
    await register[Symbol.asyncDispose]();
    await verified;
    expect((await misindexed()).length).toBe(CHAIN.dockets.length - 1);
    await (await scene.opened()).verifyAll();
    expect(await misindexed()).toEqual([]);
  });
});
