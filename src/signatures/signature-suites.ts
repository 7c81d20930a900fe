import { VaultError } from "../errors.ts";
import { ED25519_RULE } from "./ed25519-rule.ts";
import { P256_RULE } from "./p256-rule.ts";
import { RuledSuite } from "./ruled-suite.ts";
import type { SignatureEngine } from "./signature-engine.ts";
import type { SignatureSuite, SuiteId } from "./signature-suite.ts";

/** The part of a key directory's record that says how its signatures are checked. */
export interface VerificationKey {
  readonly algorithm: SuiteId;
  readonly publicKey: Uint8Array;
}

export interface TaggedSignature {
  /** What the signature says of itself, which is as trustworthy as its author. */
  readonly algorithm: string;
  readonly bytes: Uint8Array;
}

/** The signature suites of one runtime, by id. */
export class SignatureSuites {
  readonly #suites: ReadonlyMap<string, SignatureSuite>;

  /** An engine for each suite; of two engines for one suite the later one counts. */
  constructor(engines: readonly SignatureEngine[]) {
    this.#suites = new Map(engines.map((engine) => [engine.id, new RuledSuite(RULES[engine.id], engine)]));
  }

  /** Undefined when the id names no suite, or none that this runtime has an engine for. */
  find(id: string): SignatureSuite | undefined {
    return this.#suites.get(id);
  }

  /**
   * Whether the signature is valid under the key's own algorithm. A signature that names another one is refused, so
   * that its author cannot choose how it is checked. Otherwise as `SignatureSuite.verify`: it throws only `unsupported`,
   * also when this runtime has no engine for a suite that exists.
   */
  verify(key: VerificationKey, message: Uint8Array, signature: TaggedSignature): boolean {
    if (key.algorithm !== signature.algorithm) return false;
    const suite = this.find(key.algorithm);
    if (suite) return suite.verify(key.publicKey, message, signature.bytes);
    if (!Object.hasOwn(RULES, key.algorithm)) return false;
    throw new VaultError("unsupported", `This runtime has no engine for the signature suite ${key.algorithm}.`);
  }
}

const RULES = { ed25519: ED25519_RULE, p256: P256_RULE } as const;

/** Whether the suite's rule accepts the key, in any runtime. */
export function isAcceptedKey({ algorithm, publicKey }: VerificationKey): boolean {
  const rule = RULES[algorithm];
  return publicKey.length === rule.publicKeyBytes && rule.acceptsPublicKey(publicKey);
}
