import { expect, it } from "vitest";
import type { AuditEventId } from "../identifiers.ts";
import {
  type IndexedTransaction,
  type RegisterStore,
  SEAL_LOOKUPS_MAX,
  SUBTREES_MAX,
  type TransactionFilter,
  type TreeNode,
} from "../register/register-store.ts";
import type { ContractContext } from "./engine.ts";
import { newEvent, newId } from "./profile-records.ts";
import { freshHash, freshTransaction, indexed, manyIds, transactionOfEvent } from "./register-records.ts";

/** How transactions and nodes are found. */
export function registerLookupContract(context: ContractContext): void {
  it("find nothing that is not there, whatever is asked for", async () => {
    const { register } = context.tenant;
    await indexed(register, 0n, freshTransaction());
    for (const txId of [freshHash(), "", "x", freshHash().slice(1), `${freshHash()}00`, "ZZ".repeat(32)]) {
      expect(await register.find(txId)).toBeUndefined();
      expect(await register.list({ subject: txId }, { limit: 1 })).toEqual({ items: [], nextCursor: null });
    }
    const odd = ["", "x", "\u0000", "\ud800", newId()];
    expect(await register.findByEvents(odd as AuditEventId[])).toEqual(new Map());
    expect(await register.findBySubjectIds(odd)).toEqual(new Map());
    expect(await register.findByEvents([])).toEqual(new Map());
    expect(await register.findBySubjectIds([])).toEqual(new Map());
    expect(await register.nodes([])).toEqual([]);
  });

  it("find by events those that are sealed, the first of each", async () => {
    const { register } = context.tenant;
    const events = [newEvent(), newEvent(), newEvent()] as const;
    const later = await indexed(register, 5n, transactionOfEvent(events[1]), transactionOfEvent(events[0]));
    const earlier = await indexed(register, 1n, transactionOfEvent(events[1]), transactionOfEvent(events[1]));
    const ids = events.map(({ id }) => id);
    const found = await register.findByEvents([...ids, ...ids, newId()]);
    expect(Object.fromEntries(found)).toEqual({ [events[0].id]: later[1], [events[1].id]: earlier[0] });
  });

  it("find by item the first transaction about each", async () => {
    const { register } = context.tenant;
    const [one, two] = ["item «1»", newId()] as const;
    const about = (subjectId: string) => freshTransaction({ subjectId });
    const later = await indexed(register, 5n, about(two), about(one), about(two));
    const earlier = await indexed(register, 1n, about("another"), about(one), about(one));
    const found = await register.findBySubjectIds([one, two, one, "ITEM «1»", newId()]);
    expect(Object.fromEntries(found)).toEqual({ [one]: earlier[1], [two]: later[0] });
  });

  it("take 1,000 ids and refuse more", async () => {
    const { register } = context.tenant;
    const event = newEvent({ subjectId: newId() });
    const [transaction] = await indexed(register, 0n, transactionOfEvent(event));
    const others = manyIds<AuditEventId>(SEAL_LOOKUPS_MAX - 1);
    expect([...(await register.findByEvents([...others, event.id])).values()]).toEqual([transaction]);
    const bySubject = await register.findBySubjectIds([...others, event.subjectId ?? ""]);
    expect([...bySubject.values()]).toEqual([transaction]);
    const tooMany = [...others, event.id, newId<AuditEventId>()];
    await expect(register.findByEvents(tooMany)).rejects.toMatchObject({ code: "limit_exceeded" });
    await expect(register.findBySubjectIds(tooMany)).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  async function all(store: RegisterStore, filter: TransactionFilter, limit = 2): Promise<IndexedTransaction[]> {
    const found: IndexedTransaction[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list(filter, { limit, cursor });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return found;
  }

  it("list by height and position, page by page, narrowed by subject and type", async () => {
    const { register } = context.tenant;
    const [one, two] = [freshHash(), freshHash()];
    const made = (subject: string | null, type: string) => freshTransaction({ subject, type });
    const last = await indexed(register, 2n ** 62n, made(one, "a"), made(two, "b"));
    const first = await indexed(register, 2n, made(one, "b"), made(null, "a"), made(one, "a"));
    const middle = await indexed(register, 10n, made(two, "a"));
    const everything = [...first, ...middle, ...last];
    const filters: TransactionFilter[] = [
      {},
      { subject: one },
      { subject: two },
      { type: "a" },
      { type: "b" },
      { subject: one, type: "a" },
      { subject: two, type: "c" },
      { type: "A" },
      { subject: freshHash() },
    ];
    for (const filter of filters) {
      const { subject, type } = filter;
      const expected = everything.filter(
        (each) => (subject === undefined || each.subject === subject) && (type === undefined || each.type === type),
      );
      for (const limit of [1, 2, 100]) expect(await all(register, filter, limit)).toEqual(expected);
    }
  });

  it("list without repeating or skipping while dockets are indexed", async () => {
    const { register } = context.tenant;
    const first = await indexed(register, 0n, freshTransaction(), freshTransaction(), freshTransaction());
    const page = await register.list({}, { limit: 2 });
    const second = await indexed(register, 1n, freshTransaction());
    const rest = await register.list({}, { limit: 5, cursor: page.nextCursor ?? "" });
    expect([...page.items, ...rest.items]).toEqual([...first, ...second]);
    expect(rest.nextCursor).toBeNull();
  });

  it("refuse a cursor of another filter, of another list, or of none", async () => {
    const { register } = context.tenant;
    const subject = freshHash();
    await indexed(register, 0n, freshTransaction({ subject }), freshTransaction({ subject }));
    const { nextCursor } = await register.list({ subject }, { limit: 1 });
    await register.list({ subject }, { limit: 1, cursor: nextCursor ?? "" });
    for (const filter of [{}, { subject, type: "genesis" }, { subject: freshHash() }, { type: subject }]) {
      const cursor = nextCursor ?? "";
      await expect(register.list(filter, { limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
    }
    const list = JSON.parse(Buffer.from(nextCursor ?? "", "base64url").toString()) as [string];
    const forge = (...place: readonly string[]) =>
      Buffer.from(JSON.stringify([list[0], ...place])).toString("base64url");
    const forged = [
      forge("-1", "0"),
      forge("0", "1 or 1"),
      forge("9223372036854775808", "0"),
      forge("0", "2147483648"),
      forge("0", "9223372036854775807"),
      forge("01", "0"),
      forge("0"),
      forge("0", "0", "0"),
    ];
    for (const cursor of ["", "x", ...forged]) {
      await expect(register.list({ subject }, { limit: 1, cursor })).rejects.toMatchObject({ code: "invalid_cursor" });
    }
    for (const cursor of [forge("9223372036854775807", "2147483647"), forge("0", "2147483647")]) {
      expect(await register.list({ subject }, { limit: 1, cursor })).toEqual({ items: [], nextCursor: null });
    }
  });

  it("find nodes at their places, those that are there", async () => {
    const { register } = context.tenant;
    const nodes = [
      { level: 0, index: 2n ** 62n, hash: freshHash() },
      { level: 0, index: 3n, hash: freshHash() },
      { level: 1, index: 1n, hash: freshHash() },
      { level: 62, index: 0n, hash: freshHash() },
    ];
    await register.index({ height: 3n, transactions: [], nodes });
    const missing = { level: 1, index: 3n };
    const found = await register.nodes([missing, ...nodes.toReversed(), { level: 3, index: 0n }]);
    const byPlace = (a: { level: number; index: bigint }, b: typeof a) =>
      a.level - b.level || (a.index < b.index ? 1 : -1);
    expect(found.toSorted(byPlace)).toEqual(nodes);
    expect(await register.nodes([missing])).toEqual([]);
  });

  it("find nodes that were put in the place of others, or of none", async () => {
    const { register } = context.tenant;
    const [kept, replaced, added] = [3n, 4n, 2n ** 62n].map((index) => ({ level: 0, index, hash: freshHash() })) as [
      TreeNode,
      TreeNode,
      TreeNode,
    ];
    await register.index({ height: 0n, transactions: [], nodes: [kept, { ...replaced, hash: freshHash() }] });
    await Promise.all([register.putNodes([replaced, added]), register.putNodes([])]);
    expect(new Set(await register.nodes([kept, replaced, added]))).toEqual(new Set([kept, replaced, added]));
    expect(await register.indexedCount()).toBe(1n);
    const many = Array.from({ length: SUBTREES_MAX }, (_, at) => ({ level: 1, index: BigInt(at), hash: freshHash() }));
    await register.putNodes(many);
    expect(await register.nodes(many)).toHaveLength(SUBTREES_MAX);
    await expect(register.putNodes([...many, kept])).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it("take 256 subtrees and refuse more", async () => {
    const { register } = context.tenant;
    const node = { level: 0, index: 0n, hash: freshHash() };
    await register.index({ height: 0n, transactions: [], nodes: [node] });
    const wanted = Array.from({ length: SUBTREES_MAX }, (_, index) => ({ level: 0, index: BigInt(index) }));
    expect(await register.nodes(wanted)).toEqual([node]);
    await expect(register.nodes([...wanted, { level: 1, index: 0n }])).rejects.toMatchObject({
      code: "limit_exceeded",
    });
  });
}
