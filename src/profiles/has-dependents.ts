import { VaultError } from "../errors.ts";

/** @param itemIds some of the items that derive from what should be purged */
export function hasDependents(itemIds: readonly string[]): VaultError {
  return new VaultError("has_dependents", "Other items derive from this one.", { details: { dependents: itemIds } });
}
