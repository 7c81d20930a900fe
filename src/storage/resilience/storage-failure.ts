import { isVaultError, VaultError } from "../../errors.ts";
import type { TierName } from "./tier-policy.ts";

/** What speaks against the engine, and not against its caller. */
export type FailureCode = "storage_unavailable" | "storage_timeout";

/** The tier that an error came from: what passes through the transaction of a second one is not that one's fault. */
const origins = new WeakMap<object, TierName>();
/** Calls that a guard did not let through. */
const refusals = new WeakSet<object>();

/** The failure of the tier that this error is news of. */
export function failureOf(tier: TierName, error: unknown): FailureCode | undefined {
  if (!isVaultError(error) || refusals.has(error)) return undefined;
  const { code } = error;
  if (code !== "storage_unavailable" && code !== "storage_timeout") return undefined;
  // An engine may reject any number of calls with one error.
  if (!origins.has(error)) origins.set(error, tier);
  return origins.get(error) === tier ? code : undefined;
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

/**
 * Whether doing without the tier is an answer. It is none to a caller who left, or who asked for what cannot be, or
 * after the end.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof VaultError)) return true;
  return OUTAGE_KINDS.has(error.kind) && error.code !== "aborted" && error.code !== "closed";
}
