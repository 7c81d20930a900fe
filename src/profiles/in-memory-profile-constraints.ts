import { invariant } from "../errors.ts";
import type { ItemId } from "../identifiers.ts";
import type { FieldRow, ProfileTables } from "./in-memory-profile-tables.ts";
import { type ItemLifecycle, isCurrentlyActive } from "./item.ts";

/*
 * What a database refuses by its constraints, this engine refuses in the same cases: a planner that breaks one has
 * a bug, which must not wait for another engine to be found.
 */

interface Identified {
  readonly id: ItemId;
}

export function assertFieldConstraints(tables: ProfileTables, changed: readonly Identified[]): void {
  for (const { id } of changed) {
    const row = tables.fields.get(id);
    if (!row) continue;
    assertLifecycle(row);
    assertLink(row, (linked) => tables.fields.get(linked) !== undefined);
    invariant((row.value === null) !== (row.sealedValue === null), "a field has a value, in clear or encrypted");
    assertOneActive(tables, row);
  }
}

export function assertAssetConstraints(tables: ProfileTables, changed: readonly Identified[]): void {
  for (const { id } of changed) {
    const row = tables.assets.get(id);
    if (!row) continue;
    assertLifecycle(row);
    assertLink(row, (linked) => tables.assets.get(linked) !== undefined);
  }
}

function assertLifecycle(item: ItemLifecycle): void {
  const { status } = item;
  invariant((status === "superseded") === (item.supersededAt !== null), "a superseded item has its stamp");
  invariant(status === "superseded" || item.supersededById === null, "only a superseded item has a successor");
  invariant(status !== "expired" || item.expiredAt !== null, "an expired item has its stamp");
  invariant(status !== "orphaned" || item.orphanedAt !== null, "an orphaned item has its stamp");
  invariant(isCurrentlyActive(item) === (item.endedAt === null), "an item that ended has its stamp");
}

function assertLink(item: ItemLifecycle, exists: (id: ItemId) => boolean): void {
  invariant(item.supersededById === null || exists(item.supersededById), "a successor exists");
}

function assertOneActive(tables: ProfileTables, row: FieldRow): void {
  if (!isCurrentlyActive(row)) return;
  const twin = tables.fields.find(
    (other) =>
      other.id !== row.id && other.customerId === row.customerId && other.name === row.name && isCurrentlyActive(other),
  );
  invariant(!twin, "a field has one active version");
}
