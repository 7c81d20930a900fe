import { type Instant, instantOf } from "../../src/clock.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { WormHasher } from "../../src/storage/worm/worm-hash.ts";
import type { StoredWormRecord } from "../../src/storage/worm-store.ts";
import type { Chain, Draw } from "./tampering-chains.ts";
import { altered } from "./tampering-json.ts";

/* What is kept beside the bytes of a docket, and what somebody makes of it who can write the database. */

interface Indexed {
  readonly docketHash: string;
  readonly txCount: number;
  readonly sealedAt: number;
  readonly epoch: string;
}

/** The rows that hold a chain. */
export function rowsOf({ bytes, register: { registerId } }: Chain): readonly StoredWormRecord[] {
  const hasher = new WormHasher(DOCKETS.name, registerId);
  const rows: StoredWormRecord[] = [];
  for (const [height, docket] of bytes.entries()) {
    const indexed = DOCKETS.indexed(docket) as unknown as Indexed;
    const previousHash = rows.at(-1)?.hash ?? null;
    const row = { sequence: BigInt(height), bytes: docket, sealedAt: instantOf(indexed.sealedAt), previousHash };
    rows.push({ ...row, indexed, hash: hasher.hash(row) });
  }
  return rows;
}

function otherHash(hash: string | null, draw: Draw): string {
  return (hash ?? "f".repeat(64)).replace(/./g, (digit, at: number) => (at === draw(64) ? "0" : digit));
}

type ChangeRow = (row: StoredWormRecord, draw: Draw) => Partial<StoredWormRecord>;

const instants: readonly (Instant | null)[] = [null, instantOf(0), instantOf(1), instantOf(253_402_300_799_999)];

/** What is written into the columns. */
const COLUMNS: readonly ChangeRow[] = [
  ({ sequence }, draw) => ({ sequence: sequence + BigInt(1 + draw(3)) }),
  (_, draw) => ({ sealedAt: instants[draw(instants.length)] ?? null }),
  ({ previousHash }, draw) => ({
    previousHash: previousHash === null ? "0".repeat(64) : otherHash(previousHash, draw),
  }),
  ({ previousHash }) => ({ previousHash: previousHash === null ? "0" : null }),
  ({ hash }, draw) => ({ hash: otherHash(hash, draw) }),
  () => ({ hash: "" }),
  ({ indexed }, draw) => ({
    indexed: JSON.parse(altered(Buffer.from(JSON.stringify(indexed)), draw).toString()) as unknown,
  }),
  ({ indexed }, draw) => ({
    indexed: JSON.parse(altered(Buffer.from(JSON.stringify(indexed)), draw).toString()) as unknown,
  }),
  (_, draw) => ({ indexed: [undefined, null, {}, [], "", 0][draw(6)] }),
];

/** A row altered; its hash is computed anew where that covers the column and the bytes belie it. */
export function alteredRow(row: StoredWormRecord, { register: { registerId } }: Chain, draw: Draw): StoredWormRecord {
  const kind = draw(COLUMNS.length);
  const changed = { ...row, ...COLUMNS[kind]?.(row, draw) };
  const { sealedAt } = changed;
  if (kind !== 1 || sealedAt === null || draw(2) === 0) return changed;
  return { ...changed, hash: new WormHasher(DOCKETS.name, registerId).hash({ ...changed, sealedAt }) };
}
