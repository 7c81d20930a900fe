import { nodeSha256 } from "./node-sha256.ts";
import { portableSha256 } from "./portable-sha256.ts";

/**
 * SHA-256 of the parts put one after the other: 32 bytes of their own, which nothing else refers to.
 *
 * The one place that trees and key ids take their hash from: Node's where there is one, else one that runs anywhere.
 */
export const sha256: (...parts: readonly Uint8Array[]) => Uint8Array = nodeSha256 ?? portableSha256;
