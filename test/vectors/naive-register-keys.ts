import type { Signature } from "./naive-register-records.ts";
import { type Charter, isAccepted, type KeyChange, type KeyRecord, type Purpose } from "./naive-register-records.ts";

interface KnownKey {
  readonly key: KeyRecord;
  readonly from: bigint;
  /** Absent when it has not ended. */
  readonly until?: bigint;
}

/** What a key signs, and where. */
interface Use {
  readonly purpose: Purpose;
  readonly height: bigint;
}

/** The keys of a register, each with the heights from and until which it is valid. */
export class NaiveKeys {
  readonly #known = new Map<string, KnownKey>();
  /** The same signature is looked at once with and once without a checkpoint, and Ed25519 is slow here. */
  static readonly #accepted = new Map<string, boolean>();

  constructor(charter: Charter | undefined) {
    for (const key of charter?.keys ?? []) this.#known.set(key.keyId, { key, from: 0n });
  }

  /** The keys as a text, equal where they are equal. */
  get state(): string {
    return [...this.#known.values()]
      .map(({ key, from, until }) => `${key.keyId} ${key.purposes.join()} ${from} ${until}`)
      .join();
  }

  /** Applies what a transaction at a height says, from the next height on. */
  change(change: KeyChange, height: bigint): void {
    if ("add" in change) {
      const key = change.add;
      if (this.#known.has(key.keyId)) return;
      this.#known.set(key.keyId, { key, from: height + 1n });
      return;
    }
    const known = this.#known.get(change.end);
    if (known) this.#known.set(change.end, { ...known, until: known.until ?? height + 1n });
  }

  /** Those for a purpose that have not ended. */
  left(purpose: Purpose): readonly KeyRecord[] {
    const left = [...this.#known.values()].filter(({ until }) => until === undefined);
    return left.map(({ key }) => key).filter(({ purposes }) => purposes.includes(purpose));
  }

  /** The one with this id, if it is valid for a purpose at a height. */
  #valid(keyId: string, { purpose, height }: Use): KeyRecord | undefined {
    const { key, from, until } = this.#known.get(keyId) ?? {};
    if (!key || from === undefined || height < from || (until !== undefined && height >= until)) return undefined;
    return key.purposes.includes(purpose) ? key : undefined;
  }

  /** Checks 7 and 12: a key known, valid at this height, of this algorithm, and a valid signature. */
  isSigned(signature: Signature, message: Uint8Array, use: Use): boolean {
    const key = this.#valid(signature.keyId, use);
    if (key?.alg !== signature.alg) return false;
    const look = `${key.keyId} ${signature.sig} ${Buffer.from(message).toString("latin1")}`;
    const isValid = NaiveKeys.#accepted.get(look) ?? isAccepted(key, message, Buffer.from(signature.sig, "base64url"));
    NaiveKeys.#accepted.set(look, isValid);
    return isValid;
  }
}

/** What is signed for a transaction id or a docket hash. */
export function signedMessage(kind: "tx" | "docket", hash: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`strongroom/${kind}/v1\n`), hash]);
}
