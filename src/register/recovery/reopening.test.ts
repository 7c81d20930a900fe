import { describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { VaultError } from "../../errors.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { RecoverySuite } from "../../testing/recovery-suite.ts";
import type { ScriptedPeer } from "../../testing/scripted-peer.ts";
import { withMember } from "../../testing/with-member.ts";
import type { LedgerLog } from "../ledger-log/ledger-log.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";

const CHAIN = ledgerOf("reopening", [1, 1, 1, 1]);
const MINUTE = 60_000;
const suite = new RecoverySuite(CHAIN, openInMemoryWormStorage);

/** The ledger behind storage that can be out of order, and counts how often it was asked. */
function fragile(ledger: LedgerLog) {
  const state = { isOut: true, asked: 0 };
  const count = async (): Promise<bigint> => {
    state.asked += 1;
    if (state.isOut) throw new VaultError("storage_unavailable", "The storage is out of order.");
    return await ledger.count();
  };
  return { state, ledger: withMember(ledger, "count", count) };
}

/** Moves time on, with as many turns of the event loop as an opening takes. */
async function pass(ms: number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await suite.timers.advance(0);
  await suite.timers.advance(ms);
  for (let turn = 0; turn < 20; turn++) await suite.timers.advance(0);
}

/** Starts a recovery of a register and lets it be opened once. */
async function started(register: VerifiedRegister, peer: ScriptedPeer, random = () => 1): Promise<void> {
  suite.serviceOf(register, [peer], { random }).start();
  await pass(0);
}

describe("a register with peers that cannot be opened", () => {
  it("is opened again after pauses that double up to a minute, and after a success begin anew", async () => {
    await suite.scene.store();
    const { state, ledger } = fragile(suite.scene.ledger());
    const register = await suite.scene.open({ ledger });
    const peer = suite.peer("honest");
    await started(register, peer);
    expect(state.asked).toBe(1);
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const before = state.asked;
      await pass(seconds * 1_000 - 1);
      expect(state.asked).toBe(before);
      await pass(1);
      expect(state.asked).toBe(before + 1);
    }
    // Nothing says that the charter is lost.
    expect(peer.heads).toBe(0);
    state.isOut = false;
    await pass(MINUTE);
    expect(register.condition.state).toBe("Healthy");
    expect(suite.timers.waiting).toBe(1);

    state.isOut = true;
    await expect(register.verifyAll()).rejects.toMatchObject({ code: "storage_unavailable" });
    const before = state.asked;
    await pass(999);
    expect(state.asked).toBe(before);
    await pass(1);
    expect(state.asked).toBe(before + 1);
  });

  it("is opened no more often when callers try it meanwhile, and not at all any more once it is closed", async () => {
    await suite.scene.store();
    const { state, ledger } = fragile(suite.scene.ledger());
    const register = await suite.scene.open({ ledger });
    const service = suite.serviceOf(register, [suite.peer("honest")], { random: () => 1 });
    service.start();
    await pass(0);
    for (let call = 0; call < 5; call++) await expect(register.initialize()).rejects.toThrow(VaultError);
    await pass(0);
    expect(state.asked).toBe(6);
    await pass(1_000);
    expect(state.asked).toBe(7);
    await service[Symbol.asyncDispose]();
    expect(suite.timers.waiting).toBe(0);
  });

  it("asks a peer for the charter that was lost once with each of these openings", async () => {
    await suite.scene.store();
    await suite.scene.damage((row) => (row.sequence === 0n ? undefined : row));
    const register = await suite.scene.open();
    const peer = suite.peer("peer", "unreachable", "unreachable", "unreachable", "honest");
    await started(register, peer, () => 0.5);
    expect(peer.heads).toBe(1);
    await pass(499);
    expect(peer.heads).toBe(1);
    await pass(1);
    expect(peer.heads).toBe(2);
    await pass(1_000);
    expect(peer.heads).toBe(3);
    await pass(2_000);
    await suite.expectWhole(register);
  });
});
