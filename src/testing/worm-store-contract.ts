import { describe } from "vitest";
import { wormAppendContract } from "./worm-append-contract.ts";
import { wormBatchContract } from "./worm-batch-contract.ts";
import { wormIntegrityContract } from "./worm-integrity-contract.ts";
import { wormLargeContract } from "./worm-large-contract.ts";
import { wormLifecycleContract } from "./worm-lifecycle-contract.ts";
import { wormQueryContract } from "./worm-query-contract.ts";
import { wormReadContract } from "./worm-read-contract.ts";
import { wormScanContract } from "./worm-scan-contract.ts";
import { type OpenWormStorage, wormSuite } from "./worm-storage.ts";

export type { KeptRow, LogPlace, OpenWormStorage, WormStorage } from "./worm-storage.ts";

/** What a `WormDatabase` and its stores must do. */
export function wormStoreContract(engine: string, open: OpenWormStorage): void {
  describe(`WORM store on ${engine}`, () => {
    const suite = wormSuite(open);
    wormAppendContract(suite);
    wormBatchContract(suite);
    wormReadContract(suite);
    wormScanContract(suite);
    wormQueryContract(suite);
    wormIntegrityContract(suite);
    wormLifecycleContract(suite);
  });
  describe(`WORM store on ${engine}`, () => wormLargeContract(wormSuite(open)));
}
