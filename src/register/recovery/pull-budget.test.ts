import { describe, expect, it } from "vitest";
import { settled } from "../../testing/manual-timers.ts";
import { PullBudget } from "./pull-budget.ts";

describe("the budget of requests", () => {
  it("lets three through at a time, and the next one when one is done", async () => {
    const pulls = new PullBudget();
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const { signal } = new AbortController();
    const all = [0, 1, 2, 3, 4].map((n) =>
      pulls.within(signal, () => {
        begun.push(n);
        return new Promise<void>((resolve) => {
          ends[n] = resolve;
        });
      }),
    );
    await settled();
    expect(begun).toEqual([0, 1, 2]);
    ends[1]?.();
    await settled();
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const n of [0, 2, 3]) ends[n]?.();
    await settled();
    ends[4]?.();
    await Promise.all(all);
  });

  it("lets go of those that are called off", async () => {
    const pulls = new PullBudget(1);
    const calling = new AbortController();
    const held = Promise.withResolvers<void>();
    const first = pulls.within(new AbortController().signal, () => held.promise);
    const second = pulls.within(calling.signal, async () => undefined);
    calling.abort();
    await expect(second).rejects.toMatchObject({ code: "aborted" });
    held.resolve();
    await first;
    await pulls.within(new AbortController().signal, async () => undefined);
    await expect(pulls.within(calling.signal, async () => undefined)).rejects.toMatchObject({ code: "aborted" });
  });
});
