import { describe, expect, it } from "vitest";
import { type DocketIndex, type IndexedTransaction, SEAL_LOOKUPS_MAX } from "../register/register-store.ts";
import type { ContractContext, TenantUnderTest } from "./engine.ts";
import { newEvent, newId } from "./profile-records.ts";
import { docketOf, freshHash, freshTransaction, transactionOfEvent } from "./register-records.ts";

interface Lie {
  readonly title: string;
  /** What is indexed in the place of the docket in the middle. */
  readonly tell: (truth: readonly IndexedTransaction[]) => readonly IndexedTransaction[];
}

const LIES: readonly Lie[] = [
  { title: "a transaction that is missing", tell: ([first]) => (first ? [first] : []) },
  { title: "a docket that is missing", tell: () => [] },
  { title: "a transaction too many", tell: (truth) => [...truth, freshTransaction({ height: 1n, position: 2 })] },
  { title: "another id", tell: ([first, second]) => altered(first, second, { txId: freshHash() }) },
  { title: "another type", tell: ([first, second]) => altered(first, second, { type: "field_deleted" }) },
  { title: "another customer", tell: ([first, second]) => altered(first, second, { subject: freshHash() }) },
  { title: "no customer", tell: ([first, second]) => altered(first, second, { subject: null }) },
  { title: "another event", tell: ([first, second]) => altered(first, second, { eventId: newEvent().id }) },
  { title: "another item", tell: ([first, second]) => altered(first, second, { subjectId: newId() }) },
  { title: "another height", tell: ([first, second]) => altered(first, second, { height: 7n }) },
  { title: "another position", tell: ([first, second]) => altered(first, second, { position: 9 }) },
  {
    title: "each other's places",
    tell: (truth) => truth.map((transaction, at) => ({ ...transaction, position: truth.length - 1 - at })),
  },
];

function altered(
  first: IndexedTransaction | undefined,
  second: IndexedTransaction | undefined,
  over: Partial<IndexedTransaction>,
): readonly IndexedTransaction[] {
  return first && second ? [first, { ...second, ...over }] : [];
}

/** That an index can be compared with the dockets, and put right. */
export function registerReindexContract(context: ContractContext): void {
  /** Three dockets of two transactions about events of the journal; what these are about only the journal says. */
  async function threeDockets({ audit }: TenantUnderTest): Promise<[DocketIndex, DocketIndex, DocketIndex]> {
    const events = Array.from({ length: 6 }, () => newEvent({ subjectId: newId() }));
    await audit.append(events);
    const ofHeight = (height: number) => {
      const own = events.slice(2 * height, 2 * height + 2);
      return docketOf(BigInt(height), ...own.map((event) => transactionOfEvent(event, { subjectId: null })));
    };
    return [ofHeight(0), ofHeight(1), ofHeight(2)];
  }

  /** Row by row: one of them must not keep the others out. */
  async function indexLie(tenant: TenantUnderTest, transactions: readonly IndexedTransaction[]): Promise<void> {
    for (const { height, ...transaction } of transactions) {
      await tenant.register.index({ height, transactions: [{ height, ...transaction }], nodes: [] });
    }
  }

  it("finds nothing where everything is as it was indexed", async () => {
    const { register } = context.tenant;
    const dockets = await threeDockets(context.tenant);
    const empty = { height: 3n, transactions: [], nodes: [] };
    // Of another journal, and about an item that only the index knows.
    const copied = docketOf(4n, transactionOfEvent(newEvent(), { subjectId: newId() }), freshTransaction());
    for (const docket of [...dockets, empty, copied]) await register.index(docket);
    const unsaid = { ...copied, transactions: copied.transactions.map((each) => ({ ...each, subjectId: null })) };
    expect(await register.findMisindexed([...dockets, empty, copied])).toEqual([]);
    expect(await register.findMisindexed([...dockets, empty, unsaid])).toEqual([]);
    expect(await register.findMisindexed([])).toEqual([]);
  });

  it("finds what was never indexed, by height", async () => {
    const { register } = context.tenant;
    const [first, second, third] = await threeDockets(context.tenant);
    await register.index(second);
    expect(await register.findMisindexed([third, second, first])).toEqual([0n, 2n]);
    const far = docketOf(2n ** 63n - 2n, freshTransaction());
    expect(await register.findMisindexed([far, first])).toEqual([0n, far.height]);
  });

  describe.each(LIES)("$title", ({ tell }) => {
    it("is found and put right", async () => {
      const { tenant } = context;
      const { register } = tenant;
      const dockets = await threeDockets(tenant);
      const [before, lied, after] = dockets;
      for (const docket of [before, after]) await register.index(docket);
      await indexLie(tenant, tell(lied.transactions));
      expect(await register.findMisindexed(dockets)).toEqual([lied.height]);
      await register.reindex(lied);
      expect(await register.findMisindexed(dockets)).toEqual([]);
      const { items } = await register.list({}, { limit: 100 });
      const told = dockets.flatMap(({ transactions }) => transactions);
      expect(items.map(({ subjectId: _, ...item }) => item)).toEqual(told.map(({ subjectId: _, ...each }) => each));
      expect(items.every(({ subjectId }) => subjectId !== null)).toBe(true);
      expect(await register.listUnsealed(10)).toEqual([]);
      expect(await register.indexedCount()).toBe(3n);
    });
  });

  it("indexes a docket that was not there, also by several at once", async () => {
    const { register } = context.tenant;
    const dockets = await threeDockets(context.tenant);
    await Promise.all([...dockets, ...dockets, ...dockets].map((docket) => register.reindex(docket)));
    expect(await register.findMisindexed(dockets)).toEqual([]);
    expect(await register.nodes(dockets.flatMap(({ nodes }) => nodes))).toHaveLength(3);
  });

  it("compares 1,000 transactions at once and refuses more, and leaves what is there then", async () => {
    const { register } = context.tenant;
    const many = (height: bigint, count: number) =>
      docketOf(height, ...Array.from({ length: count }, () => freshTransaction()));
    const halves = [many(0n, SEAL_LOOKUPS_MAX / 2), many(1n, SEAL_LOOKUPS_MAX / 2)];
    for (const half of halves) await register.index(half);
    expect(await register.findMisindexed(halves)).toEqual([]);
    const tooMany = { code: "limit_exceeded" };
    await expect(register.findMisindexed([...halves, many(2n, 1)])).rejects.toMatchObject(tooMany);
    await expect(register.reindex(many(0n, SEAL_LOOKUPS_MAX + 1))).rejects.toMatchObject(tooMany);
    expect(await register.findMisindexed(halves)).toEqual([]);
  });

  it("leaves another tenant's index alone, whose transactions have the same ids and places", async () => {
    const { tenant, other } = context;
    const [docket] = await threeDockets(tenant);
    const theirs = { ...docket, transactions: docket.transactions.map((each) => ({ ...each, type: "event" })) };
    await other.register.index(theirs);
    expect(await tenant.register.findMisindexed([docket])).toEqual([0n]);
    await tenant.register.reindex(docket);
    expect(await other.register.findMisindexed([theirs])).toEqual([]);
  });
}
