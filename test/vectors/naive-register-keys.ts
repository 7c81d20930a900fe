import type { Signature } from "./naive-register-records.ts";
import { type Charter, isAccepted, type KeyChange, type KeyRecord, type Purpose } from "./naive-register-records.ts";

interface KnownKey {
  readonly key: KeyRecord;
  readonly from: number;
  readonly until: number;
}

/** The keys of a register, each with the heights from and until which it is valid. */
export class NaiveKeys {
  readonly #known = new Map<string, KnownKey>();
  /** The same signature is looked at once with and once without a checkpoint, and Ed25519 is slow here. */
  static readonly #accepted = new Map<string, boolean>();

  constructor(charter: Charter | undefined) {
    for (const key of charter?.keys ?? [])
      this.#known.set(key.keyId, { key, from: 0, until: Number.POSITIVE_INFINITY });
  }

  /** The keys as a text, equal where they are equal. */
  get state(): string {
    return [...this.#known.values()]
      .map(({ key, from, until }) => `${key.keyId} ${key.purposes.join()} ${from} ${until}`)
      .join();
  }

  /** Applies what a transaction at a height says, from the next height on. */
  change(change: KeyChange, height: number): void {
    if ("add" in change) {
      const key = change.add;
      if (this.#known.has(key.keyId)) return;
      this.#known.set(key.keyId, { key, from: height + 1, until: Number.POSITIVE_INFINITY });
      return;
    }
    const known = this.#known.get(change.end);
    if (known) this.#known.set(change.end, { ...known, until: Math.min(known.until, height + 1) });
  }

  /** Those valid for a purpose at a height. */
  valid(purpose: Purpose, height: number): readonly KeyRecord[] {
    return [...this.#known.values()]
      .filter(({ key, from, until }) => from <= height && height < until && key.purposes.includes(purpose))
      .map(({ key }) => key);
  }

  /** Checks 7 and 12: a key known, valid at this height, of this algorithm, and a valid signature. */
  isSigned(
    signature: Signature,
    message: Uint8Array,
    at: { readonly purpose: Purpose; readonly height: number },
  ): boolean {
    const key = this.valid(at.purpose, at.height).find(({ keyId }) => keyId === signature.keyId);
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
