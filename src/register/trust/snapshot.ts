import { bytesOfHex, hexOf } from "../../signatures/byte-text.ts";
import type { ProtocolRecord } from "../../signatures/protocol-record.ts";
import { KEY_RECORD_FORM, type KeyRecord } from "../ledger/charter.ts";
import { decodeFrontier, encodeFrontier } from "../merkle/frontier.ts";
import type { ChainState } from "../verification/chain-state.ts";
import { type DirectoryKey, KeyDirectory } from "../verification/key-directory.ts";
import type { LocalSeal } from "./local-seal.ts";
import type { TrustStore } from "./trust-store.ts";

const KIND = "snapshot";
/** Of what is checked of a docket: a snapshot of an older version is not good enough for a newer one. */
const VERIFIER_VERSION = 1;

/**
 * Where a verification of a register without faults had got to, so that the next start verifies what came after. Its size
 * does not grow with the register.
 */
export class Snapshots {
  readonly #store: TrustStore;
  readonly #seal: LocalSeal;

  constructor(store: TrustStore, seal: LocalSeal) {
    this.#store = store;
    this.#seal = seal;
  }

  async save(state: ChainState): Promise<void> {
    await this.#store.write(nameOf(state.registerId), this.#seal.seal(KIND, recordOf(state)));
  }

  /** `undefined` when there is none that this installation has made and this program would make. */
  async load(registerId: string): Promise<ChainState | undefined> {
    const text = await this.#store.read(nameOf(registerId));
    const record = text === undefined ? undefined : this.#seal.open(KIND, text);
    if (record?.["registerId"] !== registerId || record["verifierVersion"] !== VERIFIER_VERSION) return undefined;
    return stateOf(record as unknown as SnapshotRecord);
  }
}

interface SnapshotRecord {
  readonly registerId: string;
  readonly frontier: string;
  readonly framedHash: string;
  readonly lastTxId: string;
  readonly epoch: string;
  readonly sealedAt: number;
  readonly keysVersion: number;
  readonly keys: readonly KeyEntry[];
}

interface KeyEntry {
  readonly record: KeyRecord;
  readonly from: string;
  readonly until?: { readonly height: string; readonly reason: "retired" | "revoked" };
}

function nameOf(registerId: string): string {
  return `${registerId}.snapshot`;
}

/** Of a register with at least one docket. */
function recordOf({ registerId, frontier, framedHash, lastTxId, lastSealed, keys }: ChainState): ProtocolRecord {
  const record = {
    registerId,
    verifierVersion: VERIFIER_VERSION,
    frontier: hexOf(encodeFrontier(frontier)),
    framedHash: framedHash ?? "",
    lastTxId: lastTxId ?? "",
    epoch: (lastSealed?.epoch ?? 0n).toString(),
    sealedAt: lastSealed?.sealedAt ?? 0,
    keysVersion: keys.version,
    keys: keys.keys.map(entryOf),
  };
  return record as unknown as ProtocolRecord;
}

function entryOf({ record, from, until }: DirectoryKey): KeyEntry {
  const end = until && { height: until.height.toString(), reason: until.reason };
  return { record, from: from.toString(), ...(end && { until: end }) };
}

function stateOf(record: SnapshotRecord): ChainState | undefined {
  const frontier = decodeFrontier(bytesOfHex(record.frontier));
  if (!frontier || frontier.size === 0n || !record.keys.every((key) => KEY_RECORD_FORM(key.record))) return undefined;
  const keys = record.keys.map(({ record: key, from, until }) => ({
    record: key,
    from: BigInt(from),
    ...(until && { until: { height: BigInt(until.height), reason: until.reason } }),
  }));
  return {
    registerId: record.registerId,
    frontier,
    framedHash: record.framedHash,
    lastTxId: record.lastTxId,
    lastSealed: { epoch: BigInt(record.epoch), sealedAt: record.sealedAt },
    keys: KeyDirectory.of(keys, record.keysVersion),
  };
}
