import { type ErrorItem, VaultError } from "../errors.ts";
import { isUuid } from "../identifiers.ts";
import type { SourceInput } from "./field-input.ts";
import { type ItemKind, type ItemSource, isItemSource, SOURCES_PER_ITEM_MAX } from "./item.ts";
import type { WriteContext } from "./profile-store.ts";

/** An item about to be written, as its lineage sees it. */
export interface PlannedItem {
  readonly id: string;
  readonly kind: ItemKind;
  readonly sources: readonly ItemSource[];
  /** JSON Pointer to the item in the request. */
  readonly path: string;
}

export function normaliseSources(sources: readonly SourceInput[] | undefined): ItemSource[] {
  return (sources ?? []).map(({ type, id, metadata }) => ({ type, id: id ?? null, metadata: metadata ?? {} }));
}

/** Ids of the items that sources name: those to look up before a write is planned. */
export function itemIdsOf(sources: readonly SourceInput[] | undefined): string[] {
  return normaliseSources(sources)
    .filter(isItemSource)
    .map((source) => source.id)
    .filter((id) => typeof id === "string" && isUuid(id));
}

/**
 * Refuses sources that do not exist, were deleted, or would make an item its own ancestor. Only items of one write
 * can name each other, since what is stored already cannot name what is not.
 *
 * @throws `lineage_cycle`, `source_not_found`, `item_exists`, `limit_exceeded` with the places in `errors`
 */
export function assertLineage(items: readonly PlannedItem[], stored: WriteContext["items"]): void {
  const storedById = new Map(stored.map((item) => [item.id as string, item]));
  const plannedById = new Map(items.map((item) => [item.id, item]));
  const taken = items.filter((item) => storedById.has(item.id));
  if (taken.length > 0) {
    throw failure(
      "item_exists",
      "An item with this id exists already.",
      taken.map((item) => `${item.path}/id`),
    );
  }
  if (items.some((item) => item.sources.length > SOURCES_PER_ITEM_MAX)) {
    throw new VaultError("limit_exceeded", `An item has at most ${SOURCES_PER_ITEM_MAX} sources.`, {
      details: { sourcesMax: SOURCES_PER_ITEM_MAX },
    });
  }
  const cyclic = items.filter((item) => reaches(item, item.id, { plannedById, seen: new Set() }));
  if (cyclic.length > 0) {
    throw failure(
      "lineage_cycle",
      "An item would be its own source.",
      cyclic.map((item) => `${item.path}/sources`),
    );
  }
  const missing = items.flatMap((item) =>
    item.sources.flatMap((source, index) => {
      if (!isItemSource(source)) return [];
      const target = plannedById.get(source.id) ?? storedById.get(source.id);
      const exists = target?.kind === source.type && !("deleted" in target && target.deleted);
      return exists ? [] : [`${item.path}/sources/${index}`];
    }),
  );
  if (missing.length > 0) throw failure("source_not_found", "A source item does not exist.", missing);
}

function reaches(
  from: PlannedItem,
  id: string,
  walk: { plannedById: ReadonlyMap<string, PlannedItem>; seen: Set<string> },
): boolean {
  return from.sources.filter(isItemSource).some((source) => {
    if (source.id === id) return true;
    const next = walk.plannedById.get(source.id);
    if (!next || walk.seen.has(next.id)) return false;
    walk.seen.add(next.id);
    return reaches(next, id, walk);
  });
}

function failure(
  code: "lineage_cycle" | "source_not_found" | "item_exists",
  message: string,
  paths: readonly string[],
): VaultError {
  const errors: ErrorItem[] = paths.map((path) => ({ path, code, message }));
  return new VaultError(code, message, { errors });
}
