import { VaultError } from "../errors.ts";
import type { SessionId } from "../identifiers.ts";

/** The error of a save that comes too late. */
export function staleSession(sessionId: SessionId): VaultError {
  const message = "The session is not in the version that was to be replaced.";
  return new VaultError("version_mismatch", message, { details: { sessionId } });
}
