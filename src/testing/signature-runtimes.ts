import { NODE_P256 } from "../signatures/node-signature-engines.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import { SODIUM_ED25519 } from "../signatures/node-sodium-signature-engine.ts";
import { PORTABLE_SIGNATURE_SUITES } from "../signatures/portable-signature-suites.ts";
import { SignatureSuites } from "../signatures/signature-suites.ts";

/** The suites of every runtime, which all have to come to the same verdicts. */
export const SIGNATURE_RUNTIMES = [
  ["Node", NODE_SIGNATURE_SUITES],
  ["Node with libsodium", new SignatureSuites(SODIUM_ED25519 ? [SODIUM_ED25519, NODE_P256] : [])],
  ["a browser", PORTABLE_SIGNATURE_SUITES],
] as const;
