import { describe, expect, it } from "vitest";
import type { TenantId } from "../../identifiers.ts";
import { InMemoryDatabase } from "../../storage/in-memory/in-memory-database.ts";
import { InMemoryWormDatabase } from "../../storage/in-memory/in-memory-worm-store.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { DOCKETS } from "../ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../ledger-log/docket-repair.ts";
import { LedgerLog } from "../ledger-log/ledger-log.ts";
import { rootOf } from "../merkle/frontier.ts";
import { stateOfCharter } from "../verification/chain-state.ts";
import { inlineExaminer } from "../verification/inline-examiner.ts";
import { leafOf } from "../verification/log-tree.ts";
import { verifyLedger } from "./verify-ledger.ts";

const TENANT = "01a1fd21-e71a-7000-8d6a-348fc505899a" as TenantId;

describe("a ledger that is read", () => {
  it("keeps all but two dockets that have changed places, when their hashes can be looked up", async () => {
    const { charter, registerId, dockets, state } = ledgerOf("swapped", [1, 2, 1, 1, 2]);
    const cold = new InMemoryWormDatabase(new InMemoryDatabase());
    const log = cold.log(DOCKETS, TENANT, registerId);
    for (const height of [0, 2, 1, 3, 4]) {
      const docket = dockets[height];
      if (!docket) throw new Error("unreachable");
      await log.append(docket.bytes, { sealedAt: new Date(docket.sealedAt).toISOString() as never });
    }
    await using examiner = inlineExaminer();
    const known = new Map<bigint, Uint8Array>();
    const verdict = await verifyLedger({
      ledger: new LedgerLog({ registerId, dockets: log, repairs: cold.log(DOCKET_REPAIRS, TENANT, registerId) }),
      examiner,
      start: stateOfCharter(registerId, charter),
      end: 5n,
      trusted: [{ size: 5n, root: rootOf(state.frontier) }],
      batchSize: 10,
      parallelism: 1,
      leafHint: (height) => known.get(height),
      onUnknown: async (first) => void known.set(first, leafOf(dockets[Number(first)]?.docketHash ?? "")),
    });
    expect(verdict).toMatchObject({ trust: "proven", ranges: [{ start: 1n, end: 2n, type: "MalformedData" }] });
    expect(verdict.sound.frontier.size).toBe(5n);
  });
});
