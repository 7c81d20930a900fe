import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { LABELS, type NewWidget, newWidget, type RepositorySuite } from "./record-storage.ts";

const KEPT: readonly [string, Partial<NewWidget>][] = [
  ["texts of all planes", { kind: "ä 漢 😀 \u{10FFFF} \u0001 \ufeff", slot: "" }],
  ["texts that look like something else", { kind: "null", slot: "NULL", extra: "{}" }],
  ["texts with quotes and braces", { kind: `'"\\{},%_`, slot: "\\" }],
  ["the largest bigint", { amount: 2n ** 63n - 1n }],
  ["the smallest bigint", { amount: -(2n ** 63n) }],
  ["a bigint that no number holds", { amount: 2n ** 53n + 1n }],
  ["the largest integer", { count: 2 ** 31 - 1 }],
  ["the smallest integer", { count: -(2 ** 31) }],
  ["the largest double", { ratio: Number.MAX_VALUE }],
  ["the smallest double", { ratio: Number.MIN_VALUE }],
  ["a double with all its digits", { ratio: 0.1 + 0.2 }],
  ["the first instant", { at: "0001-01-01T00:00:00.000Z" as Instant }],
  ["the last instant", { at: "9999-12-31T23:59:59.999Z" as Instant }],
  ["an instant with trailing zeros", { at: "2026-03-03T09:30:00.120Z" as Instant }],
  ["an instant before 1970", { at: "1899-12-31T23:59:59.001Z" as Instant }],
  ["an instant in the summer", { at: "2026-07-01T02:30:00.000Z" as Instant }],
  ["bytes", { digest: "00ff7f80" }],
  ["no bytes", { digest: "" }],
  ["a reference", { ref: "019c0000-0000-7000-8000-000000000000" }],
  ["JSON of all kinds", { data: { a: [1, 1.5, "x", null, true, { b: [] }], "": -1e-7 }, extra: [[]] }],
  ["JSON scalars", { data: "text", extra: 0 }],
  ["false and null of JSON", { data: false, extra: null }],
];

const REFUSED: readonly [string, object][] = [
  ["a text with NUL", { kind: "a\u0000b" }],
  ["a lone surrogate", { kind: "\ud800" }],
  ["a fraction for an integer", { count: 1.5 }],
  ["an integer of 33 bits", { count: 2 ** 31 }],
  ["a bigint of 65 bits", { amount: 2n ** 63n }],
  ["a number for a bigint", { amount: 1 }],
  ["no number", { ratio: Number.NaN }],
  ["infinity", { ratio: Number.POSITIVE_INFINITY }],
  ["a day that does not exist", { at: "2026-02-30T00:00:00.000Z" }],
  ["an instant in another form", { at: "2026-03-03T09:30:00Z" }],
  ["an upper-case UUID", { ref: "019C0000-0000-7000-8000-000000000000" }],
  ["upper-case bytes", { digest: "FF" }],
  ["half a byte", { digest: "f" }],
  ["what is not JSON", { data: { a: undefined } }],
  ["null for what is never null", { kind: null }],
  ["a missing property", { isOpen: undefined }],
  ["an id that is none", { id: "widget" }],
];

/** What becomes of values. */
export function repositoryValueContract(suite: RepositorySuite): void {
  describe("values", () => {
    it.each(KEPT)("come back as they were: %s", async (_, values) => {
      const { widgets } = suite.newTenant();
      const [one, two, three] = [newWidget(values), newWidget(values), newWidget({ kind: "k" })];
      await widgets.add(one);
      await widgets.addMany(values.slot === undefined ? [two, three] : [{ ...two, slot: null }, three]);
      expect(await widgets.get(one.id)).toEqual({ ...one, version: 1 });
      expect(await widgets.get(two.id)).toMatchObject({
        ...values,
        ...(values.slot === undefined ? {} : { slot: null }),
      });
      const { id } = await widgets.add(newWidget());
      const change = values.slot === undefined ? values : { ...values, slot: `${values.slot}2` };
      expect(await widgets.patch(id, change)).toMatchObject(change);
      expect((await widgets.query({ filter: { op: "eq", path: ["id"], value: one.id } })).items).toEqual([
        { ...one, version: 1 },
      ]);
    });

    it("have no negative zero", async () => {
      const { widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget({ ratio: -0, count: -0, data: { a: -0 } }));
      expect(widget).toMatchObject({ ratio: 0, count: 0, data: { a: 0 } });
      expect(await widgets.get(widget.id)).toEqual(widget);
    });

    it.each(REFUSED)("are refused when a column does not take them: %s", async (_, values) => {
      const { widgets } = suite.newTenant();
      const widget = { ...newWidget(), ...values };
      const invalid = { code: "invalid_value" };
      await expect(widgets.add(widget)).rejects.toMatchObject(invalid);
      await expect(widgets.addMany([newWidget(), widget])).rejects.toMatchObject(invalid);
      await expect(widgets.update(widget)).rejects.toMatchObject(invalid);
      expect(await widgets.count()).toBe(0);
    });

    it("are not looked for where no id can be", async () => {
      const { scope, widgets } = suite.newTenant();
      for (const id of ["", "x", "019C0000-0000-7000-8000-000000000000", "\u0000"]) {
        expect(await widgets.get(id)).toBeUndefined();
        expect(await widgets.exists(id)).toBe(false);
      }
      for (const id of ["", "\u0000", "\ud800", "x".repeat(257)]) {
        expect(await scope.repository(LABELS).get(id)).toBeUndefined();
      }
    });

    it("include ids of one's own choice", async () => {
      const { scope, tenantId } = suite.newTenant();
      const labels = scope.repository(LABELS);
      for (const id of ["a", "A", "ä", "😀", "x".repeat(256), " "]) {
        const label = await labels.add({ id, tenantId, text: id });
        expect(await labels.get(id)).toEqual(label);
        expect(await labels.update({ ...label, text: "" })).toEqual({ ...label, text: "", version: 2 });
      }
      await expect(labels.add({ id: "a", tenantId, text: "" })).rejects.toMatchObject({ details: { rule: "id" } });
      await expect(labels.add({ id: "x".repeat(257), tenantId, text: "" })).rejects.toMatchObject({
        code: "invalid_value",
      });
    });
  });
}
