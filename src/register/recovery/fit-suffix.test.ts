import { describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { RecoverySuite } from "../../testing/recovery-suite.ts";
import { between, docketsAt, forkOf, rangesOf, withoutNodes } from "../../testing/register-scene.ts";
import { leafOf } from "../verification/log-tree.ts";
import { processRecoveredData } from "./process-recovered-data.ts";

const CHAIN = ledgerOf("recovered", [1, 2, 1, 3, 1, 1, 2, 1, 1, 1, 1, 1]);
const LENGTH = CHAIN.dockets.length;

const suite = new RecoverySuite(CHAIN, openInMemoryWormStorage);

describe("the end of a register", () => {
  it("goes on with what a pinned checkpoint covers, in its own place", async () => {
    await suite.scene.store(CHAIN.dockets.slice(0, 5));
    await suite.scene.pin(LENGTH);
    const register = await suite.scene.opened();
    expect(rangesOf(register)).toEqual([`5-${LENGTH - 1} MissingData`]);
    expect(await suite.take(register, 6, 7)).toMatchObject({ isSuccess: false, problem: "early" });
    expect(await suite.take(register, ...between(5, LENGTH - 1))).toMatchObject({
      isSuccess: true,
      docketsRecovered: LENGTH - 5,
    });
    await suite.expectWhole(register);
    expect(await suite.scene.ledger().count()).toBe(BigInt(LENGTH));
    expect(
      await suite.storage.database
        .log(
          { name: "docket_repair", encode: () => new Uint8Array(), decode: () => undefined, indexed: () => ({}) },
          suite.scene.tenantId,
          CHAIN.registerId,
        )
        .count(),
    ).toBe(0n);
  });

  it("goes on piece by piece when something tells the hashes up to the checkpoint", async () => {
    await suite.scene.store();
    await suite.scene.opened();
    await suite.scene.tamper((rows) => rows.slice(0, 5));
    await suite.scene.pin(LENGTH);
    // The nodes of the log are still there.
    const register = await suite.scene.opened();
    expect(await suite.take(register, 5, 6)).toMatchObject({ isSuccess: true, docketsRecovered: 2 });
    expect(rangesOf(register)).toEqual([`7-${LENGTH - 1} MissingData`]);

    const store = withoutNodes(suite.scene.stores.register);
    const without = await suite.scene.opened({ store });
    expect(await suite.take(without, 7, 8)).toMatchObject({ isSuccess: false, problem: "unconfirmed" });
    const hashes = new Map(CHAIN.dockets.map(({ height, docketHash }) => [height, leafOf(docketHash)]));
    const wrong = new Map([...hashes].map(([height, leaf]) => [height, height === 10n ? new Uint8Array(32) : leaf]));
    for (const [sent, isSuccess] of [
      [wrong, false],
      [hashes, true],
    ] as const) {
      const leafHint = (height: bigint) => sent.get(height);
      const dockets = docketsAt(CHAIN, 7, 8);
      expect(await processRecoveredData(without, { dockets, source: "peer", leafHint })).toMatchObject({ isSuccess });
    }
    expect(rangesOf(without)).toEqual([`9-${LENGTH - 1} MissingData`]);
  });

  it("goes on to the longest checkpoint that the dockets reach", async () => {
    await suite.scene.store(CHAIN.dockets.slice(0, 5));
    await suite.scene.pin(7);
    await suite.scene.pin(LENGTH);
    const register = await suite.scene.opened();
    expect(await suite.take(register, 5, 6, 7)).toMatchObject({
      isSuccess: false,
      problem: "unconfirmed",
      docketsRecovered: 2,
    });
    expect(rangesOf(register)).toEqual([`7-${LENGTH - 1} MissingData`]);
  });

  it("does not go on with sealed dockets that lead to another checkpoint", async () => {
    await suite.scene.store(CHAIN.dockets.slice(0, 5));
    await suite.scene.pin(7);
    const register = await suite.scene.opened();
    const fork = forkOf(CHAIN, 5, 2);
    const result = await processRecoveredData(register, { dockets: docketsAt(fork, 5, 6), source: "peer" });
    expect(result).toMatchObject({ isSuccess: false, problem: "fork", docketsRecovered: 0 });
    expect(await suite.scene.ledger().count()).toBe(5n);
    expect(suite.scene.told("register_fork_detected")).toHaveLength(1);
  });

  it("takes the good beginning of what is sent", async () => {
    await suite.scene.store(CHAIN.dockets.slice(0, 5));
    await suite.scene.pin(7);
    await suite.scene.pin(LENGTH);
    const register = await suite.scene.opened();
    const dockets = docketsAt(CHAIN, ...between(5, LENGTH - 1)).map(({ height, bytes }) => ({
      height,
      bytes: height === 8n ? bytes.subarray(1) : bytes,
    }));
    const result = await processRecoveredData(register, { dockets, source: "peer" });
    expect(result).toMatchObject({ isSuccess: false, problem: "not_valid", docketsRecovered: 2 });
  });

  it("is judged again behind what was recovered", async () => {
    // Two neighbours without a frame, and nothing that tells their hashes: everything behind them is out.
    await suite.scene.store();
    await suite.scene.damage((row) =>
      row.sequence === 4n || row.sequence === 5n ? { ...row, bytes: Uint8Array.of(1) } : row,
    );
    const register = await suite.scene.opened();
    expect(rangesOf(register)).toEqual(["4-5 MalformedData", `6-${LENGTH - 1} BrokenChainLink`]);
    expect(await suite.take(register, 4, 5)).toMatchObject({ isSuccess: true, docketsRecovered: 2 });
    await suite.expectWhole(register);
  });

  it("is replaced where it was rewritten with the register's keys", async () => {
    const fork = forkOf(CHAIN, 5, LENGTH - 5);
    await suite.scene.store(fork.dockets);
    await suite.scene.pin(5);
    await suite.scene.pin(LENGTH);
    const register = await suite.scene.opened();
    expect(rangesOf(register)).toEqual([`5-${LENGTH - 1} BrokenChainLink`]);
    expect(await suite.take(register, ...between(5, LENGTH - 1))).toMatchObject({ isSuccess: true });
    await suite.expectWhole(register);
  });
});
