import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { VaultError } from "../../errors.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { between, docketsAt, RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import { processRecoveredData } from "../recovery/process-recovered-data.ts";
import { catchUp } from "./catch-up.ts";
import { addVerifiedDocket } from "./register-append.ts";
import { getDocket } from "./register-reads.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const STORED = 10;
const CHAIN = ledgerOf("caught up", Array(STORED + 2).fill(1));

describe("a register whose last dockets are gone", () => {
  let scene: RegisterScene;
  let register: VerifiedRegister;

  beforeEach(async () => {
    // Batches of three, so that what comes back takes several.
    const settings = { verificationBatchSize: 3 };
    scene = new RegisterScene({ storage: await openInMemoryWormStorage(), chain: CHAIN, settings });
    await scene.store(docketsAt(CHAIN, ...between(0, STORED - 1)));
    register = await scene.opened();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const caughtUp = () => register.inTurn(() => catchUp(register));
  const add = async (height: number) => {
    const [docket] = docketsAt(CHAIN, height);
    return await addVerifiedDocket(register, docket?.bytes ?? new Uint8Array());
  };

  it("has a range for each run of them, beside what was damaged before, and is told once", async () => {
    await scene.flip(7);
    await getDocket(register, 7n);
    await scene.cutOff(5);
    await caughtUp();
    await caughtUp();
    expect(rangesOf(register)).toEqual(["5-6 MissingData", "7-7 InvalidDocketHash", "8-9 MissingData"]);
    expect(register.getVerifiedHeight()).toEqual({ verifiedCount: 5n, contiguousHeight: 4n, highestHeight: 4n });
    // As an event, and in the journal.
    expect([...scene.told("registerRollbackDetected"), ...scene.told("register_rollback_detected")]).toHaveLength(2);
    await scene.cutOff(3);
    await caughtUp();
    expect(rangesOf(register).slice(0, 2)).toEqual(["3-4 MissingData", "5-6 MissingData"]);
    expect(register.getVerifiedHeight().verifiedCount).toBe(3n);
  });

  it("takes no docket", async () => {
    await scene.cutOff(8);
    expect(await add(STORED)).toMatchObject({ isValid: false, code: "not_extendable" });
    expect(register.set.isExtendable).toBe(false);
    expect((await scene.ledger().count()).toString()).toBe("8");
  });

  it("takes no docket either when that shows only as it is appended", async () => {
    const ledger = Object.assign(scene.ledger(), { count: async () => BigInt(STORED) });
    const hasty = await scene.opened({ ledger });
    await scene.cutOff(8);
    const [docket] = docketsAt(CHAIN, STORED);
    expect(await addVerifiedDocket(hasty, docket?.bytes ?? new Uint8Array())).toMatchObject({ code: "not_extendable" });
    expect(hasty.set.total).toBe(10n);
  });

  it("has them again also when they were gone before it was opened, and follows what others add", async () => {
    await scene.cutOff(6);
    await scene.pin(STORED);
    const late = await scene.opened();
    expect(rangesOf(late)).toEqual(["6-9 MissingData"]);
    await scene.store(docketsAt(CHAIN, ...between(6, STORED + 1)));
    await late.inTurn(() => catchUp(late));
    expect(late.set.isComplete).toBe(true);
    expect(late.condition.state).toBe("Healthy");
    expect(await getDocket(late, BigInt(STORED + 1))).toBeDefined();
  });

  it("is not left in recovery when their return cannot be written down at once", async () => {
    await scene.flip(2);
    await getDocket(register, 2n);
    const gone = await scene.cutOff(8);
    await caughtUp();
    await scene.tamper((rows) => [...rows, ...gone]);
    const { ranges } = register.parts;
    const record = ranges.record.bind(ranges);
    Object.assign(ranges, {
      record: async () => {
        Object.assign(ranges, { record });
        throw new VaultError("storage_unavailable", "The fault that the test asked for.");
      },
    });
    await expect(caughtUp()).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(rangesOf(register)).toEqual(["2-2 InvalidDocketHash"]);
    expect(register.condition.state).toBe("Degraded");
  });

  it("has them again when they come back, and takes the next one", async () => {
    const gone = await scene.cutOff(2);
    await caughtUp();
    expect(rangesOf(register)).toEqual(["2-9 MissingData"]);
    await scene.tamper((rows) => [...rows, ...gone]);
    await caughtUp();
    expect(register.set.isComplete).toBe(true);
    expect(register.condition.state).toBe("Healthy");
    expect(await getDocket(register, 2n)).toBeDefined();
    expect(await add(STORED)).toEqual({ isValid: true, isNew: true });
  });

  it("has none again that came back altered", async () => {
    const gone = await scene.cutOff(8);
    await caughtUp();
    await scene.tamper((rows) => [...rows, ...gone]);
    await scene.flip(8, 9);
    await caughtUp();
    expect(rangesOf(register)).toEqual(["8-9 MissingData"]);
    expect(register.condition.state).toBe("Degraded");
  });

  it("takes the next one when they were recovered in any order", async () => {
    await scene.flip(7);
    await getDocket(register, 7n);
    await scene.cutOff(5);
    await caughtUp();
    for (const height of [7, 5, 6, 9, 8]) {
      const data = { dockets: docketsAt(CHAIN, height), source: "a peer" };
      expect(await processRecoveredData(register, data)).toMatchObject({ isSuccess: true });
    }
    expect(register.condition.state).toBe("Healthy");
    expect(await add(STORED)).toEqual({ isValid: true, isNew: true });
    expect(await register.verifyAll()).toMatchObject({ isFullyVerified: true, totalDocketCount: 11n });
  });

  it("goes on behind a docket that was damaged when another process does", async () => {
    await scene.flip(STORED - 1);
    await getDocket(register, BigInt(STORED - 1));
    expect(await add(STORED)).toMatchObject({ isValid: false, code: "not_extendable" });
    await scene.store(docketsAt(CHAIN, STORED));
    await caughtUp();
    expect(rangesOf(register)).toEqual([`${STORED - 1}-${STORED - 1} InvalidDocketHash`]);
    expect(await add(STORED + 1)).toEqual({ isValid: true, isNew: true });
  });
});
