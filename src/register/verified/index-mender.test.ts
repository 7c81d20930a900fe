import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { VaultError } from "../../errors.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { type LedgerChain, ledgerOf } from "../../testing/ledger-chain.ts";
import { ManualTimers } from "../../testing/manual-timers.ts";
import { freshHash } from "../../testing/register-records.ts";
import { forkOf, RegisterScene } from "../../testing/register-scene.ts";
import { withMember } from "../../testing/with-member.ts";
import type { KeptRow, WormStorage } from "../../testing/worm-storage.ts";
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

function expectUnavailable(error: unknown): void {
  expect(error).toMatchObject({ code: "storage_unavailable" });
}

/** A chain as it is stored. */
async function rowsOf(chain: LedgerChain): Promise<readonly KeptRow[]> {
  await using elsewhere = await openInMemoryWormStorage();
  await using forger = new RegisterScene({ storage: elsewhere, chain, tenantId: scene.tenantId });
  await forger.store();
  let stored: readonly KeptRow[] = [];
  await forger.tamper((rows) => (stored = rows));
  return stored;
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
    const reindex = (docket: DocketIndex) =>
      isFull ? Promise.reject(new VaultError("storage_unavailable", "The disk is full.")) : store.reindex(docket);
    const register = await scene.opened({ store: withMember(store, "reindex", reindex) });
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
    const forged = await rowsOf(forkOf(CHAIN, 3, 27));
    await scene.tamper(() => forged);
    await look(register);
    expect(await misindexed()).toEqual([]);
    expect(scene.journal.map(({ name }) => name)).not.toContain("register_index_altered");
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
