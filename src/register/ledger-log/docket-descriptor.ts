import { instantOf } from "../../clock.ts";
import type { JsonObject } from "../../json.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import { isSameIndexed } from "../../storage/worm/worm-document.ts";
import { WormHasher } from "../../storage/worm/worm-hash.ts";
import type { StoredWormRecord, WormDescriptor } from "../../storage/worm-store.ts";
import { readHeader } from "../ledger/docket.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";

/**
 * Dockets in the write-once tier: the bytes as they are. Reading them never fails, because whatever is stored has to be
 * looked at.
 */
export const DOCKETS: WormDescriptor<Uint8Array> = {
  name: "docket",
  encode: (bytes) => bytes,
  decode: (bytes) => bytes,
  indexed: indexedOf,
};

/** What is kept beside a docket's bytes for whoever looks into the database. */
function indexedOf(bytes: Uint8Array): JsonObject {
  const frame = decodeFrame(bytes);
  const header = frame && readHeader(frame.header);
  if (!header) return {};
  const { txCount, sealedAt, epoch } = header;
  return { docketHash: hexOf(frame.docketHash), txCount, sealedAt, epoch };
}

/** Tells whether what is kept beside the bytes of a docket agrees with them (check 2 of `docs/register-format.md`). */
export class DocketRowCheck {
  readonly #hasher: WormHasher;

  constructor(registerId: string) {
    this.#hasher = new WormHasher(DOCKETS.name, registerId);
  }

  agrees(row: StoredWormRecord): boolean {
    const { sealedAt, hash } = row;
    const indexed = indexedOf(row.bytes);
    const at = indexed["sealedAt"];
    // Bytes without a header say nothing that could disagree, and fail a check of their own.
    return (
      sealedAt !== null &&
      (typeof at !== "number" || instantOf(at) === sealedAt) &&
      isSameIndexed(row.indexed, indexed) &&
      this.#hasher.hash({ ...row, sealedAt }) === hash
    );
  }
}
