import { isVaultError, VaultError } from "strongroom/storage";

/** Primary result codes of SQLite: another connection is writing. */
const BUSY = [5, 6];

/** True while another connection is writing. */
export function isBusy(error: unknown): boolean {
  return BUSY.includes(primaryCodeOf(error) ?? 0);
}

/** True when it is the file that failed, and not what was asked of it. */
export function isUnusable(error: unknown): boolean {
  if (isBusy(error) || !(error instanceof Error)) return false;
  return primaryCodeOf(error) !== undefined || "syscall" in error;
}

/** The registered error for one of SQLite or of the file system. Whatever else failed is a bug and stays as it is. */
export function translateError(error: unknown): unknown {
  if (isVaultError(error)) return error;
  if (isBusy(error)) {
    return new VaultError("storage_timeout", "Another process kept the cache's file busy.", { cause: error });
  }
  if (isUnusable(error)) {
    return new VaultError("storage_unavailable", "The cache's file cannot be used.", { cause: error });
  }
  return error;
}

/** Extended codes have the primary one in their low byte. */
function primaryCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}
