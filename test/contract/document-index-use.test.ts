import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import type { CollectionDescriptor, DocumentBody } from "../../src/storage/document-store.ts";
import type { DocumentScan } from "../../src/storage/documents/document-rows.ts";
import type { Filter } from "../../src/storage/filter.ts";
import { columnsOf } from "../../src/storage/postgres/document-columns.ts";
import { type BoundStatement, DocumentStatements } from "../../src/storage/postgres/document-statements.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { openSqlDocuments } from "./document-storage.ts";

const COLLECTION: CollectionDescriptor = {
  name: "orders",
  indexes: [
    { name: "customer", path: ["customer", "name"], type: "string" },
    { name: "total", path: ["total"], type: "number" },
  ],
};
const CUSTOMER = ["customer", "name"];
const TOTAL = ["total"];

describe.each(sqlEngines())("declared indexes on $flavour", (engine) => {
  const tenantId = seededIds(7).uuid<TenantId>();
  const statements = new DocumentStatements(COLLECTION);
  const [customerIndex, totalIndex] = columnsOf(COLLECTION).map(({ indexName }) => indexName);
  let storage: Awaited<ReturnType<typeof openSqlDocuments>>;

  beforeAll(async () => {
    storage = await openSqlDocuments(engine);
    await storage.database.prepare([COLLECTION]);
    const store = storage.database.collection(COLLECTION, tenantId);
    for (let batch = 0; batch < 10; batch++)
      await store.insertMany(Array.from({ length: 1_000 }, (_, n) => order(batch * 1_000 + n)));
    await storage.opened.database.asOwner((owner) => owner.execute("analyze documents"));
  });
  afterAll(async () => {
    await storage[Symbol.asyncDispose]();
  });

  /** The plan of the statement itself: prepared, run as the application for the tenant, among 10,000 documents. */
  async function planOf({ statement, values }: BoundStatement): Promise<string> {
    const name = `explained_${statement.name}`.slice(0, 63);
    const session = storage.opened.database.forTenant(tenantId);
    const text = `explain ${statement.text}`;
    const rows = await session.query<{ "QUERY PLAN": string }>({ name, text }, [COLLECTION.name, ...values]);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  }

  const scan = (filter: Filter, over: Partial<DocumentScan> = {}): BoundStatement =>
    statements.scan({ filter, orderBy: [], after: undefined, limit: 10, ...over });

  it.each<[Filter, "customer" | "total"]>([
    [{ op: "eq", path: CUSTOMER, value: "c77" }, "customer"],
    [{ op: "in", path: CUSTOMER, values: ["c77", "c78"] }, "customer"],
    [{ op: "prefix", path: CUSTOMER, value: "c777" }, "customer"],
    [
      {
        op: "and",
        filters: [
          { op: "gte", path: CUSTOMER, value: "c9990" },
          { op: "lt", path: CUSTOMER, value: "c9999" },
        ],
      },
      "customer",
    ],
    [{ op: "eq", path: TOTAL, value: 5 }, "total"],
    [{ op: "in", path: TOTAL, values: [5, 6.5, -1] }, "total"],
    [
      {
        op: "and",
        filters: [
          { op: "gt", path: TOTAL, value: 5 },
          { op: "lte", path: TOTAL, value: 9 },
        ],
      },
      "total",
    ],
    [
      {
        op: "or",
        filters: [
          { op: "eq", path: CUSTOMER, value: "c1" },
          { op: "eq", path: CUSTOMER, value: "c2" },
        ],
      },
      "customer",
    ],
    [
      {
        op: "and",
        filters: [
          { op: "eq", path: CUSTOMER, value: "c77" },
          { op: "not", filter: { op: "exists", path: ["x"] } },
        ],
      },
      "customer",
    ],
  ])("serve %j", async (filter, index) => {
    const name = index === "customer" ? customerIndex : totalIndex;
    expect(await planOf(scan(filter, { orderBy: [{ path: ["x"] }] }))).toContain(` ${name} `);
    expect(await planOf(statements.count(filter))).toContain(name);
  });

  it("are not needed for ids and pages in their order", async () => {
    expect(await planOf(scan({ op: "in", path: ["id"], values: ["o1", "o2"] }))).toContain("documents_pkey");
    const all: Filter = { op: "and", filters: [] };
    const plan = await planOf(scan(all, { after: { positions: [], id: "o5" } }));
    expect(plan).toMatch(/Index Scan using documents_pkey/);
    expect(plan).not.toContain("Sort");
  });

  it("leave what they cannot serve to the tenant's collection", async () => {
    expect(await planOf(scan({ op: "contains", path: CUSTOMER, value: "77" }))).toContain("documents_pkey");
  });
});

function order(n: number): DocumentBody {
  return { id: `o${n}`, customer: { name: `c${n}` }, total: n / 2, x: n % 3 };
}
