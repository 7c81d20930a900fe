import { describe, expect, it } from "vitest";
import type { RecordScope } from "../storage/repository.ts";
import { newWidget, type RepositorySuite, WIDGETS } from "./record-storage.ts";

const ABORTED = { code: "aborted" };

/** What transactions and signals must do. */
export function repositoryTransactionContract(suite: RepositorySuite): void {
  outcomeContract(suite);
  doomContract(suite);
  isolationContract(suite);
  signalContract(suite);
}

function outcomeContract(suite: RepositorySuite): void {
  describe("a transaction", () => {
    it("keeps all of it when its work resolves", async () => {
      const { scope, widgets } = suite.newTenant();
      const before = await widgets.add(newWidget());
      const answer = await scope.transaction(async (tx) => {
        const own = tx.repository(WIDGETS);
        await own.add(newWidget());
        await own.addMany([newWidget(), newWidget()]);
        await own.patch(before.id, { count: 5 });
        expect(await own.count()).toBe(4);
        return "done";
      });
      expect(answer).toBe("done");
      expect(await widgets.count()).toBe(4);
      expect(await widgets.get(before.id)).toMatchObject({ count: 5, version: 2 });
    });

    it("keeps none of it when its work rejects", async () => {
      const { scope, widgets } = suite.newTenant();
      const [one, two] = await widgets.addMany([newWidget({ slot: "1" }), newWidget({ slot: "2" })]);
      const failure = new RangeError("mine");
      const transaction = scope.transaction(async (tx) => {
        const own = tx.repository(WIDGETS);
        await own.add(newWidget({ slot: "3" }));
        await own.patch(one?.id ?? "", { slot: "4" });
        await own.remove(two?.id ?? "");
        expect(await own.count()).toBe(2);
        throw failure;
      });
      await expect(transaction).rejects.toBe(failure);
      expect((await widgets.query()).items).toEqual([one, two]);
      // What it had taken is free again, what it had given up is not.
      await widgets.addMany([newWidget({ slot: "3" }), newWidget({ slot: "4" })]);
      await expect(widgets.add(newWidget({ slot: "2" }))).rejects.toMatchObject({ code: "record_exists" });
    });

    it("is a part of the one around it", async () => {
      const { scope, widgets } = suite.newTenant();
      const transaction = scope.transaction(async (tx) => {
        await tx.transaction(async (inner) => void (await inner.repository(WIDGETS).add(newWidget())));
        expect(await tx.repository(WIDGETS).count()).toBe(1);
        throw new RangeError("outer");
      });
      await expect(transaction).rejects.toThrow(RangeError);
      expect(await widgets.count()).toBe(0);
    });

    it("has a scope that is of no use after its end", async () => {
      const { scope } = suite.newTenant();
      let kept: RecordScope | undefined;
      await scope.transaction(async (tx) => void (kept = tx));
      await expect(kept?.repository(WIDGETS).count()).rejects.toMatchObject({ code: "internal_error" });
    });
  });
}

function doomContract(suite: RepositorySuite): void {
  describe("a transaction in which something went wrong", () => {
    it("goes on after an answer that is no failure", async () => {
      const { scope, widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      await scope.transaction(async (tx) => {
        const own = tx.repository(WIDGETS);
        await expect(own.update(newWidget())).rejects.toMatchObject({ code: "record_not_found" });
        await expect(own.patch(widget.id, {}, { expectedVersion: 9 })).rejects.toMatchObject({
          code: "version_mismatch",
        });
        await expect(own.remove(widget.id, { expectedVersion: 9 })).rejects.toMatchObject({ code: "version_mismatch" });
        await expect(own.add(newWidget({ kind: "\u0000" }))).rejects.toMatchObject({ code: "invalid_value" });
        await own.add(newWidget());
      });
      expect(await widgets.count()).toBe(2);
    });

    it("comes to nothing after a record that existed, whatever its work makes of it", async () => {
      const { scope, widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget({ slot: "s" }));
      const later: unknown[] = [];
      const transaction = scope.transaction(async (tx) => {
        const own = tx.repository(WIDGETS);
        await own.add(newWidget());
        await expect(own.add(newWidget({ slot: "s" }))).rejects.toMatchObject({ code: "record_exists" });
        later.push(await own.count().catch((error: unknown) => error));
      });
      await expect(transaction).rejects.toMatchObject({ code: "internal_error" });
      expect(later).toMatchObject([{ code: "record_exists" }]);
      expect((await widgets.query()).items).toEqual([widget]);
    });
  });
}

function isolationContract(suite: RepositorySuite): void {
  describe("a serializable transaction", () => {
    it("decides from what stays true", async () => {
      const { scope, widgets } = suite.newTenant();
      const addIfNone = () =>
        scope.transaction(
          async (tx) => {
            const own = tx.repository(WIDGETS);
            if ((await own.count()) === 0) await own.add(newWidget());
          },
          { isolation: "serializable" },
        );
      const outcomes = await Promise.allSettled([addIfNone(), addIfNone(), addIfNone(), addIfNone()]);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "write_conflict" });
      }
      expect(await widgets.count()).toBe(1);
    });
  });
}

function signalContract(suite: RepositorySuite): void {
  describe("a signal that has fired", () => {
    const options = { signal: AbortSignal.abort() };

    it("keeps every method from doing anything", async () => {
      const { scope, widgets } = suite.newTenant();
      const widget = await widgets.add(newWidget());
      for (const call of [
        () => widgets.get(widget.id, options),
        () => widgets.query(options),
        () => widgets.stream(options)[Symbol.asyncIterator]().next(),
        () => widgets.getPaged({ ...options, page: 1, pageSize: 1 }),
        () => widgets.add(newWidget(), options),
        () => widgets.addMany([newWidget()], options),
        () => widgets.update(widget, options),
        () => widgets.patch(widget.id, { count: 1 }, options),
        () => widgets.remove(widget.id, options),
        () => widgets.exists(widget.id, options),
        () => widgets.count(undefined, options),
        () => scope.transaction((tx) => tx.repository(WIDGETS).add(newWidget()), options),
      ]) {
        await expect(call()).rejects.toMatchObject(ABORTED);
      }
      expect((await widgets.query()).items).toEqual([widget]);
    });

    it("gives a transaction up while its work goes on", async () => {
      const { scope, widgets } = suite.newTenant();
      const controller = new AbortController();
      const worked = Promise.withResolvers<unknown>();
      const transaction = scope.transaction(
        async (tx) => {
          const own = tx.repository(WIDGETS);
          await own.add(newWidget());
          controller.abort();
          worked.resolve(await own.add(newWidget()).catch((error: unknown) => error));
        },
        { signal: controller.signal },
      );
      await expect(transaction).rejects.toMatchObject(ABORTED);
      expect(await worked.promise).toMatchObject(ABORTED);
      expect(await widgets.count()).toBe(0);
    });
  });
}
