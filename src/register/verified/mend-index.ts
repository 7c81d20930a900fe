import { type DocketIndex, SEAL_LOOKUPS_MAX } from "../register-store.ts";
import { docketIndexOf } from "./docket-index.ts";
import type { RegisterParts } from "./register-parts.ts";
import type { JudgedDocket } from "./verify-ledger.ts";

/** A docket that was just verified, as it is stored. */
export interface SoundDocket {
  readonly height: bigint;
  readonly bytes: Uint8Array;
}

/**
 * Compares the index with dockets that were just verified, and puts right what differs: a transaction that was taken out of it
 * would be sealed and yet be listed nowhere. Dockets that are not indexed yet wait for their turn. What was altered is in the
 * journal before it is put right, and therefore will be sealed.
 */
export async function mendIndex(
  { store, tenantId, registerId, events, journal }: RegisterParts,
  dockets: readonly SoundDocket[],
): Promise<void> {
  const indexedCount = await store.indexedCount();
  const due = dockets.filter(({ height }) => height < indexedCount);
  for (const lookup of lookupsOf(due.map(({ height, bytes }) => docketIndexOf(height, bytes, [])))) {
    const heights = await store.findMisindexed(lookup);
    const [first, last] = [heights[0], heights.at(-1)];
    if (first === undefined || last === undefined) continue;
    const altered = { startHeight: first.toString(), endHeight: last.toString(), docketCount: heights.length };
    await journal("register_index_altered", { registerId, ...altered });
    events.registerIndexAltered({ tenantId, registerId, ...altered });
    const wrong = new Set(heights);
    for (const docket of lookup) if (wrong.has(docket.height)) await store.reindex(docket);
  }
}

/** The docket that was judged, if it is there and passed. */
export function soundOf({ height, bytes, problem }: JudgedDocket): readonly SoundDocket[] {
  return bytes && !problem ? [{ height, bytes }] : [];
}

/** As many at once as can be compared at once. */
function* lookupsOf(dockets: readonly DocketIndex[]): Generator<readonly DocketIndex[]> {
  let lookup: DocketIndex[] = [];
  let count = 0;
  for (const docket of dockets) {
    if (count + docket.transactions.length > SEAL_LOOKUPS_MAX) {
      yield lookup;
      lookup = [];
      count = 0;
    }
    lookup.push(docket);
    count += docket.transactions.length;
  }
  if (lookup.length > 0) yield lookup;
}
