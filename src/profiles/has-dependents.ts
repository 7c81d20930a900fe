import { VaultError } from "../errors.ts";

/** Dependents that the error names. */
export const DEPENDENTS_NAMED_MAX = 20;

/** @param itemIds the items that derive from what should be purged, the first `DEPENDENTS_NAMED_MAX` by id */
export function hasDependents(itemIds: readonly string[]): VaultError {
  return new VaultError("has_dependents", "Other items derive from this one.", { details: { dependents: itemIds } });
}
