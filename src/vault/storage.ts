import type { CacheStore } from "../storage/cache-store.ts";
import type { DocumentDatabase } from "../storage/document-store.ts";
import type { TierProbe } from "../storage/health.ts";
import type { WormDatabase } from "../storage/worm-store.ts";
import type { Stores } from "./stores.ts";

/** The tiers besides the relational one. */
export interface Tiers {
  readonly hot: CacheStore;
  readonly documents: DocumentDatabase;
  readonly cold: WormDatabase;
}

/** Everything a vault keeps things in, open. */
export interface Storage extends AsyncDisposable {
  readonly stores: Stores;
  readonly tiers: Tiers;
  /** One for each tier. */
  readonly probes: readonly TierProbe[];
}
