import { describe, expect, it } from "vitest";
import { BoundedCache } from "./bounded-cache.ts";

describe("a bounded cache", () => {
  it("never holds more than it may", () => {
    const cache = new BoundedCache<number>(10);
    for (let n = 0; n < 1_000; n++) {
      cache.set(`k${n}`, n);
      cache.get(`k${n >> 1}`);
      expect(cache.size).toBeLessThanOrEqual(10);
    }
  });

  it("keeps what is used and forgets what is not", () => {
    const cache = new BoundedCache<number>(10);
    cache.set("used", 1);
    cache.set("unused", 2);
    for (let n = 0; n < 100; n++) {
      cache.set(`k${n}`, n);
      expect(cache.get("used")).toBe(1);
    }
    expect(cache.get("unused")).toBeUndefined();
  });

  it("replaces a value, also one that has aged", () => {
    const cache = new BoundedCache<number>(4);
    cache.set("a", 1);
    cache.set("b", 1);
    cache.set("c", 1);
    cache.set("a", 2);
    expect(cache.get("a")).toBe(2);
    cache.set("a", 3);
    expect(cache.get("a")).toBe(3);
  });
});
