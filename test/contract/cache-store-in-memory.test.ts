import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { cacheStoreContract } from "../../src/testing/cache-store-contract.ts";

cacheStoreContract("in-memory", async ({ defaultTtlMs }) => {
  let nowMs = 1_772_530_200_000;
  const open = () => new InMemoryCacheStore({ nowMs: () => nowMs, defaultTtlMs });
  const store = open();
  return {
    store,
    elapse: (ms) => {
      nowMs += ms;
    },
    another: async () => open(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});
