import * as crypto from "node:crypto";
import { Shelf } from "./shelf.ts";
import type { SignatureEngine } from "./signature-engine.ts";

/** What stands before the raw key in the DER encodings of RFC 8410, SEC 1 and RFC 5480. */
const ED25519_PUBLIC = Buffer.from("302a300506032b6570032100", "hex");
const ED25519_PRIVATE = Buffer.from("302e020100300506032b657004220420", "hex");
const P256_PUBLIC = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");
const P256_PRIVATE = Buffer.from("30310201010420", "hex");
const P256_PRIVATE_END = Buffer.from("a00a06082a8648ce3d030107", "hex");

const RAW_P256 = { dsaEncoding: "ieee-p1363" } as const;

const MESSAGES = new Shelf();
const SIGNATURES = new Shelf();

export const NODE_ED25519: SignatureEngine = {
  id: "ed25519",
  verifier(publicKey) {
    const key = publicKeyOf(ED25519_PUBLIC, publicKey);
    return (message, signature) => crypto.verify(null, MESSAGES.put(message), key, SIGNATURES.put(signature));
  },
  signer(privateKey) {
    const encoded = Buffer.concat([ED25519_PRIVATE, privateKey]);
    const key = crypto.createPrivateKey({ key: encoded, format: "der", type: "pkcs8" });
    encoded.fill(0);
    const publicKey = crypto.createPublicKey(key).export({ format: "der", type: "spki" });
    return {
      publicKey: new Uint8Array(publicKey.subarray(ED25519_PUBLIC.length)),
      sign: (message) => new Uint8Array(crypto.sign(null, MESSAGES.put(message), key)),
    };
  },
  randomBytes,
};

export const NODE_P256: SignatureEngine = {
  id: "p256",
  verifier(publicKey) {
    const key = { key: publicKeyOf(P256_PUBLIC, publicKey), ...RAW_P256 };
    return (message, signature) => crypto.verify("sha256", MESSAGES.put(message), key, SIGNATURES.put(signature));
  },
  signer(privateKey) {
    const encoded = Buffer.concat([P256_PRIVATE, privateKey, P256_PRIVATE_END]);
    const key = { key: crypto.createPrivateKey({ key: encoded, format: "der", type: "sec1" }), ...RAW_P256 };
    encoded.fill(0);
    const exchange = crypto.createECDH("prime256v1");
    exchange.setPrivateKey(privateKey);
    return {
      publicKey: new Uint8Array(exchange.getPublicKey(null, "compressed")),
      sign: (message) => new Uint8Array(crypto.sign("sha256", MESSAGES.put(message), key)),
    };
  },
  randomBytes,
};

function publicKeyOf(prefix: Uint8Array, raw: Uint8Array): crypto.KeyObject {
  return crypto.createPublicKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "spki" });
}

function randomBytes(size: number): Uint8Array {
  return new Uint8Array(crypto.randomBytes(size));
}
