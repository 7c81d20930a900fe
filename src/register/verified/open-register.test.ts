import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInMemoryWormStorage } from "../../../test/contract/worm-storage-in-memory.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { between, checkpointOf, docketsAt, RegisterScene } from "../../testing/register-scene.ts";
import type { LedgerLog } from "../ledger-log/ledger-log.ts";
import { addVerifiedDocket } from "./register-append.ts";
import type { VerifiedRegister } from "./verified-register.ts";

const STORED = 10;
const CHAIN = ledgerOf("opening", Array(STORED + 1).fill(1));

describe("the plan of a verification", () => {
  let scene: RegisterScene;

  beforeEach(async () => {
    scene = new RegisterScene({ storage: await openInMemoryWormStorage(), chain: CHAIN });
    await scene.store(docketsAt(CHAIN, ...between(0, STORED - 1)));
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  /** Seals one docket more, and pins it, right after somebody has counted the dockets. */
  function sealingWhenCounted(ledger: LedgerLog, sealing: () => Promise<VerifiedRegister>): LedgerLog {
    const count = ledger.count.bind(ledger);
    let isFirst = true;
    return Object.assign(ledger, {
      async count() {
        const counted = await count();
        if (!isFirst) return counted;
        isFirst = false;
        const other = await sealing();
        await addVerifiedDocket(other, docketsAt(CHAIN, STORED)[0]?.bytes ?? new Uint8Array());
        await other.parts.pins.pin(checkpointOf(CHAIN, STORED + 1));
        await other[Symbol.asyncDispose]();
        return counted;
      },
    });
  }

  it("takes no docket that is sealed meanwhile for one that is gone", async () => {
    const other = await scene.opened();
    const register = await scene.open({ ledger: sealingWhenCounted(scene.ledger(), async () => other) });
    await register.initialize();
    expect(register.condition.state).toBe("Healthy");
    expect(scene.told("registerRollbackDetected")).toEqual([]);
  });
});
