import { VaultError } from "../../errors.ts";

/** What a command that had no answer in its time is rejected with, before it is translated. */
export class CommandTimeout extends Error {
  override readonly name = "CommandTimeout";
}

/** Replies that say the server, not the command, is at fault: it may be well in a moment. */
const UNAVAILABLE = new Set([
  "LOADING",
  "READONLY",
  "CLUSTERDOWN",
  "MASTERDOWN",
  "NOREPLICAS",
  "TRYAGAIN",
  "BUSY",
  "OOM",
  "MISCONF",
  "MOVED",
  "ASK",
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
]);
const UNAUTHENTICATED = new Set(["NOAUTH", "WRONGPASS", "NOPERM"]);

/**
 * A registered error for whatever the driver rejects with. The driver's own errors carry the command with its
 * arguments, which are keys and values of customers, so none becomes a cause: only its code goes on.
 */
export function translateError(error: unknown): VaultError {
  if (error instanceof VaultError) return error;
  if (error instanceof CommandTimeout) {
    return new VaultError("storage_timeout", "Redis did not answer in time.");
  }
  if (isBug(error)) return new VaultError("internal_error", "A command of Redis could not be built.", { cause: error });
  if (!isReply(error)) return unavailable(reasonOfFailure(error));
  const reason = /^-?([A-Z]+)\b/.exec(error.message)?.[1] ?? "ERR";
  if (UNAVAILABLE.has(reason)) return unavailable(reason);
  if (reason === "WRONGTYPE") {
    return new VaultError("integrity_violation", "A key of Redis holds what the vault did not store there.", {
      hint: "Give the vault a key prefix of its own.",
    });
  }
  return new VaultError("internal_error", "Redis refused a command.", { details: { reason } });
}

/** What the language throws, which no connection does. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

function unavailable(reason: string): VaultError {
  return new VaultError("storage_unavailable", "Redis cannot be reached or does not serve.", {
    details: { reason },
    ...(UNAUTHENTICATED.has(reason) && { hint: "Check the user, the password and the user's rights in the URL." }),
  });
}

/** The system's code of a failed connection, such as ECONNREFUSED; the driver has none for one that is not there. */
function reasonOfFailure(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : "DISCONNECTED";
}
