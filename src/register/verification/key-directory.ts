import { bytesOfHex } from "../../signatures/byte-text.ts";
import type { VerificationKey } from "../../signatures/signature-suites.ts";
import type { Charter, KeyPurpose, KeyRecord } from "../ledger/charter.ts";
import type { KeyChange } from "../ledger/transaction.ts";

/** Why a key may not sign something. */
export type KeyProblem = "key_unknown" | "key_not_yet_valid" | "key_retired" | "key_revoked" | "key_purpose";

/** A key of a register with the heights at which it is valid. */
export interface DirectoryKey {
  readonly record: KeyRecord;
  readonly from: bigint;
  /** The first height at which it is not valid any more. */
  readonly until?: { readonly height: bigint; readonly reason: "retired" | "revoked" };
}

/** What of a key's record its signatures are verified with. */
interface KnownKey extends DirectoryKey {
  readonly verification: VerificationKey;
}

/** The keys that the charter and the transactions of a register have made known, up to some height. A value. */
export class KeyDirectory {
  readonly #keys: ReadonlyMap<string, KnownKey>;
  /** How many changes it took: two directories of one register with the same number are the same. */
  readonly version: number;

  private constructor(keys: ReadonlyMap<string, KnownKey>, version: number) {
    this.#keys = keys;
    this.version = version;
  }

  static of(keys: readonly DirectoryKey[], version: number): KeyDirectory {
    return new KeyDirectory(new Map(keys.map((key) => [key.record.keyId, withVerification(key)])), version);
  }

  /** The first keys, valid from height 0 on. */
  static ofCharter({ keys }: Charter): KeyDirectory {
    return KeyDirectory.of(
      keys.map((record) => ({ record, from: 0n })),
      0,
    );
  }

  get keys(): readonly DirectoryKey[] {
    return [...this.#keys.values()].map(({ verification: _, ...key }) => key);
  }

  find(keyId: string): KnownKey | undefined {
    return this.#keys.get(keyId);
  }

  /** Why the key may not sign this at this height, or `undefined` when it may. */
  problemOf(keyId: string, purpose: KeyPurpose, height: bigint): KeyProblem | undefined {
    const key = this.#keys.get(keyId);
    if (!key) return "key_unknown";
    if (height < key.from) return "key_not_yet_valid";
    if (key.until && height >= key.until.height) return `key_${key.until.reason}`;
    return key.record.purposes.includes(purpose) ? undefined : "key_purpose";
  }

  /** The directory from the height after this one on. What is known or ended already stays as it is. */
  after(height: bigint, changes: readonly KeyChange[]): KeyDirectory {
    if (changes.length === 0) return this;
    const keys = new Map(this.#keys);
    const from = height + 1n;
    for (const change of changes) {
      if ("add" in change) {
        if (!keys.has(change.add.keyId)) keys.set(change.add.keyId, withVerification({ record: change.add, from }));
      } else {
        const key = keys.get(change.end);
        if (key && !key.until) keys.set(change.end, { ...key, until: { height: from, reason: change.reason } });
      }
    }
    return new KeyDirectory(keys, this.version + changes.length);
  }
}

function withVerification(key: DirectoryKey): KnownKey {
  const { alg, publicKey } = key.record;
  return { ...key, verification: { algorithm: alg, publicKey: bytesOfHex(publicKey) } };
}
