import { PORTABLE_ED25519, PORTABLE_P256 } from "./portable-signature-engines.ts";
import { SignatureSuites } from "./signature-suites.ts";

/** Every suite, in any runtime. */
export const PORTABLE_SIGNATURE_SUITES = new SignatureSuites([PORTABLE_ED25519, PORTABLE_P256]);
