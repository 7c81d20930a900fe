import type { AuditEventId } from "../identifiers.ts";
import { type IndexedTransaction, type RegisterStore, SEAL_LOOKUPS_MAX } from "./register-store.ts";
import { type Seal, sealOf } from "./seal.ts";

/**
 * Where things are sealed, without opening the register: what it answers is a hint, which the receipt proves. Everything that
 * is not sealed is pending, which all of it is as long as there is no register.
 */
export class SealLookup {
  readonly #store: Pick<RegisterStore, "findByEvents" | "findBySubjectIds">;

  constructor(store: Pick<RegisterStore, "findByEvents" | "findBySubjectIds">) {
    this.#store = store;
  }

  /** By event, for all of them. One read for each 1,000. */
  async ofEvents(eventIds: readonly AuditEventId[]): Promise<ReadonlyMap<AuditEventId, Seal>> {
    return await sealsOf(eventIds, (some) => this.#store.findByEvents(some));
  }

  /** By item, for all of them: where the event is sealed that the item came to be with. One read for each 1,000. */
  async ofItems<Id extends string>(itemIds: readonly Id[]): Promise<ReadonlyMap<Id, Seal>> {
    return await sealsOf(itemIds, (some) => this.#store.findBySubjectIds(some));
  }
}

async function sealsOf<Id extends string>(
  ids: readonly Id[],
  find: (ids: readonly Id[]) => Promise<ReadonlyMap<string, IndexedTransaction>>,
): Promise<ReadonlyMap<Id, Seal>> {
  const wanted = [...new Set(ids)];
  const seals = new Map<Id, Seal>();
  for (let at = 0; at < wanted.length; at += SEAL_LOOKUPS_MAX) {
    const some = wanted.slice(at, at + SEAL_LOOKUPS_MAX);
    const found = await find(some);
    for (const id of some) seals.set(id, sealOf(found.get(id)));
  }
  return seals;
}
