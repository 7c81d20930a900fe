import type { AuditEvent } from "../../audit/audit-event.ts";
import { VaultError } from "../../errors.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import type { SystemKeys, SystemSigner } from "../../wallets/system-keys.ts";
import { KEY_PURPOSES, type KeyPurpose, type KeyRecord } from "../ledger/charter.ts";
import type { KeyChange } from "../ledger/transaction.ts";
import type { ChainState } from "../verification/chain-state.ts";

/** The tenant's own keys as its register knows them. */
export class LedgerKeys {
  readonly #keys: SystemKeys;

  constructor(keys: SystemKeys) {
    this.#keys = keys;
  }

  /** The keys that a new register begins with. */
  async first(): Promise<{ readonly signer: SystemSigner; readonly records: readonly KeyRecord[] }> {
    const signer = await this.#keys.current("tx");
    const checkpoint = await this.#keys.current("checkpoint");
    return { signer, records: [recordOf(signer, ["docket", "tx"]), recordOf(checkpoint, ["checkpoint"])] };
  }

  /**
   * A key that may sign this at the register's next height: the one in use, or, while its rotation is not sealed, the one
   * before. Rejects with `integrity_violation` when the vault has none of the register's keys.
   */
  async signerFor(purpose: "docket" | "checkpoint", { keys, frontier }: ChainState): Promise<SystemSigner> {
    const current = await this.#keys.current(purpose === "docket" ? "tx" : "checkpoint");
    if (keys.problemOf(current.keyId, purpose, frontier.size) === undefined) return current;
    for (const { record } of keys.keys.toReversed()) {
      if (keys.problemOf(record.keyId, purpose, frontier.size) !== undefined) continue;
      const signer = await this.#keys.byKeyId(record.keyId);
      if (signer) return signer;
    }
    throw new VaultError("integrity_violation", "The vault has no key that its register would accept.");
  }

  /**
   * What an event of the journal changes about the register's keys. The journal is not believed: only a key whose private
   * part this vault holds, under the tenant's key, becomes one.
   */
  async changesIn({ eventType, eventData }: AuditEvent): Promise<readonly KeyChange[]> {
    if (eventType !== "wallet_key_rotated") return [];
    const { keyId, replaces, purposes } = eventData as { keyId?: unknown; replaces?: unknown; purposes?: unknown };
    const own = purposesIn(purposes);
    if (typeof keyId !== "string" || typeof replaces !== "string" || own.length === 0) return [];
    const [next, before] = await Promise.all([this.#keys.byKeyId(keyId), this.#keys.byKeyId(replaces)]);
    if (!next || !before) return [];
    return [{ add: recordOf(next, own) }, { end: before.keyId, reason: "retired" }];
  }
}

function recordOf({ keyId, algorithm, publicKey }: SystemSigner, purposes: readonly KeyPurpose[]): KeyRecord {
  return { alg: algorithm, keyId, publicKey: hexOf(publicKey), purposes };
}

function purposesIn(purposes: unknown): readonly KeyPurpose[] {
  return Array.isArray(purposes) ? KEY_PURPOSES.filter((purpose) => purposes.includes(purpose)) : [];
}
