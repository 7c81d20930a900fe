import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { VaultError } from "../../errors.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { RegisterScene, rangesOf } from "../../testing/register-scene.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import type { DocketExaminer } from "../verification/docket-examiner.ts";
import { inlineExaminer } from "../verification/inline-examiner.ts";
import type { RegisterParts } from "./register-parts.ts";
import { getDocket } from "./register-reads.ts";

const CHAIN = ledgerOf("damage reports", Array(8).fill(1));

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

describe("damage that is met", () => {
  it("is told by the state at once, and to the journal when that can be written again", async () => {
    const told: string[] = [];
    let isDown = true;
    const journal: RegisterParts["journal"] = async (_type, { startHeight }) => {
      if (isDown) throw new VaultError("storage_timeout", "The fault that the test asked for.");
      told.push(JSON.stringify(startHeight));
    };
    const register = await scene.opened({ journal });
    let warnings = 0;
    register.watch({ onDamage: () => warnings++ });
    await scene.flip(3, 5);
    await expect(getDocket(register, 3n)).rejects.toMatchObject({ code: "storage_timeout" });
    expect(register.getOperationalState()).toMatchObject({ state: "Degraded", corruptedRanges: 1 });
    expect(warnings).toBe(1);
    expect(await getDocket(register, 3n)).toBeUndefined();
    isDown = false;
    await expect(getDocket(register, 5n)).resolves.toBeUndefined();
    expect(told).toEqual(['"3"', '"5"']);
    await register.recordWhatIsDue();
    expect(told).toEqual(['"3"', '"5"']);
    expect(scene.told("registerCorruptionFound")).toHaveLength(2);
  });

  it("is written down later also when nothing else is met", async () => {
    const told: string[] = [];
    const failures = [new VaultError("storage_unavailable", "The fault that the test asked for.")];
    const journal: RegisterParts["journal"] = async (type) => {
      const failure = failures.pop();
      if (failure) throw failure;
      told.push(type);
    };
    const register = await scene.opened({ journal });
    await scene.flip(3);
    await expect(getDocket(register, 3n)).rejects.toMatchObject({ code: "storage_unavailable" });
    await register.recordWhatIsDue();
    expect(told).toEqual(["register_corruption_found"]);
  });
});

describe("damage that is met while the rest is verified", () => {
  it("stays, and the verification goes on", async () => {
    const inner = inlineExaminer();
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const examiner: DocketExaminer = {
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
      async examine(dockets, context) {
        if ((dockets[0]?.height ?? 0n) >= 4n) {
          reached.resolve();
          await gate.promise;
        }
        return await inner.examine(dockets, context);
      },
    };
    const register = await scene.open({
      examiner,
      settings: {
        ...(await scene.open()).parts.settings,
        startupStrategy: "progressive",
        verificationBatchSize: 2,
        verificationParallelism: 1,
      },
    });
    await register.initialize();
    await reached.promise;
    await scene.flip(1);
    expect(await getDocket(register, 1n)).toBeUndefined();
    expect(register.condition.state).toBe("Initializing");
    gate.resolve();
    expect(await register.whenVerified()).toMatchObject({ hasCorruption: true, resultingState: "Degraded" });
    expect(rangesOf(register)).toEqual(["1-1 InvalidDocketHash"]);
    expect(await register.parts.snapshots.load(CHAIN.registerId)).toBeUndefined();
    await scene.flip(1);
    expect(await register.verifyAll()).toMatchObject({ hasCorruption: false, resultingState: "Healthy" });
  });
});

describe("a verification of everything", () => {
  it("is shared by all who ask while another goes on, and outlives them", async () => {
    const register = await scene.opened();
    const leaving = new AbortController();
    const left = Array.from({ length: 100 }, () => register.verifyAll(leaving.signal).catch((error: unknown) => error));
    leaving.abort();
    const reports = Promise.all(Array.from({ length: 100 }, () => register.verifyAll()));
    for (const failure of await Promise.all(left)) expect(failure).toMatchObject({ code: "aborted" });
    expect(new Set((await reports).map(({ isFullyVerified }) => isFullyVerified))).toEqual(new Set([true]));
    // That of the start, and at most one that was under way and one that followed it.
    expect(scene.told("registerVerified").length).toBeLessThanOrEqual(3);
  });

  it("begins after it was asked for", async () => {
    const register = await scene.opened();
    const first = register.verifyAll();
    await scene.flip(0);
    expect(await register.verifyAll()).toMatchObject({ hasCorruption: true });
    await first;
  });
});
