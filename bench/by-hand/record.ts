import type pg from "pg";
import type { JsonObject } from "../../src/json.ts";
import type { Entity } from "../../src/storage/repository.ts";
import type { ByHandConnection } from "./by-hand-connection.ts";

/** What is in the large table. */
export interface OwnedRecord extends Entity {
  readonly owner: string;
  readonly amount: bigint;
  readonly isOpen: boolean;
  readonly attributes: JsonObject;
}

/** Owners of the records of each tenant. */
export const OWNERS = 100;
const TENANTS = 100;

/** Fills the table, a hundredth with records of the tenant, whose ids it returns. */
export async function fillRecords(
  client: pg.ClientBase,
  { tenantId, rows }: { readonly tenantId: string; readonly rows: number },
): Promise<readonly string[]> {
  await client.query(`
    insert into by_hand_records
    select case when n % ${TENANTS} = 0 then '${tenantId}'::uuid else md5('tenant' || n % ${TENANTS})::uuid end,
      md5('record' || n)::uuid, 1, 'owner-' || (n / ${TENANTS}) % ${OWNERS}, n, n % 3 = 0,
      jsonb_build_object('segment', n % 7, 'note', repeat('what was agreed ', 8))
    from generate_series(1, ${rows}) n`);
  const own = await client.query("select id from by_hand_records where tenant_id = $1 order by amount", [tenantId]);
  return (own.rows as { id: string }[]).map(({ id }) => id);
}

const SELECTED = `select id, version::float8 as version, owner, amount, is_open as "isOpen", attributes
  from by_hand_records where tenant_id = $1`;

const STATEMENTS = {
  get: { name: "hand_record_get", text: `${SELECTED} and id = $2` },
  byOwner: { name: "hand_record_by_owner", text: `${SELECTED} and owner = $2 order by id limit 21` },
  page: { name: "hand_record_page", text: `${SELECTED} and owner = $2 order by id limit 20 offset $3` },
  count: {
    name: "hand_record_count",
    text: "select count(*) as count from by_hand_records where tenant_id = $1 and owner = $2",
  },
  patch: {
    name: "hand_record_patch",
    text: `update by_hand_records set version = version + 1, amount = $3
      where tenant_id = $1 and id = $2 and version = $4
      returning id, version::float8 as version, owner, amount, is_open as "isOpen", attributes`,
  },
};

const PAGE_SIZE = 20;

/** The statements somebody would write for the same answers. */
export class RecordsByHand {
  readonly #connection: ByHandConnection;
  readonly #tenantId: string;

  constructor(connection: ByHandConnection, tenantId: string) {
    this.#connection = connection;
    this.#tenantId = tenantId;
  }

  async get(id: string): Promise<OwnedRecord | undefined> {
    const [record] = await this.#run("get", id);
    return record;
  }

  async byOwner(owner: string): Promise<OwnedRecord[]> {
    return (await this.#run("byOwner", owner)).slice(0, PAGE_SIZE);
  }

  /** Two statements at once, which may tell of two moments. */
  async page(owner: string, page: number): Promise<readonly unknown[]> {
    const count = this.#connection.query(STATEMENTS.count, [this.#tenantId, owner]);
    return Promise.all([this.#run("page", owner, (page - 1) * PAGE_SIZE), count]);
  }

  async patch(id: string, amount: bigint, version: number): Promise<number> {
    const [record] = await this.#run("patch", id, amount, version);
    if (!record) throw new Error("somebody else has changed the record");
    return record.version;
  }

  async #run(statement: keyof typeof STATEMENTS, ...values: unknown[]): Promise<OwnedRecord[]> {
    const rows = await this.#connection.query(STATEMENTS[statement], [this.#tenantId, ...values]);
    return rows.map((row) => ({ ...row, amount: BigInt(row["amount"] as string) }) as unknown as OwnedRecord);
  }
}
