import type { ByHandConnection } from "./by-hand-connection.ts";

/** What a careful user keeps of a sealed document, without row-level security and without triggers. */
export const MAKE_TABLE = `
  create table by_hand_records (
    tenant_id uuid not null,
    log text not null,
    sequence bigint not null,
    sealed_at timestamptz not null,
    previous_hash bytea,
    hash bytea not null,
    document bytea not null,
    indexed jsonb not null,
    primary key (tenant_id, log, sequence)
  )`;

const INSERT = {
  name: "hand_worm_insert",
  text: "insert into by_hand_records values ($1, $2, $3, $4, $5, $6, $7, $8)",
};

const SELECT = {
  name: "hand_worm_select",
  text: `select sequence, sealed_at, previous_hash, hash, document from by_hand_records
    where tenant_id = $1 and log = $2 and sequence between $3 and $4 order by sequence`,
};

export interface HandRecord {
  readonly tenantId: string;
  readonly sequence: number;
  readonly document: object;
  readonly indexed: object;
}

const HASH = Buffer.alloc(32, 7);

/** One statement, committed by itself. The hash is not computed. */
export async function appendByHand(connection: ByHandConnection, record: HandRecord): Promise<void> {
  const { tenantId, sequence, document, indexed } = record;
  const bytes = Buffer.from(JSON.stringify(document));
  const at = new Date().toISOString();
  await connection.client.query({
    ...INSERT,
    values: [tenantId, "main", sequence, at, HASH, HASH, bytes, JSON.stringify(indexed)],
  });
}

export async function readByHand(connection: ByHandConnection, range: readonly [string, number, number]) {
  const [tenantId, from, to] = range;
  const { rows } = await connection.client.query({ ...SELECT, values: [tenantId, "main", from, to] });
  return (rows as { document: Buffer }[]).map((row) => ({ ...row, document: JSON.parse(row.document.toString()) }));
}
