import { LRUCache } from "lru-cache";
import { VaultError } from "../errors.ts";
import { type AcceptanceRule, PRIVATE_KEY_BYTES, SIGNATURE_BYTES } from "./acceptance-rule.ts";
import type { EquationCheck, SignatureEngine } from "./signature-engine.ts";
import type { KeyPair, SignatureSuite, Signer } from "./signature-suite.ts";

/** Public keys that a suite keeps imported, because an import costs as much as a verification. */
export const KEPT_KEYS = 1024;

/** Behind the first byte, which has but two values in a compressed point. */
const PLACE_BYTES = 6;

interface KeptKey {
  readonly publicKey: Uint8Array;
  readonly check: EquationCheck;
}

const MESSAGE_BYTES_MAX = 2 ** 30;

/** A suite that asks its rule first and its engine for what is left. */
export class RuledSuite implements SignatureSuite {
  readonly id: SignatureSuite["id"];
  readonly #rule: AcceptanceRule;
  readonly #engine: SignatureEngine;
  readonly #kept = new LRUCache<number, KeptKey>({ max: KEPT_KEYS });

  constructor(rule: AcceptanceRule, engine: SignatureEngine) {
    this.id = rule.id;
    this.#rule = rule;
    this.#engine = engine;
  }

  acceptsPublicKey(publicKey: Uint8Array): boolean {
    return isBytes(publicKey, this.#rule.publicKeyBytes) && this.#rule.acceptsPublicKey(publicKey);
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (!isBytes(signature, SIGNATURE_BYTES) || !this.#rule.acceptsSignature(signature)) return false;
    if (!isMessage(message)) return false;
    return this.#checkOf(publicKey)?.(message, signature) ?? false;
  }

  signer(privateKey: Uint8Array): Signer {
    if (!isBytes(privateKey, PRIVATE_KEY_BYTES) || !this.#rule.acceptsPrivateKey(privateKey)) {
      throw new VaultError("invalid_value", `The bytes are not a private key of the suite ${this.id}.`);
    }
    const signer = this.#computed(() => this.#engine.signer(privateKey));
    return {
      publicKey: signer.publicKey,
      sign: (message) => {
        if (!isMessage(message)) throw new VaultError("limit_exceeded", "The message is longer than 1 GiB.");
        return this.#rule.normalised(signer.sign(message));
      },
    };
  }

  generate(): KeyPair {
    let privateKey = this.#engine.randomBytes(PRIVATE_KEY_BYTES);
    while (!this.#rule.acceptsPrivateKey(privateKey)) privateKey = this.#engine.randomBytes(PRIVATE_KEY_BYTES);
    return { privateKey, publicKey: this.signer(privateKey).publicKey };
  }

  /** Only keys that the rule accepts are kept, so a kept key is not checked again. */
  #checkOf(publicKey: Uint8Array): EquationCheck | undefined {
    if (!isBytes(publicKey, this.#rule.publicKeyBytes)) return undefined;
    const place = placeOf(publicKey);
    const kept = this.#kept.get(place);
    if (kept && isSame(kept.publicKey, publicKey)) return kept.check;
    if (!this.#rule.acceptsPublicKey(publicKey)) return undefined;
    const check = this.#computed(() => this.#engine.verifier(publicKey));
    this.#kept.set(place, { publicKey: publicKey.slice(), check });
    return check;
  }

  #computed<T>(compute: () => T): T {
    try {
      return compute();
    } catch (cause) {
      throw new VaultError("unsupported", `This runtime cannot compute the signature suite ${this.id}.`, { cause });
    }
  }
}

/** A number that says most of a key, found faster than a text that says all. Of two keys with one place, one is kept. */
function placeOf(publicKey: Uint8Array): number {
  let place = 0;
  for (let at = 1; at <= PLACE_BYTES; at++) place = place * 256 + (publicKey[at] as number);
  return place;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

function isBytes(value: unknown, size: number): boolean {
  return value instanceof Uint8Array && value.length === size;
}

function isMessage(value: unknown): boolean {
  return value instanceof Uint8Array && value.length <= MESSAGE_BYTES_MAX;
}
