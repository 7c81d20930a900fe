import { describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { FaultInjector, withFaults } from "../../testing/fault-injection.ts";
import { eventDraft, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { RecoverySuite } from "../../testing/recovery-suite.ts";
import { docketsAt, forkOf, RegisterScene, rangesOf, withoutNodes } from "../../testing/register-scene.ts";
import { getDocketRange, getTransaction } from "../verified/register-reads.ts";
import { markRangeRecovered, processRecoveredData } from "./process-recovered-data.ts";

const CHAIN = ledgerOf("recovered", [1, 2, 1, 3, 1, 1, 2, 1, 1, 1, 1, 1]);
const LENGTH = CHAIN.dockets.length;

const suite = new RecoverySuite(CHAIN, openInMemoryWormStorage);

describe("holes", () => {
  it("take the dockets that the log has there, whatever was wrong with them, and so does the next start", async () => {
    await suite.scene.store();
    await suite.scene.damage((row) => {
      if (row.sequence === 3n) return undefined;
      if (row.sequence === 6n) return { ...row, indexed: {} };
      return row;
    });
    await suite.scene.flip(0, 5);
    await suite.scene.pin(LENGTH);
    const register = await suite.scene.opened();
    expect(rangesOf(register)).toEqual(["0-0 MalformedData", "3-3 MissingData", "5-6 MalformedData"]);
    const [, , , third] = CHAIN.dockets;
    expect(await getTransaction(register, third?.txIds[0] ?? "")).toBeUndefined();

    expect(await suite.take(register, 0, 3)).toMatchObject({
      isSuccess: true,
      docketsRecovered: 2,
      transactionsRecovered: 5,
    });
    expect(register.condition.state).toBe("Degraded");
    expect(rangesOf(register)).toEqual(["5-6 MalformedData"]);
    expect(await getTransaction(register, third?.txIds[0] ?? "")).toMatchObject({ docketHeight: 3n });
    expect(await suite.take(register, 5, 6)).toMatchObject({ isSuccess: true, remainingCorruption: [] });
    await suite.expectWhole(register);
    expect((await register.getCorruptedRanges({ history: true })).map(({ recoveryStatus }) => recoveryStatus)).toEqual(
      Array(3).fill("Succeeded"),
    );
    await suite.expectWhole(
      await suite.scene.opened({ settings: { ...register.parts.settings, verifyAllAtStart: true } }),
    );
  });

  it("take a docket that the one behind it names, when the nodes of the log are lost", async () => {
    await suite.scene.store();
    await suite.scene.flip(4, 5, 9);
    const store = withoutNodes(suite.scene.stores.register);
    const register = await suite.scene.opened({ store });
    expect(await suite.take(register, 4)).toMatchObject({
      isSuccess: false,
      problem: "unconfirmed",
      docketsRecovered: 0,
    });
    expect(await suite.take(register, 4, 5)).toMatchObject({ isSuccess: true });
    expect(await suite.take(register, 9)).toMatchObject({ isSuccess: true });
    await suite.expectWhole(register);
  });

  it("take the last docket, damaged after it was verified, by the head of the log", async () => {
    await suite.scene.store();
    const store = withoutNodes(suite.scene.stores.register);
    const register = await suite.scene.opened({ store });
    await register.reportDamage(BigInt(LENGTH - 1), { check: "seal", details: "" });
    expect(await suite.take(register, LENGTH - 1)).toMatchObject({ isSuccess: true });
    await suite.expectWhole(register);
  });

  it("keep the damaged bytes", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    await suite.take(await suite.scene.opened(), 4);
    const kept: unknown[] = [];
    await suite.scene.tamper((rows) => {
      kept.push(...rows.map(({ bytes }) => Buffer.from(bytes)));
      return rows;
    });
    const bytes = Buffer.from(CHAIN.dockets[4]?.bytes ?? []);
    expect(kept).toHaveLength(LENGTH);
    expect(kept).not.toContainEqual(bytes);
  });

  it("are filled although the process ended right after the repair was written", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    const injector = new FaultInjector();
    const register = await suite.scene.opened({ store: withFaults(suite.scene.stores.register, injector) });
    injector.inject({ fault: { kind: "fail", when: "before", code: "storage_unavailable" }, methods: ["index"] });
    await expect(suite.take(register, 4)).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(register.condition.state).toBe("Degraded");
    await register[Symbol.asyncDispose]();

    const again = await suite.scene.opened();
    await suite.expectWhole(again);
    expect(await again.getCorruptedRanges({ history: true })).toMatchObject([{ recoveryStatus: "Succeeded" }]);
  });

  it("take a repair that was damaged itself", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    await suite.take(await suite.scene.opened(), 4);
    const place = { tenantId: suite.scene.tenantId, kind: "docket_repair", log: CHAIN.registerId };
    await suite.storage.tamper(place, (rows) => rows.map((row) => ({ ...row, bytes: row.bytes.slice(0, -1) })));
    const register = await suite.scene.opened({
      settings: { ...(await suite.scene.open()).parts.settings, verifyAllAtStart: true },
    });
    expect(rangesOf(register)).toEqual(["4-4 MalformedData"]);
    expect(await suite.take(register, 4)).toMatchObject({ isSuccess: true });
    await suite.expectWhole(register);
  });

  it("refuse what is not valid, of another register, of another height, and what is no docket", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    const register = await suite.scene.opened();
    const other = ledgerOf("another", Array(8).fill(1));
    const [fourth] = docketsAt(CHAIN, 4);
    for (const bytes of [
      ...docketsAt(other, 4).map((docket) => docket.bytes),
      ...docketsAt(CHAIN, 5).map((docket) => docket.bytes),
      fourth?.bytes.subarray(0, -1) ?? new Uint8Array(),
      new Uint8Array(),
    ]) {
      const result = await processRecoveredData(register, { dockets: [{ height: 4n, bytes }], source: "peer" });
      expect(result).toMatchObject({ isSuccess: false, problem: "not_valid", docketsRecovered: 0 });
    }
    expect(suite.scene.told("registerForkDetected")).toEqual([]);
    expect(rangesOf(register)).toEqual(["4-4 MalformedData"]);
    expect(register.condition.state).toBe("Degraded");
  });

  it("refuse another docket that is sealed for the height, and raise an alarm", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    const register = await suite.scene.opened();
    const fork = forkOf(CHAIN, 4);
    const result = await processRecoveredData(register, { dockets: docketsAt(fork, 4), source: "peer" });
    expect(result).toMatchObject({ isSuccess: false, problem: "fork", docketsRecovered: 0 });
    expect(suite.scene.told("register_fork_detected")).toEqual([
      { registerId: CHAIN.registerId, height: "4", source: "peer" },
    ]);
    expect(suite.scene.told("registerForkDetected")).toHaveLength(1);
  });

  it("refuse places that the register does not have, and dockets that come twice", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    const register = await suite.scene.opened();
    const longer = withDocket(CHAIN, [eventDraft("more")]);
    expect(await processRecoveredData(register, { dockets: docketsAt(longer, LENGTH), source: "peer" })).toMatchObject({
      isSuccess: false,
      problem: "not_valid",
    });
    expect(await suite.take(register, 4, 4)).toMatchObject({
      isSuccess: false,
      problem: "not_valid",
      docketsRecovered: 1,
    });
  });
});

describe("verified dockets", () => {
  it("are left alone by the same ones, and by others with an alarm", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    const register = await suite.scene.opened();
    expect(await suite.take(register, 2)).toMatchObject({ isSuccess: true, docketsRecovered: 0 });
    const fork = forkOf(CHAIN, 2);
    const result = await processRecoveredData(register, { dockets: docketsAt(fork, 2), source: "peer" });
    expect(result).toMatchObject({ isSuccess: false, problem: "fork" });
    expect(suite.scene.told("register_fork_detected")).toHaveLength(1);
    const [docket] = (await getDocketRange(register, 2n, 2n)).dockets;
    expect(docket?.hash).toBe(CHAIN.dockets[2]?.docketHash);
  });
});

describe("keys", () => {
  const rotated = testKey("rotated", ["docket", "tx"]);
  const chain = (() => {
    const before = ledgerOf("keys", [1, 1, 1]);
    const change = { ...eventDraft("rotation"), type: "key", keys: [{ add: rotated.record }] } as const;
    const changed = withDocket(before, [change]);
    return [1, 2, 3].reduce((grown, n) => withDocket(grown, [eventDraft(`by ${n}`)], rotated), changed);
  })();

  it("of a damaged docket are known once it is recovered, and with them what they sealed", async () => {
    const keyScene = new RegisterScene({ storage: suite.storage, chain });
    await keyScene.store();
    await keyScene.flip(3);
    const register = await keyScene.opened();
    expect(rangesOf(register)).toEqual(["3-3 MalformedData", "4-6 InvalidDocketHash"]);
    const result = await processRecoveredData(register, { dockets: docketsAt(chain, 3), source: "peer" });
    expect(result).toMatchObject({ isSuccess: true, docketsRecovered: 1, remainingCorruption: [] });
    expect(register.condition.state).toBe("Healthy");
    await keyScene[Symbol.asyncDispose]();
  });

  it("of a hole are known once it is filled", async () => {
    const unused = testKey("unused", ["checkpoint"]);
    const change = { ...eventDraft("addition"), type: "key", keys: [{ add: unused.record }] } as const;
    const added = withDocket(ledgerOf("keys", [1, 1, 1]), [change]);
    const grown = withDocket(added, [eventDraft("behind")]);
    const keyScene = new RegisterScene({ storage: suite.storage, chain: grown });
    await keyScene.store();
    await keyScene.flip(3);
    const register = await keyScene.opened();
    expect(register.set.sound.keys.find(unused.keyId)).toBeUndefined();
    await processRecoveredData(register, { dockets: docketsAt(grown, 3), source: "peer" });
    expect(register.set.sound.keys.find(unused.keyId)).toMatchObject({ from: 4n });
    await keyScene[Symbol.asyncDispose]();
  });
});

describe("a range", () => {
  it("is recovered when every docket in it is verified, and not before", async () => {
    await suite.scene.store();
    await suite.scene.flip(4);
    const register = await suite.scene.opened();
    for (const [start, end] of [
      [4n, 4n],
      [3n, 5n],
      [5n, 3n],
      [6n, BigInt(LENGTH)],
    ] as const) {
      await expect(markRangeRecovered(register, start, end)).rejects.toMatchObject({ code: "register_range_damaged" });
    }
    await markRangeRecovered(register, 5n, 6n);
    await suite.take(register, 4);
    await markRangeRecovered(register, 3n, 5n);
  });
});
