import { describe, expect, it } from "vitest";
import type { TenantId } from "../../identifiers.ts";
import { at } from "../../testing/profile-records.ts";
import { LeaseWatch } from "./lease-watch.ts";

const [A, B] = ["a", "b"] as readonly string[] as readonly [TenantId, TenantId];
const PATIENCE_MS = 100;

describe("a watch over leases", () => {
  it("tells once when the same event has waited for too long", () => {
    const watch = new LeaseWatch(PATIENCE_MS);
    const told = [0, 50, 100, 101, 102, 1_000].map((nowMs) => watch.refused(A, at(0), nowMs));
    expect(told).toEqual([undefined, undefined, undefined, 101, undefined, undefined]);
  });

  it("begins anew when somebody has sealed, whoever it was", () => {
    const watch = new LeaseWatch(PATIENCE_MS);
    watch.refused(A, at(0), 0);
    expect(watch.refused(A, at(1), 101)).toBeUndefined();
    expect(watch.refused(A, at(1), 202)).toBe(101);
    watch.over(A);
    expect(watch.refused(A, at(1), 500)).toBeUndefined();
    expect(watch.refused(A, at(1), 601)).toBe(101);
  });

  it("forgets those who do not wait any more, and keeps tenants apart", () => {
    const watch = new LeaseWatch(PATIENCE_MS);
    watch.refused(A, at(0), 0);
    watch.refused(B, at(0), 50);
    watch.keepOnly(new Set([B]));
    expect(watch.refused(A, at(0), 101)).toBeUndefined();
    expect(watch.refused(B, at(0), 151)).toBe(101);
  });
});
