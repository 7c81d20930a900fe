import { describe, expect, it } from "vitest";
import { newWidget, type RepositorySuite, WIDGETS } from "./record-storage.ts";

const NOT_FOUND = { code: "record_not_found" };
const MISMATCH = { code: "version_mismatch", details: { expectedVersion: 7 } };

function exists(rule: string) {
  return { code: "record_exists", details: { rule } };
}

/** What the methods about one record must do. */
export function repositoryWriteContract(suite: RepositorySuite): void {
  addContract(suite);
  addManyContract(suite);
  updateContract(suite);
  patchContract(suite);
  removeContract(suite);
}

function addContract(suite: RepositorySuite): void {
  describe("add", () => {
    it("keeps a record in version 1", async () => {
      const { widgets } = suite.newTenant();
      const widget = newWidget({ count: 7 });
      const added = await widgets.add(widget);
      expect(added).toEqual({ ...widget, version: 1 });
      expect(await widgets.get(widget.id)).toEqual(added);
      expect(await widgets.exists(widget.id)).toBe(true);
    });

    it("keeps what was given, not what becomes of it", async () => {
      const { widgets } = suite.newTenant();
      const data = { list: [1] };
      const widget = newWidget({ data });
      await widgets.add(widget);
      data.list.push(2);
      expect((await widgets.get(widget.id))?.data).toEqual({ list: [1] });
    });

    it("refuses a second record with the id, and keeps the first", async () => {
      const { widgets } = suite.newTenant();
      const first = await widgets.add(newWidget());
      await expect(widgets.add(newWidget({ id: first.id }))).rejects.toMatchObject(exists("id"));
      expect(await widgets.get(first.id)).toEqual(first);
    });

    it("refuses values that a rule keeps unique, in the tenants that it reaches", async () => {
      const [one, other] = [suite.newTenant(), suite.newTenant()];
      const first = await one.widgets.add(newWidget({ kind: "k", slot: "s" }));
      const sameSlot = one.widgets.add(newWidget({ kind: "k", slot: "s" }));
      await expect(sameSlot).rejects.toMatchObject(exists("widgets_slot_key"));
      const sameName = newWidget({ name: first.name });
      await expect(one.widgets.add(sameName)).rejects.toMatchObject(exists("widgets_name_key"));
      await expect(other.widgets.add(sameName)).rejects.toMatchObject(exists("widgets_name_key"));
      await other.widgets.add(newWidget({ kind: "k", slot: "s" }));
      expect([await one.widgets.count(), await other.widgets.count()]).toEqual([1, 1]);
    });

    it("takes null for equal to nothing", async () => {
      const { widgets } = suite.newTenant();
      await widgets.add(newWidget({ kind: "k", slot: null }));
      await widgets.add(newWidget({ kind: "k", slot: null }));
      expect(await widgets.count()).toBe(2);
    });

    it("lets one win of many that want the same", async () => {
      const { widgets } = suite.newTenant();
      const wanted = Array.from({ length: 8 }, () => newWidget({ kind: "k", slot: "s" }));
      const outcomes = await Promise.allSettled(wanted.map((widget) => widgets.add(widget)));
      const refused = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(refused).toHaveLength(7);
      for (const { reason } of refused) expect(reason).toMatchObject(exists("widgets_slot_key"));
      expect(await widgets.count()).toBe(1);
    });
  });
}

function addManyContract(suite: RepositorySuite): void {
  describe("addMany", () => {
    it("keeps all, and answers them in their order", async () => {
      const { widgets } = suite.newTenant();
      const many = Array.from({ length: 1_000 }, (_, count) => newWidget({ count }));
      const added = await widgets.addMany(many.toReversed());
      expect(added).toEqual(many.toReversed().map((widget) => ({ ...widget, version: 1 })));
      expect(await widgets.count()).toBe(1_000);
      expect(await widgets.get(many[500]?.id ?? "")).toEqual(added[499]);
    });

    it("keeps nothing of nothing", async () => {
      const { widgets } = suite.newTenant();
      expect(await widgets.addMany([])).toEqual([]);
    });

    it("keeps none when one cannot be kept", async () => {
      const { widgets } = suite.newTenant();
      const first = await widgets.add(newWidget());
      const withTaken = widgets.addMany([newWidget(), newWidget({ name: first.name }), newWidget()]);
      await expect(withTaken).rejects.toMatchObject(exists("widgets_name_key"));
      const [one, two] = [newWidget(), newWidget()];
      await expect(widgets.addMany([one, { ...two, id: one.id }])).rejects.toMatchObject(exists("id"));
      await expect(widgets.addMany([one, { ...two, name: one.name }])).rejects.toMatchObject(
        exists("widgets_name_key"),
      );
      expect(await widgets.count()).toBe(1);
    });

    it("refuses more than 1,000", async () => {
      const { widgets } = suite.newTenant();
      const many = Array.from({ length: 1_001 }, () => newWidget());
      await expect(widgets.addMany(many)).rejects.toMatchObject({ code: "limit_exceeded" });
      expect(await widgets.count()).toBe(0);
    });
  });
}

function updateContract(suite: RepositorySuite): void {
  describe("update", () => {
    it("replaces the record and counts its version up", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget({ slot: "a", data: { a: 1 } }));
      const next = newWidget({ id: widget.id, name: widget.name, slot: null, count: 3 });
      expect(await widgets.update(next)).toEqual({ ...next, version: 2 });
      expect(await widgets.update(next, { expectedVersion: 2 })).toEqual({ ...next, version: 3 });
      expect(await widgets.get(widget.id)).toEqual({ ...next, version: 3 });
    });

    it("tells a record that is not there from one in another version", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      const missing = newWidget();
      await expect(widgets.update(missing)).rejects.toMatchObject(NOT_FOUND);
      await expect(widgets.update(missing, { expectedVersion: 7 })).rejects.toMatchObject(NOT_FOUND);
      await expect(widgets.update(widget, { expectedVersion: 7 })).rejects.toMatchObject(MISMATCH);
      expect(await widgets.get(widget.id)).toEqual(widget);
    });

    it("refuses what another record has, and takes what it has itself", async () => {
      const { widgets } = suite.newTenant();
      const one = await widgets.add(newWidget({ slot: "1" }));
      const two = await widgets.add(newWidget({ slot: "2" }));
      await expect(widgets.update({ ...two, slot: "1" })).rejects.toMatchObject(exists("widgets_slot_key"));
      expect(await widgets.update({ ...one, count: 1 })).toMatchObject({ version: 2 });
      await widgets.update({ ...one, slot: null });
      expect(await widgets.update({ ...two, slot: "1" })).toMatchObject({ slot: "1", version: 2 });
    });

    it("lets one win of many that saw the same version", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, count) => widgets.update({ ...widget, count }, { expectedVersion: 1 })),
      );
      const lost = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(lost).toHaveLength(7);
      for (const { reason } of lost) expect(reason).toMatchObject({ code: "version_mismatch" });
      expect(await widgets.get(widget.id)).toMatchObject({ version: 2 });
    });
  });
}

function patchContract(suite: RepositorySuite): void {
  describe("patch", () => {
    it("replaces the given properties and leaves the others", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget({ slot: "s", count: 1, data: { a: 1 } }));
      const patched = await widgets.patch(widget.id, { slot: null, data: [2], count: undefined as unknown as number });
      expect(patched).toEqual({ ...widget, slot: null, data: [2], version: 2 });
      expect(await widgets.get(widget.id)).toEqual(patched);
      expect(await widgets.patch(widget.id, {})).toEqual({ ...patched, version: 3 });
    });

    it("lets every one count that changes something else", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      await Promise.all([
        widgets.patch(widget.id, { count: 5 }),
        widgets.patch(widget.id, { slot: "five" }),
        widgets.patch(widget.id, { amount: 5n }),
      ]);
      expect(await widgets.get(widget.id)).toEqual({ ...widget, count: 5, slot: "five", amount: 5n, version: 4 });
    });

    it("rejects like update", async () => {
      const { widgets } = suite.newTenant();
      const [one, two] = await widgets.addMany([newWidget({ slot: "1" }), newWidget({ slot: "2" })]);
      await expect(widgets.patch(newWidget().id, { count: 1 })).rejects.toMatchObject(NOT_FOUND);
      await expect(widgets.patch("no id", { count: 1 })).rejects.toMatchObject(NOT_FOUND);
      const stale = widgets.patch(one?.id ?? "", { count: 1 }, { expectedVersion: 7 });
      await expect(stale).rejects.toMatchObject(MISMATCH);
      const taken = widgets.patch(two?.id ?? "", { slot: "1" });
      await expect(taken).rejects.toMatchObject(exists("widgets_slot_key"));
    });
  });
}

function removeContract(suite: RepositorySuite): void {
  describe("remove", () => {
    it("says whether there was one", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget({ slot: "s" }));
      expect(await widgets.remove(widget.id)).toBe(true);
      expect(await widgets.remove(widget.id)).toBe(false);
      expect(await widgets.remove(widget.id, { expectedVersion: 7 })).toBe(false);
      expect(await widgets.remove("no id")).toBe(false);
      expect(await widgets.get(widget.id)).toBeUndefined();
      expect(await widgets.exists(widget.id)).toBe(false);
      expect(await widgets.add(widget)).toMatchObject({ version: 1 });
    });

    it("removes the expected version only", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      await expect(widgets.remove(widget.id, { expectedVersion: 7 })).rejects.toMatchObject(MISMATCH);
      expect(await widgets.remove(widget.id, { expectedVersion: 1 })).toBe(true);
    });

    it("removes once, however many do it", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      const removed = await Promise.all(Array.from({ length: 8 }, () => widgets.remove(widget.id)));
      expect(removed.filter(Boolean)).toHaveLength(1);
    });
  });

  describe("records of another tenant", () => {
    it("do not exist", async () => {
      const [owner, other] = [suite.newTenant(), suite.newTenant()];
      const widget = await owner.widgets.add(newWidget());
      const { widgets } = other;
      expect(await widgets.get(widget.id)).toBeUndefined();
      expect(await widgets.exists(widget.id)).toBe(false);
      expect(await widgets.count()).toBe(0);
      expect((await widgets.query()).items).toEqual([]);
      expect(await widgets.getPaged({ page: 1, pageSize: 10 })).toMatchObject({ items: [], totalCount: 0 });
      expect(await widgets.remove(widget.id)).toBe(false);
      await expect(widgets.update(widget)).rejects.toMatchObject(NOT_FOUND);
      await expect(widgets.patch(widget.id, { count: 9 })).rejects.toMatchObject(NOT_FOUND);
      // An id is unique among the records of a tenant only.
      await widgets.add(newWidget({ id: widget.id }));
      expect(await owner.scope.repository(WIDGETS).get(widget.id)).toEqual(widget);
    });
  });
}
