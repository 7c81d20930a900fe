import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import type { VaultError } from "../../errors.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { eventDraft, type LedgerChain, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import {
  between,
  type ChainDocket,
  checkpointOf,
  docketsAt,
  forkOf,
  RegisterScene,
  type RegisterSceneOptions,
} from "../../testing/register-scene.ts";
import { withMember } from "../../testing/with-member.ts";
import type { WormStorage } from "../../testing/worm-storage.ts";
import { formatReceipt } from "../receipts/receipt.ts";
import { verifyReceipt } from "../receipts/verify-receipt.ts";
import { addVerifiedDocket } from "./register-append.ts";
import { adoptCheckpoint } from "./register-checkpoints.ts";
import { proveConsistency, proveTransaction } from "./register-proofs.ts";
import { getDocketRange, getTransaction, requireDocket } from "./register-reads.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const CHAIN = ledgerOf("beside others", Array(8).fill(1));

let storage: WormStorage;
let scene: RegisterScene;

const begin = (chain: LedgerChain, settings: RegisterSceneOptions["settings"] = {}) => {
  scene = new RegisterScene({ storage, chain, settings });
};

beforeEach(async () => {
  storage = await openInMemoryWormStorage();
  begin(CHAIN);
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

describe("a docket that is added while another process adds one in its place", () => {
  /** The process whose append comes right after this docket of another one. */
  const outrun = async ([other]: readonly ChainDocket[]) => {
    await scene.store(docketsAt(CHAIN, 0, 1));
    const ledger = scene.ledger();
    const append = async (...values: Parameters<typeof ledger.append>) => {
      if (other) await scene.ledger().append(other, other.sealedAt);
      return await ledger.append(...values);
    };
    const register = await scene.opened({ ledger: withMember(ledger, "append", append) });
    return await addVerifiedDocket(register, docketsAt(CHAIN, 2)[0]?.bytes ?? new Uint8Array());
  };

  it("is a fork when that is another one", async () => {
    expect(await outrun(docketsAt(forkOf(CHAIN, 2), 2))).toMatchObject({ isValid: false, code: "fork" });
    expect(scene.told("register_fork_detected")).toMatchObject([{ height: "2" }]);
  });

  it("is there when it is the same", async () => {
    expect(await outrun(docketsAt(CHAIN, 2))).toMatchObject({ isValid: true });
    expect(scene.told("register_docket_refused")).toEqual([]);
  });
});

describe("what another process has sealed", () => {
  const keys = testKey("beside others/next", ["checkpoint"]);
  const rotation = [{ add: keys.record }, { end: CHAIN.checkpointKey.keyId, reason: "retired" }] as never;
  const rotated = withDocket(CHAIN, [eventDraft("rotation", { type: "key", keys: rotation })]);
  const byNext = (chain: LedgerChain) => checkpointOf({ ...chain, checkpointKey: keys }, chain.dockets.length);

  const told = async ({ size, note }: ReturnType<typeof checkpointOf>) =>
    await scene.stores.register.addCheckpoint({ size, note, signedAt: scene.clock.now() });

  it("can be proven to have grown from what is known here", async () => {
    await scene.store(docketsAt(CHAIN, ...between(0, 4)));
    const register = await scene.opened();
    await scene.store(docketsAt(CHAIN, 5, 6, 7));
    expect(await proveConsistency(register, 5n, 8n)).toMatchObject({ toRoot: checkpointOf(CHAIN, 8).root });
    await expect(proveConsistency(register, 5n, 9n)).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("has its checkpoint adopted by who knows already that the key was retired behind it", async () => {
    begin(rotated);
    await scene.store();
    const register = await scene.opened();
    await told(checkpointOf(rotated, 8));
    await register.inTurn(() => adoptCheckpoint(register));
    expect(register.parts.pins.newest?.size).toBe(8n);
  });

  it("is no part of a receipt before it is verified here: it may have changed the keys", async () => {
    const grown = ["1", "2"].reduce((chain, seed) => withDocket(chain, [eventDraft(seed)]), rotated);
    begin(grown);
    await scene.store(docketsAt(grown, ...between(0, 4)));
    await scene.pin(4);
    const register = await scene.opened();
    // Another process signs with the next key, and this one learns of that when it pins what it knows itself.
    await scene.store(docketsAt(grown, ...between(5, 10)));
    const other = await scene.opened();
    await other.parts.pins.pin(byNext(grown));
    await register.parts.pins.pin(checkpointOf(grown, 5));
    expect(register.parts.pins.newest?.size).toBe(11n);

    const [txId = ""] = grown.dockets[2]?.txIds ?? [];
    const transaction = await getTransaction(register, txId);
    if (!transaction) expect.fail("it is verified");
    const receipt = formatReceipt(await proveTransaction(register, transaction));
    expect(verifyReceipt(receipt, { registerId: grown.registerId }, NODE_SIGNATURE_SUITES)).toMatchObject({
      isValid: true,
    });
  });
});

describe("dockets that are verified while they are asked for", () => {
  /** A verification that has come to docket 2 and goes on when it is told. */
  const verifying = async (read?: (register: VerifiedRegister, goOn: () => void) => Promise<unknown>) => {
    begin(CHAIN, { startupStrategy: "progressive", verificationBatchSize: 1, verificationParallelism: 1 });
    await scene.store();
    // Else the first docket is read for its charter.
    await (await scene.pins()).keepCharter(CHAIN.charter);
    const ledger = scene.ledger();
    const { promise: isThere, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
    async function* scan(range: Parameters<typeof ledger.scan>[0]) {
      for await (const rows of ledger.scan(range)) {
        if (rows[0]?.height === 2n) arrive();
        if (rows[0]?.height === 2n) await mayGoOn;
        yield rows;
      }
    }
    const readAfter = async (height: bigint) => {
      await read?.(register, goOn);
      return await ledger.read(height);
    };
    const register = await scene.open({ ledger: withMember(withMember(ledger, "scan", scan), "read", readAfter) });
    void register.initialize();
    await isThere;
    return { register, goOn };
  };

  it("are not yet verified in a list, and not damaged", async () => {
    const { register } = await verifying(async (opened, goOn) => {
      goOn();
      await opened.whenVerified();
    });
    expect(await getDocketRange(register, 0n, 3n)).toMatchObject({
      dockets: [{ height: 0n }, { height: 1n }],
      gaps: [{ start: 2n, end: 3n, reason: "NotYetVerified" }],
    });
    expect(await getDocketRange(register, 0n, 3n)).toMatchObject({ complete: true });
  });

  it("are there, or not yet verified, at whatever moment", async () => {
    for (let steps = 0; steps < 60; steps++) {
      const { register, goOn } = await verifying();
      goOn();
      for (let step = 0; step < steps; step++) await Promise.resolve();
      const answer = await requireDocket(register, 2n).then(
        ({ height }) => height,
        ({ details }: VaultError) => details["reason"],
      );
      expect([2n, "NotYetVerified"]).toContain(answer);
      await register.whenVerified();
      await scene[Symbol.asyncDispose]();
    }
  });
});
