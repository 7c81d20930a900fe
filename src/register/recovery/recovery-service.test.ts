import { describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { RecoverySuite } from "../../testing/recovery-suite.ts";
import { forkOf } from "../../testing/register-scene.ts";
import { type PeerBehaviour, ScriptedPeer } from "../../testing/scripted-peer.ts";
import { getDocket, getDocketRange } from "../verified/register-reads.ts";

const CHAIN = ledgerOf("recovery", [1, 2, 1, 1, 1, 1, 1, 1]);
const LENGTH = CHAIN.dockets.length;
const MINUTE = 60_000;
const suite = new RecoverySuite(CHAIN, openInMemoryWormStorage);

describe("a recovery", () => {
  it("brings everything back and tells what the register is doing meanwhile", async () => {
    await suite.scene.store();
    await suite.scene.flip(2, 5);
    const register = await suite.scene.opened();
    const honest = suite.peer("honest");
    await suite.run(suite.serviceOf(register, [honest]));
    await suite.expectWhole(register);
    expect(suite.states()).toEqual([
      "Initializing",
      "Degraded",
      "Recovering",
      "PeerSyncInProgress",
      "Recovering",
      "PeerSyncInProgress",
      "Recovering",
      "Healthy",
    ]);
    expect(honest.asked).toEqual(["2-2", "5-5"]);
    expect(suite.scene.told("registerRangeRecovered")).toHaveLength(2);
    expect(suite.scene.told("register_range_recovered")).toEqual([
      expect.objectContaining({ startHeight: "2", endHeight: "2", peer: "honest" }),
      expect.objectContaining({ startHeight: "5" }),
    ]);
    const book = await register.getCorruptedRanges({ history: true });
    expect(book).toMatchObject([
      { recoveryStatus: "Succeeded", recoveryAttempts: 1, lastRecoveryAttempt: suite.scene.clock.now() },
      { recoveryStatus: "Succeeded", recoveryAttempts: 1 },
    ]);
  });

  it("begins when damage is met later", async () => {
    await suite.scene.store();
    const register = await suite.scene.opened();
    const service = suite.serviceOf(register, [suite.peer("honest")]);
    await suite.run(service);
    await suite.scene.flip(3);
    expect(await getDocket(register, 3n)).toBeUndefined();
    await service.idle();
    await suite.expectWhole(register);
  });

  it.each<PeerBehaviour>(["altered", "duplicate", "extra", "misplaced", "skipping", "oversized"])(
    "asks the next peer when one is %s, and never that one again for the range",
    async (behaviour) => {
      await suite.scene.store();
      await suite.scene.flip(2, 3);
      const register = await suite.scene.opened();
      const liar = suite.peer("liar", behaviour);
      await suite.run(suite.serviceOf(register, [liar, suite.peer("nobody", "empty", "empty", "honest")]));
      await suite.expectWhole(register);
      expect(suite.attempts()).toEqual(["liar: invalid", "nobody: nothing", "nobody: nothing", "nobody: recovered"]);
      expect(liar.asked).toEqual(["2-3"]);
    },
  );

  it.each<[PeerBehaviour, string]>([
    ["unreachable", "unreachable"],
    ["disconnect", "unreachable"],
    ["stall", "timeout"],
    ["empty", "nothing"],
  ])("asks the next peer when one is %s, and that one again in the next round", async (behaviour, outcome) => {
    await suite.scene.store();
    await suite.scene.flip(2, 3);
    const register = await suite.scene.opened();
    const weak = suite.peer("weak", behaviour, behaviour, "honest");
    await suite.run(suite.serviceOf(register, [weak, suite.peer("nobody", "empty")]));
    await suite.expectWhole(register);
    expect(suite.attempts().slice(0, 2)).toEqual([`weak: ${outcome}`, "nobody: nothing"]);
    expect(suite.attempts().at(-1)).toBe("weak: recovered");
  });

  it("keeps what came before a peer broke off", async () => {
    await suite.scene.store();
    await suite.scene.flip(2, 3);
    const register = await suite.scene.opened();
    const [first, second] = [suite.peer("first", "disconnect", "empty"), suite.peer("second", "honest")];
    await suite.run(suite.serviceOf(register, [first, second]));
    await suite.expectWhole(register);
    expect(second.asked).toEqual(["2-3"]);
  });

  it("gives up when no peer has it, and says so", async () => {
    await suite.scene.store();
    await suite.scene.flip(2, 3, 6);
    const register = await suite.scene.opened();
    await suite.run(
      suite.serviceOf(register, [
        suite.peer("a", "empty"),
        suite.peer("b", "unreachable"),
        suite.peer("c", "misplaced"),
      ]),
    );
    expect(register.getOperationalState()).toMatchObject({
      state: "Degraded",
      message: "No peer could restore docket 6: a does not have it; b cannot be reached.",
    });
    expect(await register.getCorruptedRanges()).toMatchObject([
      {
        recoveryStatus: "Abandoned",
        recoveryAttempts: 3,
        message: "No peer could restore dockets 2 to 3: a does not have it; b cannot be reached.",
      },
      { recoveryStatus: "Abandoned", recoveryAttempts: 3 },
    ]);
    expect(suite.scene.told("registerRangeAbandoned")).toHaveLength(2);
    expect((await getDocketRange(register, 0n, 7n)).dockets).toHaveLength(LENGTH - 3);
  });

  it("waits longer from round to round", async () => {
    await suite.scene.store();
    await suite.scene.flip(2);
    const nobody = suite.peer("nobody", "empty");
    const service = suite.serviceOf(await suite.scene.opened(), [nobody]);
    service.start();
    const askedAfter = async (ms: number) => {
      for (let turn = 0; turn < 10; turn++) await suite.timers.advance(0);
      await suite.timers.advance(ms);
      for (let turn = 0; turn < 10; turn++) await suite.timers.advance(0);
      return nobody.asked.length;
    };
    expect(await askedAfter(0)).toBe(1);
    expect(await askedAfter(499)).toBe(1);
    expect(await askedAfter(1)).toBe(2);
    expect(await askedAfter(999)).toBe(2);
    expect(await askedAfter(1)).toBe(3);
    await service.idle();
    // Given up; looked for again after a quarter of an hour.
    expect(await askedAfter(14 * MINUTE)).toBe(3);
    expect(await askedAfter(MINUTE)).toBe(4);
    expect(await askedAfter(15 * MINUTE)).toBe(5);
    expect(suite.scene.told("registerRangeAbandoned")).toHaveLength(1);
  });

  it("goes on counting after a restart", async () => {
    await suite.scene.store();
    await suite.scene.flip(2);
    const first = await suite.scene.opened();
    const [record] = await first.getCorruptedRanges();
    await first.parts.ranges.update(record?.id ?? "", { recoveryAttempts: 2, recoveryStatus: "InProgress" });
    await first[Symbol.asyncDispose]();
    const nobody = suite.peer("nobody", "empty");
    const register = await suite.scene.opened();
    await suite.run(suite.serviceOf(register, [nobody]));
    expect(nobody.asked).toEqual(["2-2"]);
    expect(await register.getCorruptedRanges()).toMatchObject([{ recoveryAttempts: 3, recoveryStatus: "Abandoned" }]);
    await register[Symbol.asyncDispose]();

    const again = await suite.scene.opened();
    await suite.run(suite.serviceOf(again, [nobody]));
    expect(nobody.asked).toHaveLength(1);
    expect(again.condition.state).toBe("Degraded");
  });

  it("asks once more for what was given up when somebody says so, also those who lied", async () => {
    await suite.scene.store();
    await suite.scene.flip(2);
    const register = await suite.scene.opened();
    const service = suite.serviceOf(register, [suite.peer("a", "altered", "altered", "honest")]);
    await suite.run(service);
    expect(await register.getCorruptedRanges()).toMatchObject([{ recoveryStatus: "Abandoned" }]);
    expect(await service.recover()).toMatchObject({
      docketsRecovered: 0,
      remaining: [{ recoveryStatus: "Abandoned", recoveryAttempts: 4 }],
    });
    expect(await service.recover()).toEqual({ docketsRecovered: 1, transactionsRecovered: 1, remaining: [] });
    await suite.expectWhole(register);
  });

  it("gives up after half an hour", async () => {
    await suite.scene.store();
    await suite.scene.flip(2);
    const register = await suite.scene.opened();
    const slow = suite.peer("slow", "stall");
    const service = suite.serviceOf(register, [slow], { maxRecoveryAttempts: 100, random: () => 0 });
    await suite.run(service);
    // Five minutes for each request.
    expect(slow.asked).toHaveLength(6);
    expect(await register.getCorruptedRanges()).toMatchObject([{ recoveryStatus: "Abandoned", recoveryAttempts: 6 }]);
  });

  it("ends although another process knows of damage that this one does not", async () => {
    await suite.scene.store();
    const [other, register] = [await suite.scene.opened(), await suite.scene.opened()];
    await suite.scene.flip(3, 6);
    await getDocket(other, 3n);
    await getDocket(register, 6n);
    const nobody = suite.peer("nobody", "empty");
    await suite.run(suite.serviceOf(register, [nobody]));
    expect(nobody.asked).toEqual(["6-6", "6-6", "6-6"]);
    expect(await register.getCorruptedRanges()).toMatchObject([
      { startHeight: 3n, recoveryStatus: "Pending", recoveryAttempts: 0 },
      { startHeight: 6n, recoveryStatus: "Abandoned", recoveryAttempts: 3 },
    ]);
  });

  it("goes to those that have served well first", async () => {
    await suite.scene.store();
    await suite.scene.flip(1, 3, 5);
    const weak = suite.peer("weak", "empty");
    const good = suite.peer("good", "honest");
    await suite.run(suite.serviceOf(await suite.scene.opened(), [weak, good]));
    expect(suite.attempts()).toEqual(["weak: nothing", "good: recovered", "good: recovered", "good: recovered"]);
  });

  it("raises an alarm for other dockets that are sealed, and keeps its own", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    const register = await suite.scene.opened();
    const forked = new ScriptedPeer(forkOf(CHAIN, 4, 4), { name: "forked" });
    await suite.run(suite.serviceOf(register, [forked, suite.peer("honest")]));
    await suite.expectWhole(register);
    expect(suite.attempts()).toEqual(["forked: fork", "honest: recovered"]);
    expect(suite.scene.told("register_fork_detected")).toEqual([
      expect.objectContaining({ height: "4", source: "forked" }),
    ]);
  });
});
