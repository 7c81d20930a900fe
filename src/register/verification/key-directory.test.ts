import { describe, expect, it } from "vitest";
import { emptyLedger, testKey } from "../../testing/ledger-chain.ts";
import { KeyDirectory } from "./key-directory.ts";

const { charter, signer, checkpointKey } = emptyLedger("directory");
const [next, other] = [testKey("directory/next", ["tx"], "p256"), testKey("directory/other", ["docket"])];
const begun = KeyDirectory.ofCharter(charter);

describe("the keys of a register", () => {
  it("are those of its charter from height 0 on, for their purposes", () => {
    expect(begun.problemOf(signer.keyId, "tx", 0n)).toBeUndefined();
    expect(begun.problemOf(signer.keyId, "docket", 2n ** 63n)).toBeUndefined();
    expect(begun.problemOf(signer.keyId, "checkpoint", 0n)).toBe("key_purpose");
    expect(begun.problemOf(checkpointKey.keyId, "docket", 0n)).toBe("key_purpose");
    expect(begun.problemOf(next.keyId, "tx", 0n)).toBe("key_unknown");
    expect(begun.find(next.keyId)).toBeUndefined();
    expect(begun.version).toBe(0);
  });

  it("are valid from the height after the one that adds them", () => {
    const grown = begun.after(7n, [{ add: next.record }]);
    expect(grown.problemOf(next.keyId, "tx", 7n)).toBe("key_not_yet_valid");
    expect(grown.problemOf(next.keyId, "tx", 8n)).toBeUndefined();
    expect(grown.find(next.keyId)).toMatchObject({
      record: next.record,
      from: 8n,
      verification: { algorithm: "p256" },
    });
    expect(begun.find(next.keyId)).toBeUndefined();
  });

  it.each(["retired", "revoked"] as const)(
    "are not valid from the height after the one that says they are %s",
    (reason) => {
      const grown = begun.after(7n, [{ end: signer.keyId, reason }]);
      expect(grown.problemOf(signer.keyId, "tx", 7n)).toBeUndefined();
      expect(grown.problemOf(signer.keyId, "tx", 8n)).toBe(`key_${reason}`);
      expect(grown.problemOf(checkpointKey.keyId, "checkpoint", 8n)).toBeUndefined();
    },
  );

  it("stay as they are once they are known and once they have ended", () => {
    const ended = begun.after(1n, [{ end: signer.keyId, reason: "retired" }]);
    const again = ended.after(2n, [{ add: signer.record }, { end: signer.keyId, reason: "revoked" }]);
    expect(again.keys).toEqual(ended.keys);
    const more = begun.after(1n, [{ add: { ...checkpointKey.record, purposes: ["checkpoint", "tx"] } }]);
    expect(more.keys).toEqual(begun.keys);
    expect(begun.after(1n, [{ end: next.keyId, reason: "retired" }]).keys).toEqual(begun.keys);
    const atOnce = begun.after(1n, [{ add: next.record }, { end: next.keyId, reason: "revoked" }]);
    expect(atOnce.problemOf(next.keyId, "tx", 2n)).toBe("key_revoked");
  });

  it("are told apart by how many changes they took", () => {
    const changes = [{ add: next.record }, { add: other.record }] as const;
    expect(begun.after(1n, [])).toBe(begun);
    expect(begun.after(1n, changes).version).toBe(2);
    expect(begun.after(1n, changes).after(2n, [{ end: next.keyId, reason: "retired" }]).version).toBe(3);
  });

  it("are the same when they are read again", () => {
    const grown = begun.after(1n, [{ add: next.record }, { end: signer.keyId, reason: "retired" }]);
    const read = KeyDirectory.of(grown.keys, grown.version);
    expect(read).toEqual(grown);
    expect(read.keys).toEqual([
      { record: signer.record, from: 0n, until: { height: 2n, reason: "retired" } },
      { record: checkpointKey.record, from: 0n },
      { record: next.record, from: 2n },
    ]);
    expect(read.problemOf(next.keyId, "tx", 2n)).toBeUndefined();
  });
});
