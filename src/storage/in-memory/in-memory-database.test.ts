import { beforeEach, describe, expect, it } from "vitest";
import { type TenantId, UuidV7Generator } from "../../identifiers.ts";
import { InMemoryDatabase, type InMemorySession } from "./in-memory-database.ts";
import type { InMemoryTables } from "./in-memory-tables.ts";

const ABORTED = { code: "aborted" };

describe("giving a call up in memory", () => {
  let session: InMemorySession;
  let controller: AbortController;
  const put = (id: string) => (tables: InMemoryTables) => tables.table<{ id: string }>("t").put(id, { id });
  const ids = () => session.run((tables) => [...tables.table<{ id: string }>("t").values()].map(({ id }) => id));

  beforeEach(() => {
    session = new InMemoryDatabase().forTenant(new UuidV7Generator().uuid<TenantId>());
    controller = new AbortController();
  });

  it("runs nothing when the signal has fired before", async () => {
    const signal = AbortSignal.abort();
    await expect(session.run(put("a"), { signal })).rejects.toMatchObject(ABORTED);
    await expect(session.transaction((tx) => tx.run(put("b")), { signal })).rejects.toMatchObject(ABORTED);
    expect(await ids()).toEqual([]);
  });

  it("leaves the queue", async () => {
    const { signal } = controller;
    const outcomes = await session.transaction(async () => {
      const waiting = [session.run(put("a"), { signal }), session.transaction((tx) => tx.run(put("b")), { signal })];
      controller.abort();
      return Promise.allSettled(waiting);
    });
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: ABORTED });
    expect(await ids()).toEqual([]);
  });

  it("undoes a transaction at once, whatever its work waits for", async () => {
    const workMayGoOn = Promise.withResolvers<void>();
    const workHasEnded = Promise.withResolvers<unknown>();
    const transaction = session.transaction(
      async (tx) => {
        await tx.run(put("a"));
        controller.abort();
        await workMayGoOn.promise;
        workHasEnded.resolve(await tx.run(put("b")).catch((error: unknown) => error));
      },
      { signal: controller.signal },
    );
    await expect(transaction).rejects.toMatchObject(ABORTED);
    expect(await ids()).toEqual([]);
    workMayGoOn.resolve();
    expect(await workHasEnded.promise).toMatchObject(ABORTED);
    expect(await ids()).toEqual([]);
  });

  it("dooms the transaction of a unit that is given up", async () => {
    const transaction = session.transaction(async (tx) => {
      await tx.run(put("a"));
      await tx.run(put("b"), { signal: AbortSignal.abort() }).catch(() => undefined);
      await expect(tx.run(put("c"))).rejects.toMatchObject(ABORTED);
    });
    await expect(transaction).rejects.toMatchObject({ code: "internal_error", cause: ABORTED });
    expect(await ids()).toEqual([]);
  });
});
