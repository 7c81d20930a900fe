import { describe, expect, it } from "vitest";
import { alteredReceipt } from "../../../test/vectors/register-receipt-cases.ts";
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

describe.each(SIGNATURE_RUNTIMES)("in %s, the receipts of the vectors", (_, suites) => {
  describe.each(TRUST)("by %s", (__, trustIn) => {
    it.each(receipts)("are valid: $name", ({ receipt }) => {
      expect(verifyReceipt(JSON.stringify(receipt), trustIn(receipt.registerId), suites)).toMatchObject({
        isValid: true,
        transaction: receipt.proof.transaction.body,
        ...(receipt.disclosure && { disclosed: { event: receipt.disclosure.event } }),
      });
    });

    it.each(hostileReceipts)("are not valid when they were altered: $name", (one) => {
      const { receipt, registerId } = alteredReceipt(receipts, one);
      expect(verifyReceipt(JSON.stringify(receipt), trustIn(registerId), suites).isValid).toBe(false);
    });

    it.each(receiptTexts)("are valid or not when they are written so: $name", (one) => {
      const { receipt } = receipts.find(({ name }) => name === one.receipt) ?? expect.fail("no receipt");
      const text = textOfCase(receipt, one);
      expect(text).not.toBe(JSON.stringify(receipt));
      expect(verifyReceipt(text, trustIn(receipt.registerId), suites).isValid).toBe(one.isValid);
    });
  });
});
