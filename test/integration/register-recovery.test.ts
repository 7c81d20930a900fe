import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PullBudget } from "../../src/register/recovery/pull-budget.ts";
import { RecoveryService } from "../../src/register/recovery/recovery-service.ts";
import type { RegisterPeer } from "../../src/register/recovery/register-peer.ts";
import { appendCopied } from "../../src/register/replication/append-copied.ts";
import {
  explain,
  getDocketRange,
  getTransaction,
  queryTransactions,
} from "../../src/register/verified/register-reads.ts";
import type { VerifiedRegister } from "../../src/register/verified/verified-register.ts";
import { systemTimers } from "../../src/storage/resilience/timers.ts";
import { eventDraft, ledgerOf, withDocket } from "../../src/testing/ledger-chain.ts";
import { between, docketsAt, flipped, forkOf, RegisterScene, rangesOf } from "../../src/testing/register-scene.ts";
import { ScriptedPeer } from "../../src/testing/scripted-peer.ts";
import { RUNS_EMBEDDED, sqlEngines } from "../../src/testing/sql-engines.ts";
import type { OpenWormStorage, WormStorage } from "../../src/testing/worm-storage.ts";
import { openInMemoryWormStorage } from "../contract/worm-storage-in-memory.ts";
import { openMongoWormStorage } from "../contract/worm-storage-mongodb.ts";
import { openSqlWormStorage } from "../contract/worm-storage-sql.ts";

/** Docket 6 is sealed as it has to be, and a transaction in it is not signed by whom it names. */
const CHAIN = (() => {
  const before = ledgerOf("stored", [1, 2, 1, 1, 1, 1]);
  const { signer } = before;
  const forging = {
    ...signer,
    sign(message: Uint8Array) {
      const signature = signer.sign(message);
      return Buffer.from(message).toString().startsWith("strongroom/tx/") ? flipped(signature, 40) : signature;
    },
  };
  const forged = withDocket(before, [eventDraft("forged")], forging);
  return [7, 8, 9].reduce((chain, height) => withDocket(chain, [eventDraft(`behind ${height}`)]), forged);
})();
const GOOD = ledgerOf("good", [1, 2, 1, 1, 1, 1, 1, 1]);

const engines: { readonly name: string; readonly open: OpenWormStorage }[] = [
  ...(RUNS_EMBEDDED ? [{ name: "in-memory", open: openInMemoryWormStorage }] : []),
  ...sqlEngines().map((engine) => ({ name: engine.flavour, open: () => openSqlWormStorage(engine) })),
];
const url = process.env["MONGODB_URL"];
if (url) engines.push({ name: "mongodb", open: () => openMongoWormStorage(url) });

describe.each(engines)("a register on $name", { timeout: 60_000 }, ({ open }) => {
  let storage: WormStorage;
  const scenes: RegisterScene[] = [];

  beforeEach(async () => {
    storage = await open();
  });
  afterEach(async () => {
    for (const scene of scenes.splice(0)) await scene[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  });

  function sceneOf(chain: typeof CHAIN): RegisterScene {
    const scene = new RegisterScene({ storage, chain });
    scenes.push(scene);
    return scene;
  }

  async function recovered(register: VerifiedRegister, peers: readonly RegisterPeer[]): Promise<void> {
    const options = { maxRecoveryAttempts: 3, pulls: new PullBudget(), timers: systemTimers, random: () => 0 };
    await using service = new RecoveryService({ register, peers, ...options });
    service.start();
    await service.idle();
  }

  const served = async (register: VerifiedRegister) =>
    (await getDocketRange(register, 0n, 99n)).dockets.map(({ height }) => Number(height));

  it("serves what is good and nothing else, and says what is wrong with the rest", async () => {
    const scene = sceneOf(CHAIN);
    await scene.store();
    await scene.damage((row) => (row.sequence === 4n ? undefined : row));
    await scene.flip(2);
    const register = await scene.opened();
    expect(register.condition.state).toBe("Degraded");
    expect(rangesOf(register)).toEqual(["2-2 MalformedData", "4-4 MissingData", "6-6 InvalidTransactionSignature"]);
    expect(await served(register)).toEqual([0, 1, 3, 5, 7, 8, 9]);
    expect(explain(register, 6n)).toMatchObject({ reason: "Corrupted" });
    const { items } = await queryTransactions(register, {}, { limit: 50, cursor: undefined });
    expect([...new Set(items.map(({ docketHeight }) => Number(docketHeight)))]).toEqual([0, 1, 3, 5, 7, 8, 9]);
    for (const docket of docketsAt(CHAIN, 2, 4, 6)) {
      for (const txId of docket.txIds) expect(await getTransaction(register, txId)).toBeUndefined();
    }
    const [forged] = docketsAt(CHAIN, 6);
    expect(scene.told("register_corruption_found")).toContainEqual(
      expect.objectContaining({ startHeight: "6", type: "InvalidTransactionSignature", transactionIds: forged?.txIds }),
    );
  });

  it("is another register to a checkpoint when one docket is another one, until that is recovered", async () => {
    const scene = sceneOf(GOOD);
    const [other] = docketsAt(forkOf(GOOD, 3, 2), 4);
    await scene.store();
    await scene.pin(8);
    await scene.damage((row) => (row.sequence === 4n ? { ...row, bytes: other?.bytes ?? row.bytes } : row));
    const register = await scene.opened();
    expect(await served(register)).toEqual([]);
    await recovered(register, [new ScriptedPeer(GOOD)]);
    expect(register.condition.state).toBe("Healthy");
    expect(await served(register)).toEqual(between(0, 7));
    // Only the one docket had to be replaced.
    expect(between(0, 7).filter((height) => register.parts.ledger.isRepaired(BigInt(height)))).toEqual([4]);
  });

  it("excludes all that comes behind a break", async () => {
    const [other] = docketsAt(forkOf(GOOD, 3, 2), 4);
    const scene = sceneOf(GOOD);
    await scene.store();
    await scene.damage((row) => (row.sequence === 4n ? { ...row, bytes: other?.bytes ?? row.bytes } : row));
    const register = await scene.opened();
    expect(rangesOf(register)).toEqual(["4-4 MalformedData", "5-7 BrokenChainLink"]);
    expect(await served(register)).toEqual([0, 1, 2, 3]);
    await recovered(register, [new ScriptedPeer(GOOD)]);
    expect(register.condition.state).toBe("Healthy");
    expect(await served(register)).toEqual(between(0, 7));
  });

  it("is recovered from the first peer that tells the truth", async () => {
    const scene = sceneOf(GOOD);
    await scene.store();
    await scene.flip(0, 3, 7);
    const register = await scene.opened();
    const liar = new ScriptedPeer(GOOD, { name: "liar", script: ["misplaced"] });
    const forked = new ScriptedPeer(forkOf(GOOD, 2, 6), { name: "forked" });
    await recovered(register, [liar, forked, new ScriptedPeer(GOOD, { name: "honest" })]);
    expect(register.condition.state).toBe("Healthy");
    expect(await served(register)).toEqual(between(0, 7));
    expect(scene.told("register_fork_detected").length).toBeGreaterThan(0);
    // Another process, and one with everything verified anew, see the same.
    for (const verifyAllAtStart of [false, true]) {
      const again = await scene.opened({ settings: { ...register.parts.settings, verifyAllAtStart } });
      expect(again.condition.state).toBe("Healthy");
      const { dockets } = await getDocketRange(again, 0n, 99n);
      expect(dockets.map(({ hash }) => hash)).toEqual(GOOD.dockets.map(({ docketHash }) => docketHash));
    }
  });

  it("says that nobody has what is damaged, and serves the rest", async () => {
    const scene = sceneOf(GOOD);
    await scene.store();
    await scene.flip(3);
    const register = await scene.opened();
    await recovered(register, [
      new ScriptedPeer(GOOD, { name: "a", script: ["empty"] }),
      new ScriptedPeer(GOOD, { name: "b", script: ["unreachable"] }),
    ]);
    expect(register.getOperationalState()).toMatchObject({
      state: "Degraded",
      message: expect.stringMatching(
        /^No peer could restore docket 3: (?=.*a does not have it)(?=.*b cannot be reached)/,
      ) as string,
    });
    expect(await register.getCorruptedRanges()).toMatchObject([{ recoveryStatus: "Abandoned", recoveryAttempts: 3 }]);
    expect(await served(register)).toEqual([0, 1, 2, 4, 5, 6, 7]);
  });

  it("gets its end back in its own place", async () => {
    const scene = sceneOf(GOOD);
    await scene.store();
    await scene.pin(8);
    await scene.tamper((rows) => rows.slice(0, 2));
    const register = await scene.opened();
    expect(rangesOf(register)).toEqual(["2-7 MissingData"]);
    await recovered(register, [new ScriptedPeer(GOOD)]);
    expect(register.condition.state).toBe("Healthy");
    expect(await scene.ledger().count()).toBe(8n);
    expect(await scene.opened({ settings: { ...register.parts.settings, verifyAllAtStart: true } })).toMatchObject({
      condition: { state: "Healthy" },
    });
  });

  it("is copied many dockets at a time", async () => {
    const scene = sceneOf(GOOD);
    const pins = await scene.pins();
    await pins.keepCharter(GOOD.charter);
    const register = await scene.opened();
    expect(await appendCopied(register, GOOD.dockets.slice(0, 5))).toBeUndefined();
    expect(await appendCopied(register, GOOD.dockets.slice(3))).toBeUndefined();
    expect(await appendCopied(register, docketsAt(forkOf(GOOD, 5, 4), 8))).toMatchObject({ problem: "fork" });
    expect(await served(register)).toEqual(between(0, 7));
    const again = await scene.opened({ settings: { ...register.parts.settings, verifyAllAtStart: true } });
    expect(again.condition.state).toBe("Healthy");
  });
});
