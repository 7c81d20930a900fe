import { afterEach, beforeEach, expect } from "vitest";
import type { CacheStore } from "../storage/cache-store.ts";
import type { CallOptions } from "../storage/call-options.ts";

export interface CacheStoreUnderTest extends AsyncDisposable {
  readonly store: CacheStore;
  /** Lets time pass for an engine whose clock stands still; on others it passes by itself. */
  elapse?(ms: number): void;
  /**
   * Another store over the same entries, or over none of them, as another process has one. It is closed by the suite.
   * Left out where stores neither share entries nor leave each other's alone.
   */
  another?(): Promise<CacheStore>;
}

export interface CacheStoreSettings {
  /** 15 minutes when left out. */
  readonly defaultTtlMs?: number | undefined;
}

/** Opens an empty store that shares nothing with those opened before. */
export type OpenCacheStore = (settings: CacheStoreSettings) => Promise<CacheStoreUnderTest>;

/** A store for each test of a suite, closed after it. */
export function cacheStoreOfEachTest(
  open: OpenCacheStore,
  settings: CacheStoreSettings = {},
): { store: CacheStore; opened: CacheStoreUnderTest } {
  let opened: CacheStoreUnderTest;
  beforeEach(async () => {
    opened = await open(settings);
  });
  afterEach(async () => {
    await opened[Symbol.asyncDispose]();
  });
  return {
    get store() {
      return opened.store;
    },
    get opened() {
      return opened;
    },
  };
}

/** Waits, asking again and again, until it is so. */
export async function until(isSo: () => Promise<boolean> | boolean, deadlineMs = 10_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) expect.fail(`It was not so within ${deadlineMs} ms`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** A promise, and who settles it. */
export function deferred<T = void>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
} {
  return Promise.withResolvers<T>();
}

/** A call of each method, on keys and tags of its own choice. */
export const EVERY_METHOD: Readonly<Record<string, (store: CacheStore, options?: CallOptions) => Promise<unknown>>> = {
  get: (store, options) => store.get("key", options),
  getMany: (store, options) => store.getMany(["key"], options),
  set: (store, options) => store.set("key", 1, options),
  remove: (store, options) => store.remove("key", options),
  removeMany: (store, options) => store.removeMany(["key"], options),
  exists: (store, options) => store.exists("key", options),
  getOrSet: (store, options) => store.getOrSet("key", async () => 1, options),
  removeByPattern: (store, options) => store.removeByPattern("*", options),
  removeByTag: (store, options) => store.removeByTag("tag", options),
  invalidateAll: (store, options) => store.invalidateAll(options),
  increment: (store, options) => store.increment("key", options),
  ping: (store, options) => store.ping(options),
};
