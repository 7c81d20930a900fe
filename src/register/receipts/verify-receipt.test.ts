import { describe, expect, it } from "vitest";
import { eventDraft, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import {
  checkpointOf,
  originOf,
  proofAt,
  receiptOf,
  trustOf,
  verdictOf,
  verifierOf,
} from "../../testing/ledger-receipts.ts";
import { noteVerifier } from "../notes/signed-note.ts";
import type { Receipt } from "./receipt.ts";

const failedAt = (step: string) => ({ isValid: false, step });
const read = (text: string) => JSON.parse(text) as Receipt;

describe("a receipt of a register that never changed its keys", () => {
  const chain = ledgerOf("plain", [3, 1, 7, 4, 1, 5, 2]);

  it.each([
    [0, 0],
    [0, 3],
    [1, 0],
    [2, 6],
    [4, 0],
    [6, 1],
  ] as const)("proves the transaction at height %i, position %i", (height, position) => {
    const text = receiptOf(chain, { at: [height, position] });
    const docket = chain.dockets[height];
    for (const trust of [
      trustOf(chain).byId,
      trustOf(chain).byKey,
      { ...trustOf(chain).byId, ...trustOf(chain).byKey },
    ]) {
      expect(verdictOf(text, trust)).toEqual({
        isValid: true,
        registerId: chain.registerId,
        checkpoint: { origin: originOf(chain), size: 7n, root: expect.any(Uint8Array) },
        txId: docket?.txIds[position],
        transaction: read(text).proof.transaction.body,
        height: BigInt(height),
        sealedAt: docket?.sealedAt,
      });
    }
  });

  it("is as good with a P-256 key, and in the smallest log", () => {
    const small = ledgerOf("p256", [0], "p256");
    expect(verdictOf(receiptOf(small, { at: [0, 0] }), trustOf(small).byId)).toMatchObject({ isValid: true });
  });

  it("proves nothing to who trusts another register or another key", () => {
    const text = receiptOf(chain, { at: [2, 2] });
    const other = ledgerOf("another", [1]);
    expect(verdictOf(text, trustOf(other).byId)).toMatchObject(failedAt("charter"));
    expect(verdictOf(text, { registerId: chain.registerId.toUpperCase() })).toMatchObject(failedAt("charter"));
    expect(verdictOf(text, trustOf(other).byKey)).toMatchObject(failedAt("checkpoint"));
    expect(verdictOf(text, { checkpointKeys: [verifierOf(chain, other.checkpointKey)] })).toMatchObject(
      failedAt("checkpoint"),
    );
    expect(verdictOf(text, { ...trustOf(chain).byId, ...trustOf(other).byKey })).toMatchObject(failedAt("checkpoint"));
    expect(verdictOf(text, { ...trustOf(other).byId, ...trustOf(chain).byKey })).toMatchObject(failedAt("charter"));
    expect(verdictOf(text, { ...trustOf(chain).byId, checkpointKeys: [] })).toMatchObject(failedAt("checkpoint"));
    expect(verdictOf(text, { checkpointKeys: [verifierOf(other), verifierOf(chain)] })).toMatchObject({
      isValid: true,
    });
  });

  it("takes no trusted key under another name than the log's", () => {
    const { publicKey } = verifierOf(chain);
    const key = { ...chain.checkpointKey };
    const text = receiptOf(chain, {
      at: [1, 0],
      checkpoint: checkpointOf(chain, key).replaceAll("\u2014 s", "\u2014 z"),
    });
    const verifier = { ...noteVerifier(originOf(chain), publicKey), name: originOf(chain).replace("s", "z") };
    expect(verdictOf(text, { checkpointKeys: [verifier] })).toMatchObject(failedAt("checkpoint"));
  });

  it("is not asked without anything that is trusted", () => {
    expect(() => verdictOf(receiptOf(chain, { at: [1, 0] }), {})).toThrow(
      expect.objectContaining({ code: "invalid_value" }),
    );
  });

  it("needs a signature of a checkpoint key, and no false one", () => {
    const stranger = testKey("stranger", ["checkpoint"]);
    const at = [1, 0] as const;
    for (const keys of [[stranger], [chain.signer]]) {
      const text = receiptOf(chain, { at, checkpoint: checkpointOf(chain, ...keys) });
      expect(verdictOf(text, trustOf(chain).byId)).toMatchObject(failedAt("checkpoint"));
    }
    const cosigned = receiptOf(chain, { at, checkpoint: checkpointOf(chain, stranger, chain.checkpointKey) });
    expect(verdictOf(cosigned, trustOf(chain).byId)).toMatchObject({ isValid: true });
    const shorter = ledgerOf("plain", [3, 1]);
    const [, signature] = checkpointOf(shorter).split("\n\n");
    const forged = checkpointOf(chain, stranger) + signature;
    expect(verdictOf(receiptOf(chain, { at, checkpoint: forged }), trustOf(chain).byId)).toMatchObject(
      failedAt("checkpoint"),
    );
  });

  it("is not accepted with the checkpoint of another moment, nor with one that is none", () => {
    const text = receiptOf(chain, { at: [2, 0], checkpoint: checkpointOf(ledgerOf("plain", [3, 1, 7, 4])) });
    expect(verdictOf(text, trustOf(chain).byId)).toMatchObject(failedAt("docket"));
    const early = receiptOf(chain, { at: [2, 0], checkpoint: checkpointOf(ledgerOf("plain", [3, 1])) });
    expect(verdictOf(early, trustOf(chain).byId)).toMatchObject(failedAt("docket"));
    for (const checkpoint of ["", "\n\n", "text", checkpointOf(chain).replace("\n\n", "\nmore\n\n")]) {
      expect(verdictOf(receiptOf(chain, { at: [2, 0], checkpoint }), trustOf(chain).byId)).toMatchObject(
        failedAt("checkpoint"),
      );
    }
  });

  it("is not accepted with parts of another transaction, docket or register", () => {
    const receipt = read(receiptOf(chain, { at: [2, 2] }));
    const { proof } = receipt;
    const neighbour = proofAt(chain, [2, 3]);
    const elsewhere = proofAt(chain, [3, 2]);
    const foreign = proofAt(ledgerOf("another", [3, 1, 7, 4, 1, 5, 2]), [2, 2]);
    const spliced: readonly (readonly [string, object])[] = [
      ["transaction", { transaction: neighbour.transaction }],
      ["transaction", { index: neighbour.index }],
      ["transaction", { transactionPath: neighbour.transactionPath }],
      ["transaction", { transaction: elsewhere.transaction }],
      ["transaction", { transaction: elsewhere.transaction, transactionPath: elsewhere.transactionPath }],
      ["transaction", { transaction: foreign.transaction, transactionPath: foreign.transactionPath }],
      ["transaction", { transaction: { ...proof.transaction, body: neighbour.transaction.body } }],
      ["docket", { docket: elsewhere.docket }],
      ["docket", { docketPath: elsewhere.docketPath }],
      ["docket", { docket: foreign.docket, docketPath: foreign.docketPath }],
      ["docket", { docket: { ...proof.docket, seal: elsewhere.docket.seal } }],
      ["docket", { docketPath: [...proof.docketPath, "0".repeat(64)] }],
      ["transaction", { transactionPath: proof.transactionPath.slice(1) }],
    ];
    for (const [step, parts] of spliced) {
      expect(verdictOf({ ...receipt, proof: { ...proof, ...parts } }, trustOf(chain).byId)).toMatchObject(
        failedAt(step),
      );
    }
    expect(verdictOf({ ...receipt, proof: foreign }, trustOf(chain).byId)).toMatchObject(failedAt("docket"));
  });

  it("is not accepted of a docket with two beginnings, whoever sealed it", () => {
    const genesis = { type: "genesis", createdAt: 0, charter: chain.charter } as const;
    const twice = withDocket(chain, [eventDraft("a"), genesis]);
    expect(verdictOf(receiptOf(twice, { at: [7, 1] }), trustOf(chain).byId)).toMatchObject(failedAt("transaction"));
  });
});
