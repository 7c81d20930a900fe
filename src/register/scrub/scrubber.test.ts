import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { VaultError } from "../../errors.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { ManualTimers, settled } from "../../testing/manual-timers.ts";
import { docketsAt, forkOf, RegisterScene, rangesOf, withoutNodes } from "../../testing/register-scene.ts";
import { withMember } from "../../testing/with-member.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { processRecoveredData } from "../recovery/process-recovered-data.ts";
import type { RegisterStore } from "../register-store.ts";
import { LocalSeal } from "../trust/local-seal.ts";
import { InMemoryTrustStore } from "../trust/trust-store.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { ScrubProgressStore } from "./scrub-progress.ts";
import { Scrubber } from "./scrubber.ts";

const CHAIN = ledgerOf("scrub", Array(100).fill(1));
const PERIOD = 1_000_000;

let storage: WormStorage;
let scene: RegisterScene;
let timers: ManualTimers;
let texts: InMemoryTrustStore;
const scrubbers: Scrubber[] = [];

beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  scene = new RegisterScene({ storage, chain: CHAIN });
  timers = new ManualTimers();
  texts = new InMemoryTrustStore();
  await scene.store();
});
afterEach(async () => {
  for (const scrubber of scrubbers.splice(0)) await scrubber[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

function scrubberOf(register: VerifiedRegister): Scrubber {
  const suite = NODE_SIGNATURE_SUITES.find("ed25519") ?? expect.fail("Node computes Ed25519");
  const progress = new ScrubProgressStore(texts, new LocalSeal(suite, new Uint8Array(32)));
  const scrubber = new Scrubber({ register, progress, periodMs: PERIOD, timers });
  scrubbers.push(scrubber);
  return scrubber;
}

/** Lets time pass, for the clock and for what waits, and what is begun come to its end. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    scene.clock.advance(1_000);
    await timers.advance(1_000);
    for (let turn = 0; turn < 10; turn++) await settled();
  }
}

async function round(scrubber: Scrubber): Promise<void> {
  for (let step = 0; step < 4; step++) await scrubber.step();
}

describe("scrubbing", () => {
  it("looks at every docket within the period, in steps", async () => {
    const scrubber = scrubberOf(await scene.opened());
    scrubber.start();
    await pass(PERIOD);
    const told = scene.told("registerScrubbed");
    expect(told.slice(0, 4).map(({ docketCount }) => docketCount)).toEqual([32, 32, 32, 4]);
    expect(told.slice(0, 4).map(({ isRoundComplete }) => isRoundComplete)).toEqual([false, false, false, true]);
    expect(scrubber.status.completedAt).not.toBeNull();
    await pass(PERIOD);
    expect(scrubber.status.ageMs).toBeLessThanOrEqual(PERIOD);
    expect(scene.told("registerScrubbed").length).toBeLessThanOrEqual(10);
  });

  it("tells how long ago the docket was looked at that was not for longest", async () => {
    const scrubber = scrubberOf(await scene.opened());
    expect(scrubber.status).toEqual({ position: 0n, completedAt: null, oldestCheckAt: null, ageMs: null });
    const began = scene.clock.now();
    for (let step = 0; step < 4; step++) {
      await scrubber.step();
      scene.clock.advance(60_000);
    }
    expect(scrubber.status).toMatchObject({ position: 0n, oldestCheckAt: began, ageMs: 240_000 });
    await scrubber.step();
    expect(scrubber.status).toMatchObject({ position: 32n, ageMs: 180_000 });
  });

  it("finds whatever is wrong with a docket that nobody reads, once", async () => {
    const register = await scene.opened();
    await scene.flip(3);
    await scene.damage((row) => {
      if (row.sequence === 50n) return undefined;
      return row.sequence === 70n ? { ...row, indexed: {} } : row;
    });
    const scrubber = scrubberOf(register);
    await round(scrubber);
    expect(rangesOf(register)).toEqual(["3-3 MalformedData", "50-50 MissingData", "70-70 MalformedData"]);
    expect(register.condition.state).toBe("Degraded");
    await round(scrubber);
    expect(scene.told("registerCorruptionFound")).toHaveLength(3);
  });

  it.each([
    ["there", (store: RegisterStore) => store],
    ["lost", withoutNodes],
  ])("finds another docket that is sealed as well when the nodes of the log are %s", async (_where, storeOf) => {
    const register = await scene.opened({ store: storeOf(scene.stores.register) });
    const [other] = docketsAt(forkOf(CHAIN, 40), 40);
    await scene.damage((row) => (row.sequence === 40n ? { ...row, bytes: other?.bytes ?? row.bytes } : row));
    await round(scrubberOf(register));
    expect(rangesOf(register)).toEqual(["40-40 MalformedData"]);
  });

  it("goes on behind what it cannot put right in the index", async () => {
    const { register: store } = scene.stores;
    const reindex = () => Promise.reject(new VaultError("storage_unavailable", "The disk is full."));
    const register = await scene.opened({ store: withMember(store, "reindex", reindex) });
    await store.reindex({ height: 3n, transactions: [], nodes: [] });
    await scene.flip(60);
    await round(scrubberOf(register));
    expect(rangesOf(register)).toEqual(["60-60 MalformedData"]);
    expect(scene.told("registerIndexAltered")).toHaveLength(1);
  });

  it("finds nothing wrong because the nodes of the log were lost", async () => {
    const register = await scene.opened({ store: withoutNodes(scene.stores.register) });
    await round(scrubberOf(register));
    expect(rangesOf(register)).toEqual([]);
  });

  it("finds nothing wrong with what was repaired", async () => {
    await scene.flip(7);
    const register = await scene.opened();
    await processRecoveredData(register, { dockets: docketsAt(CHAIN, 7), source: "peer" });
    await round(scrubberOf(register));
    expect(register.condition.state).toBe("Healthy");
  });

  it("goes on where it was after a restart, and from the beginning when its text is another's", async () => {
    const register = await scene.opened();
    await scrubberOf(register).step();
    const again = scrubberOf(register);
    again.start();
    await settled();
    expect(again.status.position).toBe(32n);
    await again.step();
    expect(again.status.position).toBe(64n);
    await texts.write(`${CHAIN.registerId}.scrub`, "{}\n\n");
    const anew = scrubberOf(register);
    anew.start();
    await settled();
    expect(anew.status.position).toBe(0n);
  });

  it("waits while the register cannot be read", async () => {
    const register = await scene.open();
    const scrubber = scrubberOf(register);
    await scrubber.step();
    expect(scrubber.status.position).toBe(0n);
    expect(scene.told("registerScrubbed")).toEqual([]);
  });
});
