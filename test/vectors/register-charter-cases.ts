import { encodedInteger } from "./naive-ed25519.ts";
import { naiveLeafHash, naiveRootOfInclusion } from "./naive-merkle-tree.ts";
import { buildReceipt, noteOf } from "./naive-receipt-builder.ts";
import type { Receipt } from "./naive-receipt-verifier.ts";
import { buildRegister } from "./naive-register-builder.ts";
import { type Charter, hexOf, naiveKeyId } from "./naive-register-records.ts";
import type { ReceiptVector } from "./register-receipt-cases.ts";
import { CHARTER_OF_SAMPLE, event, KEYS, planOf } from "./register-sample.ts";

/* Receipts of registers with another charter, or of another length, than the sample. */

/** Of the first transaction after the genesis. */
function receiptUnder(charter: Charter): Receipt {
  const register = buildRegister(charter, planOf(charter).slice(0, 1));
  return buildReceipt(register, { size: 1, key: KEYS.notary, proof: { height: 0, index: 1 }, keys: [] });
}

/** Nobody can sign with it, and everything else is as it should be. */
export function noPointReceipt(): Receipt {
  const point = encodedInteger(2n);
  const key = { ...KEYS.clerk.record, publicKey: hexOf(point), keyId: naiveKeyId("ed25519", point) };
  return receiptUnder({ ...CHARTER_OF_SAMPLE, keys: [...CHARTER_OF_SAMPLE.keys, key] });
}

export function oddRegisters(): readonly ReceiptVector[] {
  return [
    { name: "of a register from 1970", receipt: receiptUnder({ ...CHARTER_OF_SAMPLE, createdAt: 0 }) },
    { name: "of the first docket of the longest log", receipt: farReceipt(0n) },
    { name: "of the last docket of the longest log", receipt: farReceipt(SIZE_MAX - 1n) },
  ];
}

const SIZE_MAX = 2n ** 63n - 1n;
/** Hashes on the way from the first docket, and from the last, which stands alone on the right. */
const PATH_LENGTHS = { first: 63, last: 62 };

/** That of a docket in a log that nobody could make: only what leads to its root is there. */
function farReceipt(height: bigint, size = SIZE_MAX): Receipt {
  const [first] = planOf(CHARTER_OF_SAMPLE);
  if (!first) throw new Error("The sample has no dockets.");
  const last = { ...first.header, height: String(height), prevDocketHash: "0".repeat(64) };
  const isFirst = height === 0n;
  const plan = isFirst ? first : { ...first, header: last, transactions: [event(1, KEYS.clerk)] };
  const register = buildRegister(CHARTER_OF_SAMPLE, [plan]);
  const proof = { height: 0, index: isFirst ? 1 : 0 };
  const receipt = buildReceipt(register, { size: 1, key: KEYS.notary, proof, keys: [] });
  const path = Array.from({ length: isFirst ? PATH_LENGTHS.first : PATH_LENGTHS.last }, (_, at) =>
    Buffer.alloc(32, at),
  );
  const leafHash = naiveLeafHash(register.dockets[0]?.hash ?? Buffer.of());
  const root = naiveRootOfInclusion(path, { leafHash, index: height, size }) ?? Buffer.of();
  return {
    ...receipt,
    checkpoint: noteOf({ registerId: receipt.registerId, size, root }, KEYS.notary),
    proof: { ...receipt.proof, docketPath: path.map(hexOf) },
  };
}

/** Of a log with the same root and one docket more, which no 64-bit text says. */
export function tooLongNote(): string {
  return farReceipt(0n, SIZE_MAX + 1n).checkpoint;
}
