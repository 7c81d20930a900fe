import { deepStrictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TenantId, UuidV7Generator } from "../../src/identifiers.ts";
import { isolateByTenant, type Migration } from "../../src/migrations/migration.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import type { Filter } from "../../src/storage/filter.ts";
import { openPostgres } from "../../src/storage/postgres/pg-connection.ts";
import { PostgresRecordScope } from "../../src/storage/postgres/postgres-record-scope.ts";
import { TENANT_SETTING } from "../../src/storage/postgres/sql-database.ts";
import type { Repository, RepositoryDescriptor } from "../../src/storage/repository.ts";
import { type ByHandConnection, connectToServer } from "../by-hand/by-hand-connection.ts";
import { fillRecords, OWNERS, type OwnedRecord, RecordsByHand } from "../by-hand/record.ts";
import { type Contestant, race } from "../race.ts";
import { atMost, comparedLines, type Effort, FULL_EFFORT, type Section } from "../section.ts";

const ROWS = 1_000_000;
const ROWS_QUICK = 100_000;
const P99_MS_MAX = 100;
const OURS = "repository";

const COLUMNS = `
  tenant_id uuid not null,
  id uuid not null,
  version bigint not null,
  owner text collate "C" not null,
  amount bigint not null,
  is_open boolean not null,
  attributes jsonb not null`;

const TABLES: Migration = {
  version: 1,
  name: "tables of the benchmark",
  up: `
    create table records (${COLUMNS}, constraint records_pkey primary key (tenant_id, id));
    create index on records (tenant_id, owner, id);
    ${isolateByTenant("records")}
    create table by_hand_records (${COLUMNS}, primary key (tenant_id, id));
    create index on by_hand_records (tenant_id, owner, id);`,
  down: "drop table by_hand_records; drop table records;",
};

const RECORD: RepositoryDescriptor<OwnedRecord> = {
  name: "records",
  columns: [
    { property: "owner", column: "owner", type: "text" },
    { property: "amount", column: "amount", type: "bigint" },
    { property: "isOpen", column: "is_open", type: "boolean" },
    { property: "attributes", column: "attributes", type: "json" },
  ],
  idType: "uuid",
  tenantColumn: "tenant_id",
  unique: [],
};

interface Field {
  readonly repository: Repository<OwnedRecord>;
  readonly byHand: RecordsByHand;
  readonly ids: readonly string[];
  readonly rows: number;
  readonly effort: Effort;
  readonly inFlight: number;
}

/** Records of one tenant in a table of a million on the server that DATABASE_URL names, beside statements by hand. */
export async function warmTier(effort: Effort): Promise<Section[]> {
  const url = process.env["DATABASE_URL"];
  if (!url) {
    console.error("Without DATABASE_URL the figures of large tables are left out.");
    return [];
  }
  const rows = effort.laps < FULL_EFFORT.laps ? ROWS_QUICK : ROWS;
  const schema = `bench_records_${randomBytes(4).toString("hex")}`;
  await using database = await openPostgres({ url, schema });
  try {
    await new Migrator({ database, schema, migrations: [TABLES] }).up();
    await using connection = await connectToServer({ url, schema });
    const tenantId = new UuidV7Generator().uuid<TenantId>();
    const ids = await fill(connection, { tenantId, rows });
    const repository = new PostgresRecordScope(database.forTenant(tenantId), tenantId).repository(RECORD);
    const field = { repository, byHand: new RecordsByHand(connection, tenantId), ids, rows, effort, inFlight: 1 };
    await checkSameAnswers(field);
    return await measure(field);
  } finally {
    await database.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
  }
}

async function fill({ client }: ByHandConnection, size: { readonly tenantId: TenantId; readonly rows: number }) {
  const ids = await fillRecords(client, size);
  // Row-level security is forced on the owner, who may fill the table of one tenant only: it is off meanwhile.
  await client.query(`select set_config('${TENANT_SETTING}', '${size.tenantId}', false)`);
  await client.query("alter table records disable row level security");
  await client.query("insert into records select * from by_hand_records");
  await client.query("alter table records enable row level security");
  await client.query("vacuum analyze records");
  await client.query("vacuum analyze by_hand_records");
  return ids;
}

async function measure(field: Field): Promise<Section[]> {
  const { repository, byHand, ids } = field;
  const idOf = (index: number) => ids[(index * 7_919) % ids.length] as string;
  const ownerOf = (index: number) => `owner-${index % OWNERS}`;
  const patch = patches(field);
  const get: Calls = [(index) => byHand.get(idOf(index)), (index) => repository.get(idOf(index))];
  return [
    await section(field, "get", get),
    await section({ ...field, inFlight: 20 }, "get", get),
    await section(field, "query by index", [
      (index) => byHand.byOwner(ownerOf(index)),
      (index) => repository.query({ filter: ownedBy(ownerOf(index)), limit: 20 }),
    ]),
    await section(field, "page and count", [
      (index) => byHand.page(ownerOf(index), 2),
      (index) => repository.getPaged({ filter: ownedBy(ownerOf(index)), page: 2, pageSize: 20 }),
    ]),
    await section(field, "patch with version", patch),
    await section({ ...field, inFlight: 20 }, "patch with version", patch),
  ];
}

/** By hand and ours. */
type Calls = readonly [Contestant["call"], Contestant["call"]];

/** A record has one writer at a time: the next one is at it a whole round later. */
function patches({ repository, byHand, ids }: Field): Calls {
  const known = { own: new Map<string, number>(), hand: new Map<string, number>() };
  const patch = async (
    versions: Map<string, number>,
    index: number,
    write: (id: string, expectedVersion: number) => Promise<number>,
  ): Promise<void> => {
    const id = ids[index % ids.length] as string;
    versions.set(id, await write(id, versions.get(id) ?? 1));
  };
  return [
    (index) => patch(known.hand, index, (id, version) => byHand.patch(id, BigInt(index), version)),
    (index) =>
      patch(known.own, index, async (id, expectedVersion) => {
        const { version } = await repository.patch(id, { amount: BigInt(index) }, { expectedVersion });
        return version;
      }),
  ];
}

async function section({ rows, effort, inFlight }: Field, operation: string, [byHand, ours]: Calls): Promise<Section> {
  const contestants = [
    { name: "by hand", call: byHand },
    { name: OURS, call: ours },
  ];
  const figures = await race(contestants, { ...effort, inFlight });
  const lines = comparedLines(figures, ({ name, p99Ms }) =>
    name === OURS ? [atMost("p99 ms", p99Ms, P99_MS_MAX)] : [],
  );
  const notes = [`${rows.toLocaleString("en-US")} rows of 100 tenants. By hand there is no row-level security.`];
  return { operation: `record ${operation}`, engine: "postgres", inFlight, lines, notes };
}

async function checkSameAnswers({ repository, byHand, ids }: Field): Promise<void> {
  const id = ids[0] as string;
  deepStrictEqual(await repository.get(id), await byHand.get(id));
  const { items } = await repository.query({ filter: ownedBy("owner-3"), limit: 20 });
  deepStrictEqual(items, await byHand.byOwner("owner-3"));
}

function ownedBy(owner: string): Filter {
  return { op: "eq", path: ["owner"], value: owner };
}
