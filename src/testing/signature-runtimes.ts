import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import { PORTABLE_SIGNATURE_SUITES } from "../signatures/portable-signature-suites.ts";

/** The suites of every runtime, which all have to come to the same verdicts. */
export const SIGNATURE_RUNTIMES = [
  ["Node", NODE_SIGNATURE_SUITES],
  ["a browser", PORTABLE_SIGNATURE_SUITES],
] as const;
