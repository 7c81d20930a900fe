import type { TenantId } from "../identifiers.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import type { CallContext } from "../tenants/actor.ts";
import { SystemKeyring } from "../wallets/system-keys.ts";
import { WalletGrantService } from "../wallets/wallet-grant-service.ts";
import { WalletKeys } from "../wallets/wallet-keys.ts";
import { WalletService } from "../wallets/wallet-service.ts";
import type { WalletServiceOptions, WalletStores } from "../wallets/wallet-services.ts";
import type { TenantStores } from "./stores.ts";
import type { VaultCore } from "./vault-core.ts";

export interface WalletServices {
  readonly wallets: WalletService;
  readonly walletGrants: WalletGrantService;
}

export function createWalletServices(
  { clock, ids, keyring }: VaultCore,
  binding: { readonly tenantId: TenantId; readonly call: CallContext; readonly stores: TenantStores },
): WalletServices {
  const { tenantId, call, stores } = binding;
  const options: WalletServiceOptions = {
    stores: walletStores(stores),
    keys: new WalletKeys({ tenantId, keyring, ids, suites: NODE_SIGNATURE_SUITES }),
    clock,
    ids,
    call,
    transaction: (work) => stores.transaction((inner) => work(walletStores(inner))),
  };
  return { wallets: new WalletService(options), walletGrants: new WalletGrantService(options) };
}

/** The keys that the registers of all tenants are sealed with. */
export function createSystemKeyring({
  stores,
  ...core
}: Pick<VaultCore, "stores" | "clock" | "ids" | "keyring">): SystemKeyring {
  return new SystemKeyring({
    ...core,
    suites: NODE_SIGNATURE_SUITES,
    storesOf: (tenantId) => stores.forTenant(tenantId),
  });
}

function walletStores({ wallets, walletGrants: grants, apiKeys, audit }: TenantStores): WalletStores {
  return { wallets, grants, apiKeys, audit };
}
