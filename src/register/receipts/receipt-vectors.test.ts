import { describe, expect, it } from "vitest";
import { textOfCase } from "../../../test/vectors/register-receipt-texts.ts";
import { readRegisterVectors } from "../../../test/vectors/register-vectors.ts";
import { bytesOfHex } from "../../signatures/byte-text.ts";
import { SIGNATURE_RUNTIMES } from "../../testing/signature-runtimes.ts";
import { noteVerifier } from "../notes/signed-note.ts";
import type { ReceiptTrust } from "./receipt-verdict.ts";
import { verifyReceipt } from "./verify-receipt.ts";

const { checkpoint, receipts, hostileReceipts, receiptTexts } = readRegisterVectors();
const keyOf = (registerId: string) =>
  noteVerifier(`strongroom/register/${registerId}`, bytesOfHex(checkpoint.publicKey));
const TRUST: [name: string, trustIn: (registerId: string) => ReceiptTrust][] = [
  ["the register's id", (registerId) => ({ registerId })],
  ["the key of its checkpoints", (registerId) => ({ checkpointKeys: [keyOf(registerId)] })],
  ["both", (registerId) => ({ registerId, checkpointKeys: [keyOf(registerId)] })],
];

function withAt(receipt: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy: unknown = structuredClone(receipt);
  const parent = path.slice(0, -1).reduce((found, step) => (found as never)[step], copy) as Record<
    string | number,
    unknown
  >;
  parent[path.at(-1) ?? ""] = value;
  return copy;
}

describe.each(SIGNATURE_RUNTIMES)("in %s, the receipts of the vectors", (_, suites) => {
  describe.each(TRUST)("by %s", (__, trustIn) => {
    it.each(receipts)("are valid: $name", ({ receipt }) => {
      expect(verifyReceipt(JSON.stringify(receipt), trustIn(receipt.registerId), suites)).toMatchObject({
        isValid: true,
        transaction: receipt.proof.transaction.body,
        ...(receipt.disclosure && { disclosed: { event: receipt.disclosure.event } }),
      });
    });

    it.each(hostileReceipts)("are not valid when they were altered: $name", ({ receipt: at, path, value }) => {
      const { receipt } = receipts[at] ?? expect.fail("no receipt");
      const { registerId } = path.length > 0 ? receipt : (value as typeof receipt);
      const text = JSON.stringify(path.length > 0 ? withAt(receipt, path, value) : value);
      expect(verifyReceipt(text, trustIn(registerId), suites).isValid).toBe(false);
    });

    it.each(receiptTexts)("are valid or not when they are written so: $name", (one) => {
      const { receipt } = receipts.find(({ name }) => name === one.receipt) ?? expect.fail("no receipt");
      const text = textOfCase(receipt, one);
      expect(text).not.toBe(JSON.stringify(receipt));
      expect(verifyReceipt(text, trustIn(receipt.registerId), suites).isValid).toBe(one.isValid);
    });
  });
});
