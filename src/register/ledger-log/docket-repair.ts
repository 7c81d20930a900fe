import type { Instant } from "../../clock.ts";
import { VaultError } from "../../errors.ts";
import { decodeRecord, encodeRecord } from "../../signatures/protocol-record.ts";
import type { WormDescriptor } from "../../storage/worm-store.ts";

/** A docket that stands in for one that was damaged. The damaged one stays where it is. */
export interface DocketRepair {
  readonly height: bigint;
  readonly docketHash: string;
  /** Where it came from. */
  readonly source: string;
  readonly verifiedAt: Instant;
  /** The type of the damage. */
  readonly reason: string;
  readonly bytes: Uint8Array;
}

const LENGTH_BYTES = 4;

/** Repairs in the write-once tier: a record with its length before it, then the docket's bytes. */
export const DOCKET_REPAIRS: WormDescriptor<DocketRepair> = {
  name: "docket_repair",
  encode({ height, bytes, ...facts }) {
    const record = encodeRecord({ ...facts, height: height.toString() });
    const encoded = new Uint8Array(LENGTH_BYTES + record.length + bytes.length);
    new DataView(encoded.buffer).setUint32(0, record.length);
    encoded.set(record, LENGTH_BYTES);
    encoded.set(bytes, LENGTH_BYTES + record.length);
    return encoded;
  },
  decode(encoded) {
    const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length);
    const length = encoded.length < LENGTH_BYTES ? encoded.length : view.getUint32(0);
    const record = decodeRecord(encoded.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
    const height = record?.["height"];
    if (typeof height !== "string" || !/^\d{1,19}$/.test(height)) {
      throw new VaultError("integrity_violation", "A repair cannot be read.");
    }
    const facts = record as unknown as Omit<DocketRepair, "height" | "bytes">;
    return { ...facts, height: BigInt(height), bytes: encoded.subarray(LENGTH_BYTES + length) };
  },
  indexed: ({ height, docketHash, reason }) => ({ height: height.toString(), docketHash, reason }),
};
