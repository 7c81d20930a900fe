import { NODE_ED25519, NODE_P256 } from "./node-signature-engines.ts";
import { SignatureSuites } from "./signature-suites.ts";

/** Every suite, computed by Node. One for the process, so that it imports each public key once. */
export const NODE_SIGNATURE_SUITES = new SignatureSuites([NODE_ED25519, NODE_P256]);
