import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SharedLock } from "./shared-lock.ts";

describe("SharedLock", () => {
  let lock: SharedLock;
  let log: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    lock = new SharedLock(1_000);
    log = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function logged(name: string, turn: Promise<void> | undefined): Promise<unknown> | undefined {
    return turn?.then(
      () => log.push(name),
      (error: { code: string }) => log.push(`${name}: ${error.code}`),
    );
  }
  async function settle(): Promise<void> {
    await vi.advanceTimersByTimeAsync(0);
  }

  it("lets any number share at once, without a promise", () => {
    expect(lock.share()).toBeUndefined();
    expect(lock.share()).toBeUndefined();
  });

  it("lets one exclude, once those that share are gone", async () => {
    expect(lock.share()).toBeUndefined();
    expect(lock.share()).toBeUndefined();
    void logged("exclusive", lock.exclude());
    lock.releaseShared();
    await settle();
    expect(log).toEqual([]);
    lock.releaseShared();
    await settle();
    expect(log).toEqual(["exclusive"]);
  });

  it("serves in the order of arrival, sharing neighbours together", async () => {
    expect(lock.exclude()).toBeUndefined();
    void logged("a", lock.share());
    void logged("b", lock.share());
    void logged("C", lock.exclude());
    void logged("d", lock.share());
    lock.releaseExclusive();
    await settle();
    expect(log).toEqual(["a", "b"]);
    lock.releaseShared();
    lock.releaseShared();
    await settle();
    expect(log).toEqual(["a", "b", "C"]);
    lock.releaseExclusive();
    await settle();
    expect(log).toEqual(["a", "b", "C", "d"]);
  });

  it("gives up waiting with storage_timeout and blocks nobody behind", async () => {
    expect(lock.share()).toBeUndefined();
    void logged("exclusive", lock.exclude());
    await vi.advanceTimersByTimeAsync(500);
    void logged("shared", lock.share());
    await vi.advanceTimersByTimeAsync(500);
    await settle();
    expect(log).toEqual(["exclusive: storage_timeout", "shared"]);
    lock.releaseShared();
    lock.releaseShared();
    expect(lock.exclude()).toBeUndefined();
  });
});
