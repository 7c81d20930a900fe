import type { TenantId, WalletId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import type { CachedKind } from "../storage/cache/cached-reads.ts";
import type { Wallet } from "./wallet.ts";

/** The keys of what is cached of one tenant's wallets. */
export class WalletCacheKeys {
  readonly #tenantId: TenantId;
  /** Of every entry. */
  readonly tag: string;

  constructor(tenantId: TenantId) {
    this.#tenantId = tenantId;
    this.tag = `${tenantId}:wallets`;
  }

  wallet(walletId: WalletId): string {
    return `${this.#tenantId}:wallet:${walletId}:v1`;
  }
}

/** What every entry says that it is. Rises when wallets are kept in another form. */
const FORMAT = 1;

/** A wallet, which holds nothing that is secret. That there is none is not kept. */
export class WalletKind implements CachedKind<Wallet | null> {
  readonly event: CachedKind<unknown>["event"];
  readonly tagged: CachedKind<unknown>["tagged"];
  readonly #lifeMs: number;

  constructor(tenantId: TenantId, { tag }: WalletCacheKeys, lifeMs: number) {
    this.event = { tenantId, keyType: "wallet" };
    this.tagged = { tags: [tag] };
    this.#lifeMs = lifeMs;
  }

  encode(wallet: Wallet | null): JsonValue {
    return { format: FORMAT, wallet: wallet as unknown as JsonValue };
  }

  decode(stored: JsonValue): Wallet | undefined {
    if (typeof stored !== "object" || stored === null) return undefined;
    const { format, wallet } = stored as { readonly format?: unknown; readonly wallet?: unknown };
    return format === FORMAT && typeof wallet === "object" && wallet !== null ? (wallet as Wallet) : undefined;
  }

  lifeMs(wallet: Wallet | null): number {
    return wallet === null ? 0 : this.#lifeMs;
  }
}
