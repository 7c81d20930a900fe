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

  it("are found by more shapes of filters than are kept", async () => {
    await using storage = await openSqlRecords(engine);
    const widgets = storage.forTenant(newTenantId()).repository(WIDGETS);
    const { id } = await widgets.add(newWidget());
    for (let length = 1; length <= 250; length++) {
      const filters = Array.from({ length }, () => ({ op: "eq", path: ["count"], value: 0 }) as const);
      const { items } = await widgets.query({ filter: { op: "and", filters } });
      expect(items).toMatchObject([{ id }]);
    }
  });
});
