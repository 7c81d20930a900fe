import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { WalletId } from "../identifiers.ts";
import type { Actor } from "../tenants/actor.ts";
import { roleAllows } from "../tenants/role.ts";
import type { GrantRight, Wallet, WalletOwner } from "./wallet.ts";
import type { WalletGrantStore } from "./wallet-store.ts";

/** An actor as the owner of what it makes. */
export function ownerOf({ type, id }: Actor): WalletOwner {
  return type === "system" ? { type, id: null } : { type, id };
}

/** Nobody owns the wallets of the vault itself, not even the system in whose name a host calls. */
function isOwner({ owner, systemRole }: Wallet, actor: Actor): boolean {
  return systemRole === null && owner.type === actor.type && owner.id === actor.id;
}

/** Whether the caller may see and change the wallets of all. */
export function managesAll(actor: Actor): boolean {
  return actor.type === "system" || roleAllows(actor.role, "wallet:manage");
}

export interface AccessQuestion {
  readonly walletId: WalletId;
  /** What was found under the id. */
  readonly wallet: Wallet | undefined;
  readonly actor: Actor;
  readonly at: Instant;
}

/** A wallet that the caller may see, with what else it may do. */
export interface Access {
  readonly wallet: Wallet;
  readonly owns: boolean;
  readonly manages: boolean;
  /** The rights of the active grants, which are not read for who owns the wallet, nor for who manages it, unless for a signature. */
  readonly rights: readonly GrantRight[];
}

/**
 * What the caller may do with a wallet.
 *
 * `askGrants` reads the grants of a manager, too: managing a wallet is no right to sign with it
 * @throws `wallet_not_found` also when the caller may not know that there is one
 */
export async function accessOf(
  question: AccessQuestion,
  grants: Pick<WalletGrantStore, "listActive">,
  { askGrants = false }: { readonly askGrants?: boolean } = {},
): Promise<Access> {
  const { wallet, actor } = question;
  if (!wallet) throw walletNotFound();
  const owns = isOwner(wallet, actor);
  const manages = owns || managesAll(actor);
  const rights = owns || (manages && !askGrants) ? [] : await grantedRights(question, grants);
  if (!manages && rights.length === 0) throw walletNotFound();
  return { wallet, owns, manages, rights };
}

async function grantedRights(
  { actor, walletId, at }: AccessQuestion,
  grants: Pick<WalletGrantStore, "listActive">,
): Promise<readonly GrantRight[]> {
  if (actor.type !== "api_key") return [];
  const active = await grants.listActive({ grantee: actor.id, walletId, at });
  return active.map(({ right }) => right);
}

/** @throws `forbidden` when the caller neither owns the wallet nor manages all of them */
export function requireManaged({ wallet, manages }: Access): Wallet {
  if (manages) return wallet;
  throw new VaultError("forbidden", "Only the owner of a wallet, or who manages wallets, may do this.", {
    hint: "Ask the owner of the wallet, or use a key whose role has the permission wallet:manage.",
    details: { permission: "wallet:manage" },
  });
}

/** @throws `forbidden` for the vault's own wallets */
export function requireOfCallers(wallet: Wallet): Wallet {
  if (wallet.systemRole === null) return wallet;
  throw new VaultError("forbidden", "This wallet is the vault's own: callers can only rotate its key.", {
    hint: "Make a wallet of your own.",
  });
}

function walletNotFound(): VaultError {
  return new VaultError("wallet_not_found", "There is no such wallet in this tenant, or it is not for you to see.");
}
