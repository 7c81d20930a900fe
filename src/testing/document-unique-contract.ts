import { describe, expect, it } from "vitest";
import type { DocumentBody } from "../storage/document-store.ts";
import { type DocumentSuite, failure, fill } from "./document-storage.ts";

const EMAIL_TAKEN = failure("record_exists", { rule: "email" });

export function documentUniqueContract(suite: DocumentSuite): void {
  describe("a unique index", () => {
    it("refuses a value that another document has, in every write", async () => {
      const store = await suite.newStore();
      await fill(store, [
        { id: "a", email: "a@x" },
        { id: "b", email: "b@x", papers: { number: 7 } },
      ]);
      await expect(store.insert({ id: "c", email: "a@x" })).rejects.toEqual(EMAIL_TAKEN);
      await expect(store.upsert({ id: "c", email: "a@x" })).rejects.toEqual(EMAIL_TAKEN);
      await expect(store.upsert({ id: "c", email: "a@x" }, { expectedVersion: 0 })).rejects.toEqual(EMAIL_TAKEN);
      await expect(store.upsert({ id: "b", email: "a@x" })).rejects.toEqual(EMAIL_TAKEN);
      await expect(store.upsert({ id: "b", email: "a@x" }, { expectedVersion: 1 })).rejects.toEqual(EMAIL_TAKEN);
      await expect(store.replace({ id: "b", email: "a@x" })).rejects.toEqual(EMAIL_TAKEN);
      await expect(store.patch("b", { email: "a@x" })).rejects.toEqual(EMAIL_TAKEN);
      const numberTaken = failure("record_exists", { rule: "number" });
      await expect(store.patch("a", { papers: { number: 7 } })).rejects.toEqual(numberTaken);
      expect(await store.get("b")).toEqual({ document: { id: "b", email: "b@x", papers: { number: 7 } }, version: 1 });
      expect(await store.count()).toBe(2);
    });

    it("lets a document keep its value, and frees it with the document or its change", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a", email: "a@x" });
      await store.replace({ id: "a", email: "a@x", n: 1 });
      await store.upsert({ id: "a", email: "a@x", n: 2 });
      await store.patch("a", { n: 3 });
      await store.patch("a", { email: "b@x" });
      await store.insert({ id: "b", email: "a@x" });
      await store.delete("a");
      await store.insert({ id: "c", email: "b@x" });
      await store.patch("c", { email: null });
      await store.patch("b", { email: "b@x" });
      expect(await store.count()).toBe(2);
    });

    it("does not look at other types, null, or absent values", async () => {
      const store = await suite.newStore();
      const others: DocumentBody[] = [null, 1, true, {}, ["a@x"]].flatMap((email, index) => [
        { id: `${index}`, email },
        { id: `${index} again`, email },
      ]);
      await fill(store, [...others, { id: "x" }, { id: "y" }, { id: "z", papers: [{ number: 1 }] }]);
      await fill(store, [
        { id: "t1", papers: { number: "1" } },
        { id: "t2", papers: { number: "1" } },
      ]);
      await fill(store, [
        { id: "n1", papers: { number: 1 } },
        { id: "n2", papers: { number: 1.5 } },
      ]);
      await expect(store.insert({ id: "n3", papers: { number: 1 } })).rejects.toEqual(
        failure("record_exists", { rule: "number" }),
      );
    });

    it("compares texts exactly", async () => {
      const store = await suite.newStore();
      const emails = ["a", "A", "a ", " a", "ä", "a\u0308", ""];
      await fill(
        store,
        emails.map((email, index) => ({ id: `${index}`, email })),
      );
      for (const email of emails) await expect(store.insert({ id: "x", email })).rejects.toEqual(EMAIL_TAKEN);
    });

    it("has one winner among many at once", async () => {
      const store = await suite.newStore();
      const calls = Array.from({ length: 6 }, (_, n) => store.upsert({ id: `${n}`, email: "a@x" }));
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason).toEqual(EMAIL_TAKEN);
      expect(await store.count()).toBe(1);
    });
  });
}
