import { isVaultError, VaultError } from "../../errors.ts";
import type { TierName } from "./tier-policy.ts";

/** What speaks against the engine, and not against its caller. */
export type FailureCode = "storage_unavailable" | "storage_timeout";

/** Failures that a tier was blamed for already: one that passes through a second tier's transaction is not its fault. */
const blamed = new WeakSet<object>();
/** Calls that a guard did not let through. */
const refusals = new WeakSet<object>();

/** The failure that this error is news of, once. */
export function takeFailure(error: unknown): FailureCode | undefined {
  if (!isVaultError(error) || blamed.has(error) || refusals.has(error)) return undefined;
  const { code } = error;
  if (code !== "storage_unavailable" && code !== "storage_timeout") return undefined;
  blamed.add(error);
  return code;
}

/** Whether the engine was never asked. */
export function isRefusal(error: unknown): boolean {
  return error instanceof VaultError && refusals.has(error);
}

export function circuitOpenError(tier: TierName): VaultError {
  return refusal(tier, "circuit_open", "The storage is out of order; it is used again as soon as it answers.");
}

export function overloadedError(tier: TierName): VaultError {
  return refusal(tier, "overloaded", "The storage has more calls to do than it may be given at once.");
}

export function deadlineError(tier: TierName): VaultError {
  return new VaultError("storage_timeout", "The storage did not answer in time.", { details: { tier } });
}

function refusal(tier: TierName, reason: "circuit_open" | "overloaded", message: string): VaultError {
  const error = new VaultError("storage_unavailable", message, { details: { tier, reason } });
  refusals.add(error);
  return error;
}

/** Kinds that say that the tier could not do it, whatever was asked. */
const OUTAGE_KINDS = new Set(["timeout", "unavailable", "integrity", "internal"]);

/** Whether doing without the tier is an answer. It is none to a caller who left, or who asked for what cannot be, or after the end. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof VaultError)) return true;
  return OUTAGE_KINDS.has(error.kind) && error.code !== "aborted" && error.code !== "closed";
}
