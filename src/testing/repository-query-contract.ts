import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import type { JsonValue } from "../json.ts";
import type { Filter, OrderKey } from "../storage/filter.ts";
import type { Repository } from "../storage/repository.ts";
import { type NewWidget, newWidget, type RepositorySuite, type Widget } from "./record-storage.ts";

/** Widgets by `kind`, each of which is one letter. */
const ROWS: readonly Partial<NewWidget>[] = [
  { kind: "a", slot: "", amount: 2n ** 53n + 1n, count: -1, ratio: 1.5, isOpen: true, data: { x: 1 } },
  { kind: "b", slot: "ab", amount: 2n ** 53n, count: 0, ratio: 0, at: "2026-03-03T09:30:00.000Z" as Instant },
  { kind: "c", slot: "AB", amount: 1n, count: 1, ratio: -1.5, at: "2026-03-03T09:30:00.001Z" as Instant, data: [1] },
  { kind: "d", slot: "\uffee", count: 2, isOpen: true, digest: "ab", data: "text" },
  { kind: "e", slot: "😀", count: 3, digest: "ab00", ref: "019c0000-0000-7000-8000-00000000000a", data: false },
  { kind: "f", slot: "%_", amount: -1n, count: 4, digest: "", ref: "019c0000-0000-7000-8000-00000000000b" },
];

const eq = (name: string, value: JsonValue): Filter => ({ op: "eq", path: [name], value });
const ne = (name: string, value: JsonValue): Filter => ({ op: "ne", path: [name], value });
const isIn = (name: string, ...values: JsonValue[]): Filter => ({ op: "in", path: [name], values });
const nin = (name: string, ...values: JsonValue[]): Filter => ({ op: "nin", path: [name], values });
const lt = (name: string, value: string | number | boolean): Filter => ({ op: "lt", path: [name], value });
const lte = (name: string, value: string | number | boolean): Filter => ({ op: "lte", path: [name], value });
const gt = (name: string, value: string | number | boolean): Filter => ({ op: "gt", path: [name], value });
const gte = (name: string, value: string | number | boolean): Filter => ({ op: "gte", path: [name], value });
const prefix = (name: string, value: string): Filter => ({ op: "prefix", path: [name], value });
const contains = (name: string, value: string): Filter => ({ op: "contains", path: [name], value });
const not = (filter: Filter): Filter => ({ op: "not", filter });
const and = (...filters: Filter[]): Filter => ({ op: "and", filters });
const or = (...filters: Filter[]): Filter => ({ op: "or", filters });

/** And the kinds that are found. */
const FILTERS: readonly (readonly [string, Filter])[] = [
  ["b", eq("slot", "ab")],
  ["acdef", ne("slot", "ab")],
  ["ad", eq("isOpen", true)],
  ["bcef", ne("isOpen", true)],
  ["de", eq("amount", null)],
  ["abcf", ne("amount", null)],
  ["b", eq("amount", 2 ** 53)],
  ["", eq("amount", "1")],
  ["", eq("amount", 1e300)],
  ["", eq("count", 1.5)],
  ["abcdef", ne("count", 1e300)],
  ["c", eq("count", 1)],
  ["", eq("kind", null)],
  ["abcdef", eq("version", 1)],
  ["bc", isIn("count", 0, 1, 1.5, "2", null, 1e300)],
  ["adef", nin("count", 0, 1)],
  ["cde", isIn("amount", null, 1)],
  ["abf", nin("amount", null, 1)],
  ["abdef", nin("amount", 1)],
  ["", isIn("kind")],
  ["abcdef", nin("kind")],
  ["abcdef", { op: "exists", path: ["amount"] }],
  ["cf", lt("amount", 2 ** 53)],
  ["a", gt("amount", 2 ** 53)],
  ["abcf", gt("amount", -1e300)],
  ["", gt("amount", 1e300)],
  ["abcf", lte("amount", 1e300)],
  ["cdef", gt("count", 0.5)],
  ["ab", lte("count", 0.5)],
  ["cdef", gte("count", 0.5)],
  ["a", lt("count", -0.5)],
  ["ab", gte("ratio", 0)],
  ["", lt("ratio", "1")],
  ["bcef", lt("isOpen", true)],
  ["acf", lt("slot", "a")],
  ["de", gte("slot", "\uffee")],
  ["e", gt("slot", "\uffff")],
  ["c", gt("at", "2026-03-03T09:30:00.000Z")],
  ["bc", gt("at", "2026-03-03")],
  ["", lt("at", "2026-03-03")],
  ["", eq("at", "2026-03-03T09:30:00Z")],
  ["bc", prefix("at", "2026-03-03T09:30")],
  ["b", prefix("slot", "a")],
  ["abcdef", prefix("slot", "")],
  ["f", prefix("slot", "%")],
  ["f", contains("slot", "_")],
  ["bc", or(contains("slot", "b"), contains("slot", "B"))],
  ["", contains("count", "")],
  ["de", prefix("digest", "a")],
  ["e", contains("digest", "b0")],
  ["e", gt("digest", "ab")],
  ["de", gte("digest", "ab")],
  ["de", gt("digest", "a")],
  ["f", eq("digest", "")],
  ["", eq("digest", "AB")],
  ["f", gt("ref", "019c0000-0000-7000-8000-00000000000a")],
  ["ef", gt("ref", "019")],
  ["ef", contains("ref", "-7000-")],
  ["a", eq("data", { x: 1.0 })],
  ["cd", isIn("data", [1], "text")],
  ["bf", eq("data", null)],
  ["acde", ne("data", null)],
  ["abcdef", eq("extra", {})],
  ["", eq("extra", null)],
  ["abcdef", and()],
  ["", or()],
  ["", not(and())],
  ["abde", not(lt("amount", 2 ** 53))],
  ["de", not(lte("amount", 1e300))],
  ["abcf", not(eq("amount", null))],
  ["abcdef", not(contains("count", ""))],
  ["bcdef", not(eq("kind", "a"))],
  ["adef", not(or(eq("kind", "b"), eq("kind", "c")))],
  ["bcef", not(and(eq("isOpen", true), not(eq("kind", "b"))))],
  ["d", and(eq("isOpen", true), eq("amount", null))],
];

/** And the kinds in the order in which they come. */
const ORDERS: readonly (readonly [string, readonly OrderKey[]])[] = [
  ["abcdef", []],
  ["fedcba", [{ path: ["kind"], direction: "descending" }]],
  ["afcbde", [{ path: ["slot"] }]],
  ["defcba", [{ path: ["amount"] }]],
  [
    "abcfed",
    [
      { path: ["amount"], direction: "descending" },
      { path: ["kind"], direction: "descending" },
    ],
  ],
  ["bcefad", [{ path: ["isOpen"] }, { path: ["kind"] }]],
  ["adbcef", [{ path: ["isOpen"], direction: "descending" }]],
  ["cbadef", [{ path: ["at"], direction: "descending" }]],
  ["fedcba", [{ path: ["id"], direction: "descending" }, { path: ["kind"] }]],
  ["abcfde", [{ path: ["digest"] }, { path: ["version"] }]],
  ["fedcba", [{ path: ["ratio"] }, { path: ["count"], direction: "descending" }]],
  ["fedcba", [{ path: ["version"] }, { path: ["count"], direction: "descending" }]],
];

const BAD_FILTERS: readonly (readonly [string, Filter])[] = [
  ["a property that is none", eq("nothing", 1)],
  ["a property of properties", { op: "eq", path: ["data", "x"], value: 1 }],
  ["what every object has", eq("constructor", 1)],
  ["elements", { op: "elemMatch", path: ["data"], filter: { op: "eq", path: [], value: 1 } }],
  ["an order of JSON", gt("data", 1)],
  ["a part of JSON", not(and(prefix("data", "t")))],
  ["a value that is no text", { op: "prefix", path: ["slot"], value: 1 as unknown as string }],
];

/** What the methods about many records must do. */
export function repositoryQueryContract(suite: RepositorySuite): void {
  filterContract(suite);
  orderContract(suite);
  pageContract(suite);
  streamContract(suite);
}

async function filled(suite: RepositorySuite): Promise<Repository<Widget>> {
  const { widgets } = suite.newTenant();
  await widgets.addMany(ROWS.map((row) => newWidget(row)));
  return widgets;
}

function kindsOf(records: readonly Widget[]): string {
  return records.map(({ kind }) => kind).join("");
}

function filterContract(suite: RepositorySuite): void {
  describe("a filter", () => {
    it("finds the records that it holds for", async () => {
      const widgets = await filled(suite);
      for (const [kinds, filter] of FILTERS) {
        const { items } = await widgets.query({ filter });
        expect([kindsOf(items), filter]).toEqual([kinds, filter]);
        expect(await widgets.count(filter)).toBe(kinds.length);
      }
    });

    it.each(BAD_FILTERS)("is refused when it is about %s", async (_, filter) => {
      const { widgets } = suite.newTenant();
      const invalid = { code: "invalid_filter" };
      await expect(widgets.query({ filter })).rejects.toMatchObject(invalid);
      await expect(widgets.count(filter)).rejects.toMatchObject(invalid);
      await expect(widgets.getPaged({ filter, page: 1, pageSize: 1 })).rejects.toMatchObject(invalid);
      await expect(widgets.stream({ filter })[Symbol.asyncIterator]().next()).rejects.toMatchObject(invalid);
    });
  });
}

function orderContract(suite: RepositorySuite): void {
  describe("an order", () => {
    it.each(ORDERS)("is %s, in one page and in pages of every size", async (kinds, orderBy) => {
      const widgets = await filled(suite);
      for (const limit of [100, 1, 2, 4]) expect(await kindsByCursor(widgets, orderBy, limit)).toBe(kinds);
      for (const pageSize of [1, 4, 6]) {
        const pages = Array.from({ length: Math.ceil(6 / pageSize) }, (_, index) => index + 1);
        const read = await Promise.all(pages.map((page) => widgets.getPaged({ orderBy, page, pageSize })));
        expect(read.map(({ items }) => kindsOf(items)).join("")).toBe(kinds);
      }
    });

    it.each<[string, OrderKey[]]>([
      ["a property that is none", [{ path: ["nothing"] }]],
      ["JSON", [{ path: ["data"] }]],
      ["too much", Array.from({ length: 5 }, () => ({ path: ["kind"] }))],
    ])("is refused when it is by %s", async (_, orderBy) => {
      const { widgets } = suite.newTenant();
      await expect(widgets.query({ orderBy })).rejects.toMatchObject({ code: "invalid_filter" });
      await expect(widgets.getPaged({ orderBy, page: 1, pageSize: 1 })).rejects.toMatchObject({
        code: "invalid_filter",
      });
    });
  });
}

async function kindsByCursor(widgets: Repository<Widget>, orderBy: readonly OrderKey[], limit: number) {
  let kinds = "";
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await widgets.query({ orderBy, limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    kinds += kindsOf(page.items);
    cursor = page.nextCursor;
  }
  return kinds;
}

function pageContract(suite: RepositorySuite): void {
  describe("a page", () => {
    it("is of 100 records unless something else is asked for", async () => {
      const { widgets } = suite.newTenant();
      await widgets.addMany(Array.from({ length: 101 }, () => newWidget()));
      const first = await widgets.query();
      expect(first.items).toHaveLength(100);
      const second = await widgets.query({ cursor: first.nextCursor ?? "" });
      expect(second).toMatchObject({ nextCursor: null });
      expect(second.items).toHaveLength(1);
      expect((await widgets.query({ limit: 1_000 })).items).toHaveLength(101);
    });

    it("belongs to its query", async () => {
      const widgets = await filled(suite);
      const query = { filter: ne("kind", "x"), orderBy: [{ path: ["amount"] }], limit: 2 };
      const cursor = (await widgets.query(query)).nextCursor ?? "";
      expect(kindsOf((await widgets.query({ ...query, cursor })).items)).toBe("fc");
      const invalid = { code: "invalid_cursor" };
      await expect(widgets.query({ ...query, filter: ne("kind", "y"), cursor })).rejects.toMatchObject(invalid);
      await expect(widgets.query({ ...query, orderBy: [], cursor })).rejects.toMatchObject(invalid);
      for (const foreign of ["", "x", Buffer.from(`["widgets","a"]`).toString("base64url")]) {
        await expect(widgets.query({ ...query, cursor: foreign })).rejects.toMatchObject(invalid);
      }
    });

    it("goes on behind its last record, which may be gone", async () => {
      const widgets = await filled(suite);
      const { items, nextCursor } = await widgets.query({ limit: 2 });
      await widgets.remove(items[1]?.id ?? "");
      expect(kindsOf((await widgets.query({ limit: 2, cursor: nextCursor ?? "" })).items)).toBe("cd");
    });

    it("knows how many there are", async () => {
      const widgets = await filled(suite);
      const read = (page: number, pageSize: number, filter?: Filter) => widgets.getPaged({ page, pageSize, filter });
      const whole = { totalCount: 6, totalPages: 2, pageSize: 4 };
      expect(await read(1, 4)).toMatchObject({ ...whole, page: 1, hasNextPage: true, hasPreviousPage: false });
      expect(await read(2, 4)).toMatchObject({ ...whole, page: 2, hasNextPage: false, hasPreviousPage: true });
      const beyond = { ...whole, page: 9, items: [], hasNextPage: false, hasPreviousPage: true };
      expect(await read(9, 4)).toEqual(beyond);
      const nothing = { items: [], totalCount: 0, totalPages: 0, hasNextPage: false, hasPreviousPage: false };
      expect(await read(1, 4, eq("kind", "x"))).toEqual({ ...nothing, page: 1, pageSize: 4 });
      expect(await read(1, 4, eq("isOpen", true))).toMatchObject({ totalCount: 2, totalPages: 1, hasNextPage: false });
      expect(await read(Math.floor(Number.MAX_SAFE_INTEGER / 4), 4)).toMatchObject({ items: [], totalCount: 6 });
    });

    it.each([0, -1, 1.5, 1_001, 1e9, Number.NaN])("is not of size %s", async (size) => {
      const { widgets } = suite.newTenant();
      const invalid = { code: "invalid_request" };
      await expect(widgets.query({ limit: size })).rejects.toMatchObject(invalid);
      await expect(widgets.getPaged({ page: 1, pageSize: size })).rejects.toMatchObject(invalid);
      await expect(widgets.getPaged({ page: -Math.abs(size), pageSize: 1 })).rejects.toMatchObject(invalid);
    });
  });
}

function streamContract(suite: RepositorySuite): void {
  describe("stream", () => {
    it("reads everything that matches, in order", async () => {
      const widgets = await filled(suite);
      const orderBy: OrderKey[] = [{ path: ["amount"] }];
      const read = await Array.fromAsync(widgets.stream({ orderBy, filter: ne("kind", "e"), limit: 2 }));
      expect(kindsOf(read)).toBe("dfcba");
      expect(await Array.fromAsync(widgets.stream({ filter: eq("kind", "x") }))).toEqual([]);
    });

    it("meets nothing twice that moves while it reads", async () => {
      const widgets = await filled(suite);
      let kinds = "";
      for await (const { id, kind, count } of widgets.stream({ orderBy: [{ path: ["count"] }], limit: 2 })) {
        kinds += kind;
        await widgets.patch(id, { count: count + 100 });
      }
      expect(kinds).toBe("abcdef");
    });

    it("reads no further than it is asked to", async () => {
      const widgets = await filled(suite);
      for await (const { kind } of widgets.stream({ limit: 1 })) if (kind === "b") break;
      expect(await widgets.count()).toBe(6);
    });
  });
}
