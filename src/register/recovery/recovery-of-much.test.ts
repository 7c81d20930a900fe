import { describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { settled } from "../../testing/manual-timers.ts";
import { RecoverySuite } from "../../testing/recovery-suite.ts";
import { rangesOf } from "../../testing/register-scene.ts";
import { ScriptedPeer } from "../../testing/scripted-peer.ts";

const CHAIN = ledgerOf("recovery", [1, 2, 1, 1, 1, 1, 1, 1]);
const LENGTH = CHAIN.dockets.length;

const suite = new RecoverySuite(CHAIN, openInMemoryWormStorage);

describe("a recovery of more than dockets", () => {
  it("gets an end that was cut off, from peers that send little at a time", async () => {
    await suite.scene.store(CHAIN.dockets.slice(0, 2));
    await suite.scene.pin(LENGTH);
    const register = await suite.scene.opened();
    const little = new ScriptedPeer(CHAIN, { name: "little", docketsMax: 2 });
    await suite.run(suite.serviceOf(register, [little]));
    await suite.expectWhole(register);
    expect(suite.attempts()).toEqual(["little: recovered"]);
    // Two dockets, then what comes behind them until the checkpoint is reached, once.
    expect(little.asked).toEqual(["2-7", "4-7", "6-7", "4-7", "6-7"]);
    expect(suite.scene.told("registerRollbackDetected")).toHaveLength(1);
  });

  it("gets a whole register back", async () => {
    await suite.scene.pin(LENGTH);
    const register = await suite.scene.opened();
    expect(rangesOf(register)).toEqual([`0-${LENGTH - 1} MissingData`]);
    await suite.run(suite.serviceOf(register, [suite.peer("honest")]));
    await suite.expectWhole(register);
  });

  it("gets the charter back, so that a register whose first docket is damaged opens", async () => {
    await suite.scene.store();
    await suite.scene.damage((row) => (row.sequence === 0n ? { ...row, bytes: Uint8Array.of(7) } : row));
    const register = await suite.scene.open();
    const other = new ScriptedPeer(ledgerOf("another", [1]), { name: "other" });
    const service = suite.serviceOf(register, [suite.peer("gone", "unreachable"), other, suite.peer("honest")]);
    service.start();
    await expect(register.initialize()).rejects.toMatchObject({ code: "integrity_violation" });
    expect(register.condition.state).toBe("Offline");
    await suite.run(service);
    await suite.expectWhole(register);
    expect(register.parts.pins.charter).toEqual(CHAIN.charter);
  });

  it("finds what another process has repaired", async () => {
    await suite.scene.store();
    await suite.scene.flip(2);
    const [one, other] = [await suite.scene.opened(), await suite.scene.opened()];
    await suite.run(suite.serviceOf(one, [suite.peer("honest")]));
    const unasked = suite.peer("unasked", "empty");
    await suite.run(suite.serviceOf(other, [unasked]));
    await suite.expectWhole(other);
    expect(unasked.asked).toEqual([]);
  });

  it("tells those who ask that there is nobody to be asked", async () => {
    await suite.scene.store();
    await suite.scene.flip(2);
    const register = await suite.scene.opened();
    const service = suite.serviceOf(register, []);
    service.start();
    expect(await service.recover()).toMatchObject({ docketsRecovered: 0, remaining: [{ recoveryStatus: "Failed" }] });
    expect(register.getOperationalState()).toMatchObject({
      state: "Degraded",
      message: "No peer could restore docket 2: there is none to be asked.",
    });
  });

  it("ends at once when it is closed", async () => {
    await suite.scene.store();
    await suite.scene.flip(2);
    const service = suite.serviceOf(await suite.scene.opened(), [suite.peer("slow", "stall")]);
    service.start();
    await settled();
    await service[Symbol.asyncDispose]();
  });
});
