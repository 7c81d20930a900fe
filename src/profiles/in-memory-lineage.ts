import type { ProfileTables } from "./in-memory-profile-tables.ts";
import { isItemSource } from "./item.ts";
import type { ReachedItem } from "./lineage.ts";
import type { LinkedItem } from "./profile-store.ts";

/** Breadth first from an item of a live customer; each item once, nearest first, then in order of insertion. */
export function walk(
  tables: ProfileTables,
  startId: string,
  { depth, next }: { depth: number; next: (id: string) => readonly string[] },
): ReachedItem[] | undefined {
  const start = tables.item(startId);
  if (!start || !tables.liveCustomer(start.customerId)) return undefined;
  const distances = new Map<string, number>([[startId, 0]]);
  let level = [startId];
  for (let distance = 1; distance <= depth && level.length > 0; distance++) {
    level = [...new Set(level.flatMap(next))].filter((id) => !distances.has(id));
    for (const id of level) distances.set(id, distance);
  }
  return [...distances]
    .flatMap(([id, distance]) => {
      const row = tables.item(id);
      return row ? [{ row, distance }] : [];
    })
    .sort((a, b) => a.distance - b.distance || (a.row.sequence < b.row.sequence ? -1 : 1))
    .map(({ row, distance }) => ({ item: tables.lineageItemOf(row), distance }));
}

/** The items with their direct sources and direct dependents, each once. */
export function linkedItems(tables: ProfileTables, itemIds: readonly string[]): LinkedItem[] {
  const ids = new Set(itemIds);
  for (const id of itemIds) {
    for (const source of tables.item(id)?.sources ?? []) if (isItemSource(source)) ids.add(source.id);
    for (const child of tables.childrenOf(id)) ids.add(child.id);
  }
  return [...ids].flatMap((each) => {
    const row = tables.item(each);
    return row ? [{ id: row.id, customerId: row.customerId }] : [];
  });
}
