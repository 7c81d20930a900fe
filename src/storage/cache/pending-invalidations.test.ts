import { describe, expect, it } from "vitest";
import { PendingInvalidations } from "./pending-invalidations.ts";

describe("invalidations that wait", () => {
  it("are taken once, each name once, keys and tags apart", () => {
    const pending = new PendingInvalidations();
    pending.add({ what: "keys", names: ["a", "b"] });
    pending.add({ what: "keys", names: ["b", "c"] });
    pending.add({ what: "tags", names: ["a"] });
    expect(pending.isEmpty).toBe(false);
    expect(pending.take(7_000)).toEqual([
      { what: "keys", names: ["a", "b", "c"] },
      { what: "tags", names: ["a"] },
    ]);
    expect(pending.isEmpty).toBe(true);
    expect(pending.take(7_000)).toEqual([]);
  });

  it("are messages of the size that is allowed, of the longest names too", () => {
    const pending = new PendingInvalidations();
    const names = Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(512, "\u0001"));
    pending.add({ what: "keys", names });
    const taken = pending.take(7_900);
    const sizes = taken.map((each) =>
      Buffer.byteLength(JSON.stringify(["x".repeat(36), each.what, "names" in each && each.names])),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(7_900);
    expect(taken.flatMap((each) => ("names" in each ? each.names : []))).toEqual(names);
  });

  it("are an order to forget everything once there are too many, or one of them is", () => {
    const pending = new PendingInvalidations();
    pending.add({ what: "tags", names: ["a"] });
    pending.add({ what: "keys", names: Array.from({ length: 10_001 }, (_, index) => `${index}`) });
    pending.add({ what: "tags", names: ["b"] });
    expect(pending.take(7_000)).toEqual([{ what: "all" }]);
    pending.add({ what: "all" });
    expect(pending.isEmpty).toBe(false);
    expect(pending.take(7_000)).toEqual([{ what: "all" }]);
    expect(pending.isEmpty).toBe(true);
  });
});
