import { describe, expect, it } from "vitest";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { proofAt } from "../../testing/ledger-receipts.ts";
import { decodeFrame, encodeFrame } from "../ledger/docket-frame.ts";
import { provenTransaction } from "./proven-transaction.ts";

const chain = ledgerOf("proven", [4, 1]);
const bytes = chain.dockets[0]?.bytes ?? new Uint8Array();
const frame = decodeFrame(bytes);

describe("provenTransaction", () => {
  it("holds the transaction, its docket and both paths, in hexadecimal", () => {
    const proven = proofAt(chain, [0, 4]);
    expect(proven).toMatchObject({ index: 4, docket: { header: { height: "0", txCount: 5 } } });
    expect(proven.transaction.body.registerId).toBe(chain.registerId);
    expect(proven.transactionPath).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(proven.docketPath).toHaveLength(1);
    expect(Object.keys(proven.transaction).toSorted()).toEqual(["body", "signatures"]);
  });

  it.each([-1, 5, 0.5, Number.NaN])("refuses position %d of a docket of five", (position) => {
    expect(() => provenTransaction({ bytes, position, docketPath: [] })).toThrow(
      expect.objectContaining({ code: "invalid_value" }),
    );
  });

  it("refuses bytes that are no docket, or hold no transaction", () => {
    const nothing = Uint8Array.of(0);
    const broken = frame && [
      encodeFrame({ ...frame, header: nothing }),
      encodeFrame({ ...frame, seal: nothing }),
      encodeFrame({ ...frame, records: frame.records.with(1, nothing) }),
      bytes.subarray(1),
    ];
    for (const damaged of broken ?? []) {
      expect(() => provenTransaction({ bytes: damaged, position: 1, docketPath: [] })).toThrow(
        expect.objectContaining({ code: "integrity_violation" }),
      );
    }
  });
});
