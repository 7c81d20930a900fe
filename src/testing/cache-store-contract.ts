import { describe } from "vitest";
import { cacheEntriesContract } from "./cache-entries-contract.ts";
import { cacheLeasesContract } from "./cache-leases-contract.ts";
import { cacheLifecycleContract } from "./cache-lifecycle-contract.ts";
import { cacheLoadContract } from "./cache-load-contract.ts";
import { cacheRemovalContract } from "./cache-removal-contract.ts";
import type { OpenCacheStore } from "./cache-store-under-test.ts";

/** What a `CacheStore` must do. Each test opens an empty store of its own. */
export function cacheStoreContract(engine: string, open: OpenCacheStore): void {
  describe(`cache store on ${engine}`, () => {
    cacheEntriesContract(open);
    cacheRemovalContract(open);
    cacheLeasesContract(open);
    cacheLoadContract(open);
    cacheLifecycleContract(open);
  });
}
