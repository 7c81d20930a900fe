import { describe, expect, it } from "vitest";
import { newTenantId, newWidget, openSqlRecords, WIDGETS } from "../../src/testing/record-storage.ts";
import { repositoryContract } from "../../src/testing/repository-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";

for (const engine of sqlEngines()) repositoryContract(engine.flavour, () => openSqlRecords(engine));

describe.each(sqlEngines())("records in tables on $flavour", (engine) => {
  it("are refused by name when the table has a check of its own", async () => {
    await using storage = await openSqlRecords(engine);
    const widgets = storage.forTenant(newTenantId()).repository(WIDGETS);
    const refusal = { code: "invalid_value", details: { rule: "widgets_count_check" } };
    await expect(widgets.add(newWidget({ count: -13 }))).rejects.toMatchObject(refusal);
    expect(await widgets.count()).toBe(0);
  });

  it("are found by more shapes of filters than are kept", { timeout: 30_000 }, async () => {
    await using storage = await openSqlRecords(engine);
    const widgets = storage.forTenant(newTenantId()).repository(WIDGETS);
    const { id } = await widgets.add(newWidget());
    for (let shape = 0; shape < 256; shape++) {
      // Each bit is one operator or the other.
      const filters = Array.from({ length: 8 }, (_, bit) => {
        return { op: (shape >> bit) & 1 ? "lte" : "gte", path: ["count"], value: 0 } as const;
      });
      const { items } = await widgets.query({ filter: { op: "and", filters } });
      expect(items).toMatchObject([{ id }]);
    }
  });
});
