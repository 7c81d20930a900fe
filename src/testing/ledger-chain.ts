import { createHash } from "node:crypto";
import { type Charter, type KeyRecord, registerIdOf } from "../register/ledger/charter.ts";
import {
  type AssembledDocket,
  assembleDocket,
  type LedgerSigner,
  type TransactionDraft,
} from "../register/sealing/assemble-docket.ts";
import { type ChainState, stateOfCharter } from "../register/verification/chain-state.ts";
import { hexOf } from "../signatures/byte-text.ts";
import { keyIdOf } from "../signatures/key-id.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import type { SuiteId } from "../signatures/signature-suite.ts";

/** A key made from a text, with its record. */
export interface TestKey extends LedgerSigner {
  readonly algorithm: SuiteId;
  readonly record: KeyRecord;
}

/** A register in memory, grown docket by docket; everything in it follows from its seed. */
export interface LedgerChain {
  readonly charter: Charter;
  readonly registerId: string;
  readonly signer: TestKey;
  readonly checkpointKey: TestKey;
  readonly dockets: readonly AssembledDocket[];
  readonly state: ChainState;
}

const START_MS = Date.parse("2026-03-03T09:00:00.000Z");

export function testKey(seed: string, purposes: KeyRecord["purposes"], algorithm: SuiteId = "ed25519"): TestKey {
  const signer = suiteOf(algorithm).signer(createHash("sha256").update(seed).digest());
  const keyId = keyIdOf(algorithm, signer.publicKey);
  const record: KeyRecord = { alg: algorithm, keyId, publicKey: hexOf(signer.publicKey), purposes };
  return { keyId, algorithm, record, sign: (message) => signer.sign(message) };
}

/** A register with its charter and no docket. */
export function emptyLedger(seed: string, algorithm: SuiteId = "ed25519"): LedgerChain {
  const signer = testKey(`${seed}/ledger`, ["docket", "tx"], algorithm);
  const checkpointKey = testKey(`${seed}/checkpoint`, ["checkpoint"]);
  const nonce = createHash("sha256").update(`${seed}/nonce`).digest("hex");
  const keys = [signer.record, checkpointKey.record];
  const charter: Charter = { v: 1, hashAlg: "sha256", createdAt: START_MS, keys, nonce };
  const registerId = registerIdOf(charter);
  return { charter, registerId, signer, checkpointKey, dockets: [], state: stateOfCharter(registerId, charter) };
}

/** The same register with one docket more. The first one begins with the genesis besides the drafts. */
export function withDocket(
  chain: LedgerChain,
  drafts: readonly TransactionDraft[],
  signer: LedgerSigner = chain.signer,
): LedgerChain {
  const height = chain.state.frontier.size;
  const genesis: TransactionDraft = { type: "genesis", createdAt: START_MS, charter: chain.charter };
  const docket = assembleDocket(chain.state, {
    transactions: height === 0n ? [genesis, ...drafts] : drafts,
    signer,
    epoch: 1n,
    sealedAt: START_MS + 1_000 * Number(height),
  });
  return { ...chain, dockets: [...chain.dockets, docket], state: docket.state };
}

/** A register with as many dockets of as many events each. */
export function ledgerOf(seed: string, counts: readonly number[], algorithm: SuiteId = "ed25519"): LedgerChain {
  return counts.reduce(
    (chain, count, height) =>
      withDocket(
        chain,
        Array.from({ length: count }, (_, n) => eventDraft(`${seed}/${height}/${n}`)),
      ),
    emptyLedger(seed, algorithm),
  );
}

/** An event that is about nothing in particular. */
export function eventDraft(seed: string, members: Partial<TransactionDraft> = {}): TransactionDraft {
  const hex = createHash("sha256").update(seed).digest("hex");
  return {
    type: "event",
    createdAt: START_MS,
    eventId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5"),
    eventType: "field_written",
    commitment: hex,
    actor: { type: "system" },
    subject: hex,
    item: hex,
    ...members,
  };
}

function suiteOf(algorithm: SuiteId) {
  const suite = NODE_SIGNATURE_SUITES.find(algorithm);
  if (suite) return suite;
  throw new Error(`No suite ${algorithm}`);
}
