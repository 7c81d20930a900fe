import { createRequire } from "node:module";
import { bytesOfHex } from "./byte-text.ts";
import { NODE_ED25519 } from "./node-signature-engines.ts";
import { Shelf } from "./shelf.ts";
import type { SignatureEngine } from "./signature-engine.ts";

/** The part of the package that is used. */
interface Sodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

function sodiumEngine(): SignatureEngine | undefined {
  const sodium = loadedSodium();
  if (!sodium) return undefined;
  const engine = engineOf(sodium);
  return PROBES.every((probe) => isDecidedRight(engine, probe)) ? engine : undefined;
}

function loadedSodium(): Sodium | undefined {
  const require = createRequire(import.meta.url);
  try {
    const loaded: unknown = require("sodium-native");
    return loaded as Sodium;
  } catch {
    // Not installed, or not for this platform.
    return undefined;
  }
}

function engineOf(sodium: Sodium): SignatureEngine {
  const [messages, signatures] = [new Shelf(), new Shelf()];
  return {
    ...NODE_ED25519,
    verifier(publicKey) {
      const key = Buffer.allocUnsafeSlow(publicKey.length);
      key.set(publicKey);
      return (message, signature) =>
        sodium.crypto_sign_verify_detached(signatures.put(signature), messages.put(message), key);
    },
  };
}

interface Probe {
  readonly message: string;
  readonly signature: string;
  readonly isValid: boolean;
}

/*
 * Made under one key with a torsion part, by an R with another: of the first the torsion cancels, of the second it does
 * not, so that a library that verifies with the cofactor accepts it. Releases of libsodium differ there, and a register
 * must not depend on which one is installed.
 */
const PROBE_KEY = "8c02812e4042ea6a8cb647f75e6e7ab9f1812f0a59b56e4c2b236168c676fb7d";
const PROBES: readonly Probe[] = [
  {
    message: "790d08043c0898c4272c42f475b200090df3ca6c5d72f265126372a00dabd83b",
    signature:
      "76855204bc89f79989b90a46826f836d362dc255588dc9334dbd0e50f4e71daf" +
      "00b1957fd6d4c8ac1300f1b743ab566aef08e126f8e20e1aa07b4f0e18895702",
    isValid: true,
  },
  {
    message: "89d1222f4c2b9496583c4814d57d663473f4ab39b79be3ca40daf79b0eae0763",
    signature:
      "76855204bc89f79989b90a46826f836d362dc255588dc9334dbd0e50f4e71daf" +
      "6c6d997df56afb2a8e8ccb2145dbe4e60e38f0e3b416186a2bd460c050df3906",
    isValid: false,
  },
];

function isDecidedRight(engine: SignatureEngine, { message, signature, isValid }: Probe): boolean {
  const check = engine.verifier(bytesOfHex(PROBE_KEY));
  return check(bytesOfHex(message), bytesOfHex(signature)) === isValid;
}

/**
 * Ed25519 verified by libsodium, in half the time of OpenSSL; `undefined` where the optional package `sodium-native` is
 * not installed or does not decide as every other engine does. Signs as `NODE_ED25519`.
 */
export const SODIUM_ED25519: SignatureEngine | undefined = sodiumEngine();
