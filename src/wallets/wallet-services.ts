import type { AuditEventInsert } from "../audit/audit-event.ts";
import type { AuditWriter } from "../audit/audit-store.ts";
import type { Clock } from "../clock.ts";
import type { IdGenerator } from "../identifiers.ts";
import type { CallContext } from "../tenants/actor.ts";
import type { ApiKeyStore } from "../tenants/api-key-store.ts";
import type { WalletKeys } from "./wallet-keys.ts";
import type { WalletGrantStore, WalletStore } from "./wallet-store.ts";

/** What use cases on wallets read and write. */
export interface WalletStores {
  readonly wallets: WalletStore;
  readonly grants: WalletGrantStore;
  readonly apiKeys: Pick<ApiKeyStore, "get">;
  readonly audit: AuditWriter;
}

export interface WalletServiceOptions {
  readonly stores: WalletStores;
  readonly keys: WalletKeys;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly call: CallContext;
  /** Commits what `work` does when it resolves, and undoes it when it rejects. */
  transaction<T>(work: (stores: WalletStores) => Promise<T>): Promise<T>;
}

/** Makes an audit event about a wallet in the name of the caller. */
export function walletEvent(
  { clock, ids, call }: Pick<WalletServiceOptions, "clock" | "ids" | "call">,
  { eventType, eventData }: Pick<AuditEventInsert, "eventType" | "eventData"> & { eventData: { walletId: string } },
): AuditEventInsert {
  return {
    id: ids.uuid(),
    eventType,
    customerId: null,
    subjectId: eventData.walletId,
    actor: call.actor,
    requestId: call.requestId,
    eventData,
    timestamp: clock.now(),
  };
}
