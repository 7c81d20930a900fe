import { isDeepStrictEqual } from "node:util";
import { VaultError } from "../errors.ts";
import type { Wallet, WalletStatus } from "./wallet.ts";
import type { WalletChange } from "./wallet-store.ts";

/** Where each status leads. Nothing becomes active again by way of another status than its own. */
const TRANSITIONS: Readonly<Record<WalletStatus, readonly WalletStatus[]>> = {
  active: ["archived", "locked", "deleted"],
  archived: ["active", "deleted"],
  locked: ["active", "deleted"],
  deleted: [],
};

/** What of the patch is a change; members with the values they have already are none. */
export interface PlannedWalletChange {
  readonly change: WalletChange;
  /** Names of the changed members, sorted. */
  readonly changed: readonly (keyof WalletChange)[];
}

/**
 * @param managesAll whether the caller manages the wallets of all: an owner cannot take back a lock, which may have been
 * put on because of the owner
 * @throws `wallet_status_conflict` for a status that the present one does not lead to, or any change of what is deleted;
 * `forbidden` for unlocking
 */
export function planWalletChange(wallet: Wallet, patch: WalletChange, managesAll: boolean): PlannedWalletChange {
  const entries = Object.entries(patch) as [keyof WalletChange, unknown][];
  const changes = entries.filter(([name, value]) => value !== undefined && !isDeepStrictEqual(value, wallet[name]));
  const change = Object.fromEntries(changes) as WalletChange;
  if (changes.length > 0) requireTransition(wallet.status, change.status ?? wallet.status, managesAll);
  return { change, changed: changes.map(([name]) => name).sort() };
}

function requireTransition(from: WalletStatus, to: WalletStatus, managesAll: boolean): void {
  const isLegal = from === to ? from !== "deleted" : TRANSITIONS[from].includes(to);
  if (!isLegal) {
    throw new VaultError("wallet_status_conflict", `A wallet that is ${from} cannot become ${to}.`, {
      details: { status: from },
    });
  }
  if (from === "locked" && to !== "locked" && !managesAll) {
    throw new VaultError("forbidden", "Only who manages wallets may take the lock off one.", {
      hint: "Use a key whose role has the permission wallet:manage.",
      details: { permission: "wallet:manage" },
    });
  }
}
