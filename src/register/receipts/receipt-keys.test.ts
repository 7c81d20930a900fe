import { describe, expect, it } from "vitest";
import { eventDraft, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { checkpointOf, keyDraft, proofAt, receiptOf, trustOf, verdictOf } from "../../testing/ledger-receipts.ts";
import type { Receipt } from "./receipt.ts";

const failedAt = (step: string) => ({ isValid: false, step });
const read = (text: string) => JSON.parse(text) as Receipt;

describe("a receipt of a register that changed its keys", () => {
  const second = testKey("second", ["docket", "tx"], "p256");
  const sealing = testKey("sealing", ["docket"]);
  const checkpointing = testKey("checkpointing", ["checkpoint"]);
  const begun = ledgerOf("rotated", [1]);
  const first = begun.signer;
  const added = withDocket(begun, [
    eventDraft("b"),
    keyDraft("add", { add: second.record }),
    keyDraft("more", { add: checkpointing.record }, { add: sealing.record }),
  ]);
  const bySecond = withDocket(added, [eventDraft("c"), eventDraft("d")], second);
  const end = keyDraft(
    "end",
    { end: first.keyId, reason: "retired" },
    { end: begun.checkpointKey.keyId, reason: "revoked" },
  );
  const ended = withDocket(bySecond, [end], second);
  const chain = [eventDraft("e"), eventDraft("f")].reduce((grown, draft) => withDocket(grown, [draft], second), ended);
  const checkpoint = checkpointOf(chain, checkpointing);
  const ALL = [
    [1, 1],
    [1, 2],
    [3, 0],
  ] as const;

  it.each([
    [0, 0],
    [1, 0],
    [1, 1],
    [2, 1],
    [3, 0],
    [5, 0],
  ] as const)("proves the transaction at height %i, position %i, with the keys in any order", (...at) => {
    for (const keysAt of [ALL, ALL.toReversed(), [...ALL, ...ALL]]) {
      const text = receiptOf(chain, { at, keysAt, checkpoint });
      expect(verdictOf(text, trustOf(chain).byId)).toMatchObject({ isValid: true, height: BigInt(at[0]) });
      expect(verdictOf(text, trustOf(chain, checkpointing).byKey)).toMatchObject({ isValid: true });
    }
  });

  it("needs the transactions that made its keys known, and no others", () => {
    const at = [5, 0] as const;
    const trust = trustOf(chain, checkpointing).byKey;
    expect(verdictOf(receiptOf(chain, { at, keysAt: [[1, 1]], checkpoint }), trust)).toMatchObject({ isValid: true });
    expect(verdictOf(receiptOf(chain, { at, keysAt: [[1, 2]], checkpoint }), trust)).toMatchObject(failedAt("docket"));
    expect(verdictOf(receiptOf(chain, { at, keysAt: [[1, 1]], checkpoint }), trustOf(chain).byId)).toMatchObject(
      failedAt("checkpoint"),
    );
    // The docket of the third is sealed with a key that the first made known.
    expect(verdictOf(receiptOf(chain, { at: [0, 0], keysAt: [[3, 0]], checkpoint }), trust)).toMatchObject(
      failedAt("key"),
    );
    expect(
      verdictOf(
        receiptOf(chain, {
          at,
          keysAt: [
            [1, 1],
            [1, 0],
          ],
          checkpoint,
        }),
        trust,
      ),
    ).toMatchObject(failedAt("key"));
  });

  it("takes no checkpoint of a key that is ended, unless that is the one that is trusted", () => {
    const old = { at: [5, 0], checkpoint: checkpointOf(chain, chain.checkpointKey) } as const;
    expect(verdictOf(receiptOf(chain, { ...old, keysAt: ALL }), trustOf(chain).byId)).toMatchObject(
      failedAt("checkpoint"),
    );
    expect(verdictOf(receiptOf(chain, { ...old, keysAt: ALL }), trustOf(chain).byKey)).toMatchObject({ isValid: true });
    // Who leaves out the end of a key is not found out.
    expect(verdictOf(receiptOf(chain, { ...old, keysAt: ALL.slice(0, 2) }), trustOf(chain).byId)).toMatchObject({
      isValid: true,
    });
  });

  it("does not find out who leaves out that a key had ended before, or was known for less", () => {
    const key = testKey("revived", ["tx"]);
    const more = { ...key.record, purposes: ["checkpoint", "docket", "tx"] } as const;
    const known = withDocket(ledgerOf("revived", [1]), [keyDraft("a", { add: key.record })]);
    const revoked = withDocket(known, [keyDraft("b", { end: key.keyId, reason: "revoked" })]);
    const again = withDocket(withDocket(revoked, [keyDraft("c", { add: more })]), [eventDraft("e")]);
    const by = (...heights: readonly number[]) => {
      const keysAt = heights.map((height) => [height, 0] as const);
      return receiptOf(again, { at: [4, 0], keysAt, checkpoint: checkpointOf(again, key) });
    };
    const { byId, byKey } = trustOf(again);
    for (const told of [by(1, 2, 3), by(1, 3), by(1)]) {
      expect(verdictOf(told, byId)).toMatchObject(failedAt("checkpoint"));
    }
    expect(verdictOf(by(3), byId)).toMatchObject({ isValid: true });
    expect(verdictOf(by(2, 3), byId)).toMatchObject({ isValid: true });
    // Who has the key of the checkpoints from elsewhere takes none that a receipt revives.
    expect(verdictOf(by(3), byKey)).toMatchObject(failedAt("checkpoint"));
  });

  it("takes nothing signed with a key before it is known, or from its end on", () => {
    const keysAt = [...ALL];
    const own = checkpointing;
    const early = withDocket(begun, [keyDraft("add", { add: second.record })], second);
    const earlyReceipt = receiptOf(early, { at: [1, 0], keysAt: [[1, 0]] });
    expect(verdictOf(earlyReceipt, trustOf(early).byId)).toMatchObject(failedAt("key"));
    const noOwnKey = receiptOf(early, { at: [1, 0] });
    expect(verdictOf(noOwnKey, trustOf(early).byId)).toMatchObject(failedAt("docket"));

    const late = withDocket(chain, [eventDraft("late")], first);
    const lateReceipt = receiptOf(late, { at: [6, 0], keysAt, checkpoint: checkpointOf(late, own) });
    expect(verdictOf(lateReceipt, trustOf(late).byId)).toMatchObject({
      ...failedAt("docket"),
      reason: expect.stringContaining("key_retired"),
    });

    const unknown = withDocket(chain, [eventDraft("unknown")], testKey("unknown", ["docket", "tx"]));
    const unknownReceipt = receiptOf(unknown, { at: [6, 0], keysAt, checkpoint: checkpointOf(unknown, own) });
    expect(verdictOf(unknownReceipt, trustOf(unknown).byId)).toMatchObject({
      ...failedAt("docket"),
      reason: expect.stringContaining("key_unknown"),
    });

    const unfit = withDocket(chain, [eventDraft("unfit")], sealing);
    const unfitReceipt = receiptOf(unfit, { at: [6, 0], keysAt, checkpoint: checkpointOf(unfit, own) });
    expect(verdictOf(unfitReceipt, trustOf(unfit).byId)).toMatchObject({
      ...failedAt("transaction"),
      reason: expect.stringContaining("key_purpose"),
    });
  });

  it("takes no key from another register, however well it is proven there", () => {
    const other = withDocket(ledgerOf("another", [1]), [keyDraft("add", { add: second.record })]);
    const receipt = read(receiptOf(chain, { at: [5, 0], keysAt: [[1, 1]], checkpoint }));
    const trust = trustOf(chain, checkpointing).byKey;
    expect(verdictOf(receipt, trust)).toMatchObject({ isValid: true });
    expect(verdictOf({ ...receipt, keys: [proofAt(other, [1, 0])] }, trust)).toMatchObject(failedAt("key"));
    expect(verdictOf({ ...receipt, charter: other.charter }, trust)).toMatchObject(failedAt("charter"));
    const renamed = { ...receipt, charter: other.charter, registerId: other.registerId };
    expect(verdictOf(renamed, trust)).toMatchObject(failedAt("checkpoint"));
  });
});
