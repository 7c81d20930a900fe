import { describe, expect, it } from "vitest";
import type { Filter } from "../storage/filter.ts";
import { HOUSES, LABELS, newTenantId, newWidget, type RepositorySuite, WIDGETS } from "./record-storage.ts";

/** What records that are tenants, and the scope that sees all of them, must do. */
export function repositoryPlatformContract(suite: RepositorySuite): void {
  describe("a record that is the tenant itself", () => {
    it("is the one that its tenant has", async () => {
      const { scope, tenantId } = suite.newTenant();
      const houses = scope.repository(HOUSES);
      const house = await houses.add({ id: tenantId, street: `street of ${tenantId}`, isMain: false });
      expect(await houses.get(tenantId)).toEqual(house);
      await expect(houses.add({ id: tenantId, street: "x", isMain: false })).rejects.toMatchObject({
        details: { rule: "id" },
      });
      await expect(houses.add({ id: newTenantId(), street: "x", isMain: false })).rejects.toMatchObject({
        code: "internal_error",
      });
      const moved = await houses.patch(tenantId, { street: `new street of ${tenantId}` }, { expectedVersion: 1 });
      expect((await houses.query()).items).toEqual([moved]);
      const other = suite.newTenant();
      expect(await other.scope.repository(HOUSES).get(tenantId)).toBeUndefined();
      const sameStreet = other.scope
        .repository(HOUSES)
        .add({ id: other.tenantId, street: moved.street, isMain: false });
      await expect(sameStreet).rejects.toMatchObject({ details: { rule: "houses_street_key" } });
    });
  });

  describe("a unique rule for some records", () => {
    it("is not about the others", async () => {
      const tenants = [suite.newTenant(), suite.newTenant(), suite.newTenant()];
      const [one, two, three] = tenants.map(({ scope, tenantId }) => {
        const houses = scope.repository(HOUSES);
        return { houses, house: { id: tenantId, street: `street of ${tenantId}`, isMain: false } };
      });
      if (!one || !two || !three) return;
      await one.houses.add({ ...one.house, isMain: true });
      await two.houses.add(two.house);
      await three.houses.add(three.house);
      const second = two.houses.patch(two.house.id, { isMain: true });
      await expect(second).rejects.toMatchObject({ code: "record_exists", details: { rule: "houses_one_main" } });
      await one.houses.patch(one.house.id, { isMain: false });
      expect(await two.houses.patch(two.house.id, { isMain: true })).toMatchObject({ isMain: true });
    });
  });

  describe("a record with its tenant among its properties", () => {
    it("is written by that tenant only, and stays with it", async () => {
      const [one, other] = [suite.newTenant(), suite.newTenant()];
      const labels = one.scope.repository(LABELS);
      const label = await labels.add({ id: "mine", tenantId: one.tenantId, text: "x" });
      const foreign = { id: "theirs", tenantId: other.tenantId, text: "x" };
      await expect(labels.add(foreign)).rejects.toMatchObject({ code: "internal_error" });
      await expect(labels.update({ ...foreign, id: "mine" })).rejects.toMatchObject({ code: "internal_error" });
      expect((await labels.query()).items).toEqual([label]);
    });
  });

  describe("the platform", () => {
    it("sees and changes the records of all tenants", async () => {
      const tenants = [suite.newTenant(), suite.newTenant(), suite.newTenant()];
      const kind = `kind of ${tenants[0]?.tenantId}`;
      for (const { widgets } of tenants) await widgets.add(newWidget({ kind }));
      const widgets = suite.storage.platform().repository(WIDGETS);
      const filter: Filter = { op: "eq", path: ["kind"], value: kind };
      const { items } = await widgets.query({ filter });
      expect(items).toHaveLength(3);
      expect(await widgets.count(filter)).toBe(3);
      expect(await widgets.getPaged({ filter, page: 2, pageSize: 2 })).toMatchObject({
        totalCount: 3,
        items: [items[2]],
      });
      const [first] = items;
      expect(await widgets.get(first?.id ?? "")).toEqual(first);
      await widgets.patch(first?.id ?? "", { count: 9 }, { expectedVersion: 1 });
      expect(await widgets.remove(items[1]?.id ?? "")).toBe(true);
      const seen = await Promise.all(tenants.map((tenant) => tenant.widgets.query()));
      expect(seen.flatMap((page) => page.items)).toEqual([{ ...first, count: 9, version: 2 }, items[2]]);
    });

    it("adds what says whose it is", async () => {
      const { scope, tenantId } = suite.newTenant();
      const platform = suite.storage.platform();
      const label = await platform.repository(LABELS).add({ id: "given", tenantId, text: "x" });
      expect(await scope.repository(LABELS).get("given")).toEqual(label);
      const own = newTenantId();
      await platform.repository(HOUSES).addMany([{ id: own, street: `street of ${own}`, isMain: false }]);
      expect(await suite.storage.forTenant(own).repository(HOUSES).count()).toBe(1);
      await expect(platform.repository(WIDGETS).add(newWidget())).rejects.toMatchObject({ code: "unsupported" });
    });

    it("has transactions over all of them", async () => {
      const [one, two] = [suite.newTenant(), suite.newTenant()];
      const widgets = [await one.widgets.add(newWidget()), await two.widgets.add(newWidget())];
      const platform = suite.storage.platform();
      const change = async (fails: boolean) =>
        platform.transaction(async (tx) => {
          for (const { id } of widgets) await tx.repository(WIDGETS).patch(id, { count: 1 });
          if (fails) throw new RangeError("mine");
        });
      await expect(change(true)).rejects.toThrow(RangeError);
      const counts = () =>
        Promise.all([one, two].map((tenant) => tenant.widgets.count({ op: "eq", path: ["count"], value: 1 })));
      expect(await counts()).toEqual([0, 0]);
      await change(false);
      expect(await counts()).toEqual([1, 1]);
    });

    it("takes turns with the tenants", async () => {
      const { scope, widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      const platform = suite.storage.platform();
      const countUp = (from: typeof scope) =>
        from.transaction(async (tx) => {
          const own = tx.repository(WIDGETS);
          // The row is locked by the first change, so that what is read next is not older than it.
          const { count } = await own.patch(widget.id, {});
          await own.patch(widget.id, { count: count + 1 });
        });
      await Promise.all([countUp(scope), countUp(platform), countUp(scope), countUp(platform)]);
      expect(await widgets.get(widget.id)).toMatchObject({ count: 4, version: 9 });
    });
  });
}
