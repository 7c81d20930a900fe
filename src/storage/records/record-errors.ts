import { VaultError } from "../../errors.ts";

/** @param rule `id`, or the name of the unique rule that the record breaks */
export function recordExists(rule: string): VaultError {
  return new VaultError("record_exists", "A record with this id or these values exists.", { details: { rule } });
}

export function recordNotFound(): VaultError {
  return new VaultError("record_not_found", "There is no such record.");
}

export function versionMismatch(expectedVersion: number): VaultError {
  return new VaultError("version_mismatch", "The record has changed since the expected version.", {
    details: { expectedVersion },
  });
}

/** The platform, which belongs to no tenant, cannot add a record that does not say whose it is. */
export function ownerUnknown(): VaultError {
  return new VaultError("unsupported", "Records of this kind are added by the tenant that they belong to.");
}
