import { hexOf, utf8 } from "./byte-text.ts";
import { sha256 } from "./sha256.ts";
import type { SuiteId } from "./signature-suite.ts";

/** Hexadecimal digits of a key id: 128 bits, beyond what anybody can make a second key for. */
const KEY_ID_DIGITS = 32;

/**
 * The name of a public key: the first 32 hexadecimal digits, in lower case, of SHA-256 over `strongroom/key/v1`, a line
 * feed, the algorithm, a line feed and the raw key. The algorithm is part of it, so bytes that two suites read as a key
 * each are two keys.
 */
export function keyIdOf(algorithm: SuiteId, publicKey: Uint8Array): string {
  return hexOf(sha256(utf8(`strongroom/key/v1\n${algorithm}\n`), publicKey)).slice(0, KEY_ID_DIGITS);
}
