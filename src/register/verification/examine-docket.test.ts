import { describe, expect, it } from "vitest";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { encodeRecord, type ProtocolRecord } from "../../signatures/protocol-record.ts";
import { emptyLedger, ledgerOf, testKey } from "../../testing/ledger-chain.ts";
import { type DocketFrame, decodeFrame, encodeFrame } from "../ledger/docket-frame.ts";
import { TRANSACTION_BYTES_MAX } from "../ledger/transaction.ts";
import { assembleDocket, type LedgerSigner, type TransactionDraft } from "../sealing/assemble-docket.ts";
import { stateOfCharter } from "./chain-state.ts";
import { examineDocket, nothingRead } from "./examine-docket.ts";
import { KeyDirectory } from "./key-directory.ts";

const chain = ledgerOf("examined", [2, 2]);
const { registerId, charter, signer, checkpointKey } = chain;
const [first, second] = chain.dockets.map(({ bytes }) => decodeFrame(bytes) as DocketFrame);
const stranger = testKey("examined/stranger", ["docket", "tx"]);

interface Place {
  readonly height?: bigint;
  readonly keys?: KeyDirectory;
  readonly registerId?: string;
}

function examine(frame: DocketFrame | undefined, place: Place = {}) {
  const keys = KeyDirectory.ofCharter(charter);
  const bytes = frame ? encodeFrame(frame) : new Uint8Array();
  return examineDocket(bytes, { registerId, height: 1n, keys, suites: NODE_SIGNATURE_SUITES, ...place });
}

/** The second docket with another record at its first place, or with other signatures there. */
function withRecord(record: Uint8Array): DocketFrame {
  return { ...(second as DocketFrame), records: [record, ...(second?.records.slice(1) ?? [])] };
}

function withSignature(members: Readonly<Record<string, string>>): DocketFrame {
  const record = JSON.parse(Buffer.from(second?.records[0] ?? []).toString()) as { signatures: ProtocolRecord[] };
  const signatures = record.signatures.map((signature) => ({ ...signature, ...members }));
  return withRecord(encodeRecord({ ...(record as unknown as ProtocolRecord), signatures }));
}

/** The docket of height 0 with other first transactions than a genesis with the charter. */
function beginning(...transactions: readonly TransactionDraft[]): DocketFrame | undefined {
  const draft = { transactions, signer, epoch: 1n, sealedAt: 0 };
  return decodeFrame(assembleDocket(stateOfCharter(registerId, charter), draft).bytes);
}

function signedBy(key: LedgerSigner): DocketFrame | undefined {
  const state = chain.dockets[0]?.state ?? chain.state;
  const event = JSON.parse(Buffer.from(second?.records[0] ?? []).toString()) as { body: TransactionDraft };
  const { sender: _, prevTxId: __, ...draft } = event.body;
  return decodeFrame(assembleDocket(state, { transactions: [draft], signer: key, epoch: 1n, sealedAt: 0 }).bytes);
}

describe("what is wrong with a transaction", () => {
  const genesis: TransactionDraft = { type: "genesis", createdAt: 0, charter };
  const event = JSON.parse(Buffer.from(second?.records[0] ?? []).toString()) as { body: TransactionDraft };
  const ended = (reason: "retired" | "revoked") =>
    KeyDirectory.ofCharter(charter).after(0n, [{ end: signer.keyId, reason }]);
  const early = KeyDirectory.of([{ record: signer.record, from: 2n }], 0);
  const first0 = { height: 0n };

  it.each([
    ["malformed", withRecord(Uint8Array.of(1)), {}],
    ["malformed", withRecord(new Uint8Array(TRANSACTION_BYTES_MAX)), {}],
    ["too_large", withRecord(new Uint8Array(TRANSACTION_BYTES_MAX + 1)), {}],
    ["wrong_register", second, { registerId: "0".repeat(32) }],
    ["wrong_id", withRecord(second?.records[1] ?? new Uint8Array()), {}],
    ["wrong_type", first, {}],
    ["wrong_type", second, first0],
    ["wrong_charter", beginning({ ...genesis, charter: emptyLedger("another").charter }), first0],
    ["algorithm_mismatch", withSignature({ alg: "p256" }), {}],
    ["signature_invalid", withSignature({ sig: "A".repeat(86) }), {}],
    ["key_unknown", signedBy(stranger), {}],
    ["key_purpose", signedBy(checkpointKey), {}],
    ["key_not_yet_valid", second, { keys: early }],
    ["key_retired", second, { keys: ended("retired") }],
    ["key_revoked", second, { keys: ended("revoked") }],
  ] as const)("is called %s: %#", (problem, frame, place) => {
    const { failing } = examine(frame, place);
    const hexIds = frame?.txIds.map((id) => Buffer.from(id).toString("hex"));
    expect(failing[0]).toEqual({ txId: hexIds?.[0], problem });
  });

  it("is told of by the id that is listed, or by its own, or not at all", () => {
    const frame = second as DocketFrame;
    const own = Buffer.from(frame.txIds[1] ?? []).toString("hex");
    expect(examine({ ...frame, txIds: frame.txIds.slice(0, 1) }).failing).toEqual([{ txId: own, problem: "wrong_id" }]);
    const unnamed = examine({ ...frame, records: [...frame.records, Uint8Array.of(1)] });
    expect(unnamed).toMatchObject({ failing: [], problem: { check: "count" } });
  });

  it("is a matter of form before it is one of signatures", () => {
    const frame = withSignature({ sig: "A".repeat(86) });
    const [one, two] = frame.records as readonly [Uint8Array, Uint8Array];
    const both = { ...frame, records: [one, Uint8Array.of(1)] };
    expect(examine(both).failing.map(({ problem }) => problem)).toEqual(["signature_invalid", "malformed"]);
    expect(examine({ ...frame, records: [one, two] }).problem).toMatchObject({ check: "root" });
    expect(examine(beginning(genesis, genesis), first0).problem).toMatchObject({ check: "transactionForm" });
    expect(examine(beginning(event.body), first0).problem).toMatchObject({ check: "transactionForm" });
    expect(examine(signedBy(stranger)).problem).toMatchObject({ check: "seal" });
  });
});

describe("a docket of which nothing can be read", () => {
  it("says nothing", () => {
    const keys = KeyDirectory.ofCharter(charter).after(0n, [{ add: stranger.record }]);
    const problem = { check: "frame", details: "The bytes are no frame of a docket." } as const;
    const nothing = {
      height: 5n,
      keysVersion: 1,
      problem,
      failing: [],
      framedHash: undefined,
      header: undefined,
      firstPrevTxId: undefined,
      lastTxId: undefined,
      isInOrder: true,
      keyChanges: [],
      transactionCount: 0,
    };
    expect(examine(undefined, { height: 5n, keys })).toEqual(nothing);
    expect(nothingRead({ height: 5n, keys }, problem)).toEqual(nothing);
  });
});
