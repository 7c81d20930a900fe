import type { OperationalState } from "../register/operational-state.ts";
import type { RegisterCounts } from "../register/registers.ts";
import type { StorageHealth } from "../storage/health.ts";

export interface VaultHealth extends StorageHealth {
  /** Of the registers that this process verifies, or has verified, how many are in each state. */
  readonly registers: RegisterCounts;
}

const UNWELL: readonly OperationalState[] = ["Degraded", "Recovering", "PeerSyncInProgress", "Offline"];

/**
 * What the tiers and the registers come to. A register that is not whole makes the vault degraded and never unready:
 * it is one tenant's, and profiles and sessions do without it.
 */
export function vaultHealth({ status, tiers }: StorageHealth, registers: RegisterCounts): VaultHealth {
  const isImpaired = UNWELL.some((state) => (registers[state] ?? 0) > 0);
  return { status: status === "ready" && isImpaired ? "degraded" : status, tiers, registers };
}
