import { invariant } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { Entity } from "../repository.ts";
import { ownerUnknown } from "./record-errors.ts";
import { valueOf } from "./record-query.ts";
import type { RecordProperty, RecordShape } from "./record-shape.ts";

/**
 * The first version of a record, as the tenant adds it, or without a tenant the platform, for whoever the record says.
 *
 * @throws `unsupported` when nobody says whose it is, and `invalid_value` for a value that its column does not take
 */
export function addedRecord<T extends Entity>(
  shape: RecordShape<T>,
  entity: Omit<T, "version">,
  tenantId: TenantId | undefined,
): T {
  if (tenantId === undefined && !shape.owner) throw ownerUnknown();
  return ownRecord(shape, shape.record(entity, 1), tenantId);
}

/** What an update replaces: everything. @throws `invalid_value` for a value that its column does not take */
export function wholeChange<T extends Entity>(
  shape: RecordShape<T>,
  entity: Omit<T, "version">,
  tenantId: TenantId | undefined,
): { readonly id: string; readonly change: ReadonlyMap<RecordProperty, unknown> } {
  const record = ownRecord(shape, shape.record(entity, 0), tenantId);
  return { id: record.id, change: new Map(shape.properties.map((property) => [property, valueOf(record, property)])) };
}

function ownRecord<T extends Entity>({ owner }: RecordShape<T>, record: T, tenantId: TenantId | undefined): T {
  const isOwn = tenantId === undefined || !owner || valueOf(record, owner) === tenantId;
  invariant(isOwn, "a record is written by the tenant that it belongs to");
  return record;
}
