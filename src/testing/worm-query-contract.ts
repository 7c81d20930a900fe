import { describe, expect, it } from "vitest";
import type { JsonObject } from "../json.ts";
import type { Filter } from "../storage/filter.ts";
import { entry, fill, type WormSuite } from "./worm-storage.ts";

const FACTS: readonly JsonObject[] = [
  { kind: "docket", amount: 1, urgent: true },
  { kind: "docket", amount: 2.5, urgent: false, note: null },
  { kind: "repair", amount: -1, note: "a%b_c" },
  { kind: "Docket", amount: 9_007_199_254_740_991, note: "ü🗝" },
  {},
];

const CASES: readonly [Filter, readonly number[]][] = [
  [{ op: "eq", path: ["kind"], value: "docket" }, [0, 1]],
  [{ op: "ne", path: ["kind"], value: "docket" }, [2, 3, 4]],
  [{ op: "eq", path: ["note"], value: null }, [1]],
  [{ op: "exists", path: ["note"] }, [1, 2, 3]],
  [{ op: "gt", path: ["amount"], value: 1 }, [1, 3]],
  [{ op: "lte", path: ["amount"], value: 1 }, [0, 2]],
  [{ op: "gte", path: ["amount"], value: 9_007_199_254_740_991 }, [3]],
  [{ op: "lt", path: ["urgent"], value: true }, [1]],
  [{ op: "in", path: ["kind"], values: ["repair", "Docket", 1] }, [2, 3]],
  [{ op: "nin", path: ["kind"], values: ["repair"] }, [0, 1, 3, 4]],
  [{ op: "prefix", path: ["note"], value: "a%" }, [2]],
  [{ op: "contains", path: ["note"], value: "🗝" }, [3]],
  [{ op: "eq", path: ["absent"], value: 1 }, []],
  [{ op: "not", filter: { op: "eq", path: ["urgent"], value: true } }, [1, 2, 3, 4]],
  [
    {
      op: "and",
      filters: [
        { op: "eq", path: ["kind"], value: "docket" },
        { op: "eq", path: ["amount"], value: 1 },
      ],
    },
    [0],
  ],
  [
    {
      op: "or",
      filters: [
        { op: "eq", path: ["amount"], value: -1 },
        { op: "eq", path: ["urgent"], value: false },
      ],
    },
    [1, 2],
  ],
  [{ op: "and", filters: [] }, [0, 1, 2, 3, 4]],
  [{ op: "or", filters: [] }, []],
  [{ op: "elemMatch", path: ["note"], filter: { op: "eq", path: [], value: "a" } }, []],
];

/** What the reads by content must do. */
export function wormQueryContract(suite: WormSuite): void {
  describe("query and count", () => {
    it.each(CASES.map(([filter, places]) => ({ filter, places })))("answer $filter", async ({ filter, places }) => {
      const { store } = await suite.newLog();
      const records = await fill(
        store,
        FACTS.map((facts, index) => entry(index, facts)),
      );
      expect(await store.query({ filter })).toEqual(places.map((place) => records[place]));
      expect(await store.count(filter)).toBe(BigInt(places.length));
    });

    it("answer within a range, ascending, up to the limit", async () => {
      const { store } = await suite.newLog();
      const records = await fill(
        store,
        Array.from({ length: 12 }, (_, index) => entry(index, { even: index % 2 === 0 })),
      );
      const filter: Filter = { op: "eq", path: ["even"], value: true };
      const even = records.filter((_, index) => index % 2 === 0);
      expect(await store.query()).toEqual(records);
      expect(await store.query({ limit: 3 })).toEqual(records.slice(0, 3));
      expect(await store.query({ from: 3n, to: 5n })).toEqual(records.slice(3, 6));
      expect(await store.query({ filter, limit: 2 })).toEqual(even.slice(0, 2));
      expect(await store.query({ filter, from: 3n })).toEqual(even.slice(2));
      expect(await store.query({ filter, from: 4n, to: 8n })).toEqual(even.slice(2, 5));
      expect(await store.query({ filter, from: 4n, to: 8n, limit: 1 })).toEqual(even.slice(2, 3));
      expect(await store.query({ filter, from: 8n, to: 4n })).toEqual([]);
      expect(await store.query({ filter, from: 2n ** 63n })).toEqual([]);
      expect(await store.query({ from: -2n, to: 2n ** 63n, filter })).toEqual(even);
    });

    it("answer with 100 records unless they are asked for more", async () => {
      const { store } = await suite.newLog();
      await fill(
        store,
        Array.from({ length: 101 }, (_, index) => entry(index, {})),
      );
      expect(await store.query()).toHaveLength(100);
      expect(await store.query({ filter: { op: "and", filters: [] } })).toHaveLength(100);
      expect(await store.query({ limit: 1_000 })).toHaveLength(101);
    });

    it.each([0, 1_001, -1, 0.5, 1e9])("refuse the limit %s", async (limit) => {
      const { store } = await suite.newLog();
      await expect(store.query({ limit })).rejects.toMatchObject({ code: "invalid_request" });
    });

    const BAD: readonly unknown[] = [
      { op: "eq", path: ["inner", "n"], value: 1 },
      { op: "not", filter: { op: "exists", path: ["a", "b"] } },
      { op: "or", filters: [{ op: "eq", path: ["a", "b"], value: 1 }] },
      { op: "eq", path: [], value: 1 },
      { op: "eq", path: ["$where"], value: 1 },
      { op: "like", path: ["a"], value: 1 },
      { op: "lt", path: ["a"], value: null },
    ];
    it.each(BAD)("refuse %o", async (bad) => {
      const { store } = await suite.newLog();
      const filter = bad as Filter;
      await expect(store.query({ filter })).rejects.toMatchObject({ code: "invalid_filter" });
      await expect(store.count(filter)).rejects.toMatchObject({ code: "invalid_filter" });
    });
  });
}
