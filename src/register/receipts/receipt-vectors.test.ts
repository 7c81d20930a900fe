import { describe, expect, it } from "vitest";
import { readRegisterVectors } from "../../../test/vectors/register-vectors.ts";
import { bytesOfHex } from "../../signatures/byte-text.ts";
import { SIGNATURE_RUNTIMES } from "../../testing/signature-runtimes.ts";
import { noteVerifier } from "../notes/signed-note.ts";
import { verifyReceipt } from "./verify-receipt.ts";

const { registerId, checkpoint, receipts, hostileReceipts } = readRegisterVectors();
const KEY = noteVerifier(`strongroom/register/${registerId}`, bytesOfHex(checkpoint.publicKey));
const TRUST = [
  ["the register's id", { registerId }],
  ["the key of its checkpoints", { checkpointKeys: [KEY] }],
  ["both", { registerId, checkpointKeys: [KEY] }],
] as const;

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
  describe.each(TRUST)("by %s", (__, trust) => {
    it.each(receipts)("are valid: $name", ({ receipt }) => {
      expect(verifyReceipt(JSON.stringify(receipt), trust, suites)).toMatchObject({
        isValid: true,
        transaction: receipt.proof.transaction.body,
        ...(receipt.disclosure && { disclosed: { event: receipt.disclosure.event } }),
      });
    });

    it.each(hostileReceipts)("are not valid when they were altered: $name", ({ receipt: at, path, value }) => {
      const text = JSON.stringify(withAt(receipts[at]?.receipt, path, value));
      expect(verifyReceipt(text, trust, suites).isValid).toBe(false);
    });
  });
});
