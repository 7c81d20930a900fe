import { expect, it } from "vitest";
import { type IndexedTransaction, SEAL_LOOKUPS_MAX } from "../register/register-store.ts";
import type { ContractContext } from "./engine.ts";
import { newEvent, newId } from "./profile-records.ts";
import {
  docketOf,
  freshHash,
  freshRegister,
  freshTransaction,
  indexed,
  transactionOfEvent,
} from "./register-records.ts";

const LARGEST = 2n ** 63n - 2n;

/** How dockets come into the index, and how many are counted. */
export function registerIndexContract(context: ContractContext): void {
  it("gives back every member of a transaction", async () => {
    const { register } = context.tenant;
    const transactions = await indexed(
      register,
      LARGEST,
      freshTransaction(),
      freshTransaction({ eventId: newEvent().id, type: "field_written", subject: freshHash(), subjectId: newId() }),
      freshTransaction({ eventId: newEvent().id, type: "api_key_created", subjectId: "Schlüssel «🗝» '\"\\" }),
    );
    for (const transaction of transactions) expect(await register.find(transaction.txId)).toEqual(transaction);
  });

  it("lets the journal say what an event is about, unless the transaction does", async () => {
    const { audit, register } = context.tenant;
    const events = [newEvent({ subjectId: "Schlüssel «🗝»" }), newEvent(), newEvent({ subjectId: newId() })] as const;
    await audit.append(events);
    // Of another journal, as those of a copied register are.
    const elsewhere = newEvent({ subjectId: newId() });
    const unsaid = [...events, elsewhere].map((event) => transactionOfEvent(event, { subjectId: null }));
    const said = transactionOfEvent(events[0], { subjectId: "another" });
    const indexedOnes = await indexed(register, 0n, ...unsaid, said, freshTransaction());
    const found = await Promise.all(indexedOnes.map(({ txId }) => register.find(txId)));
    const [first, , third] = events;
    const expected = [first.subjectId, null, third.subjectId, null, "another", null];
    expect(found).toEqual(indexedOnes.map((transaction, at) => ({ ...transaction, subjectId: expected[at] })));
    expect([...(await register.findBySubjectIds([third.subjectId ?? ""])).keys()]).toEqual([third.subjectId]);
  });

  it("takes 1,000 transactions, and none at all, and refuses more", async () => {
    const { register } = context.tenant;
    const some = (count: number) => Array.from({ length: count }, () => freshTransaction());
    await indexed(register, 0n, ...some(SEAL_LOOKUPS_MAX));
    await register.index({ height: 1n, transactions: [], nodes: [] });
    expect(await register.indexedCount()).toBe(2n);
    await expect(indexed(register, 2n, ...some(SEAL_LOOKUPS_MAX + 1))).rejects.toMatchObject({
      code: "limit_exceeded",
    });
    expect(await register.indexedCount()).toBe(2n);
    const { items } = await register.list({}, { limit: 100 });
    expect(items.map(({ position }) => position)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it("takes the same docket again without harm, also by several at once", async () => {
    const { register } = context.tenant;
    const docket = docketOf(0n, freshTransaction(), freshTransaction());
    await Promise.all(Array.from({ length: 5 }, () => register.index(docket)));
    await register.index(docket);
    expect((await register.list({}, { limit: 100 })).items).toEqual(docket.transactions);
    expect(await register.nodes(docket.nodes)).toEqual(docket.nodes);
    expect(await register.indexedCount()).toBe(1n);
  });

  it("keeps what was there first, at its place and of its id", async () => {
    const { register } = context.tenant;
    const [first] = (await indexed(register, 0n, freshTransaction())) as [IndexedTransaction];
    await indexed(register, 0n, freshTransaction({ type: "event" }));
    await indexed(register, 1n, { ...first, type: "event" });
    expect((await register.list({}, { limit: 100 })).items).toEqual([first]);
    const node = { level: 0, index: 0n };
    const [kept] = await register.nodes([node]);
    await register.index({ height: 0n, transactions: [], nodes: [{ ...node, hash: freshHash() }] });
    expect(await register.nodes([node])).toEqual([kept]);
  });

  it("counts dockets from height 0 up to the first gap", async () => {
    const { register } = context.tenant;
    await register.init(freshRegister());
    expect(await register.indexedCount()).toBe(0n);
    const steps: readonly (readonly [bigint, bigint])[] = [
      [1n, 0n],
      [2n, 0n],
      [0n, 3n],
      [3n, 4n],
      [6n, 4n],
      [5n, 4n],
      [8n, 4n],
      [4n, 7n],
      [7n, 9n],
      [9n, 10n],
      [9n, 10n],
    ];
    for (const [height, count] of steps) {
      await indexed(register, height, freshTransaction());
      expect(await register.indexedCount()).toBe(count);
    }
  });

  it("counts the same before there is a register, and when it comes", async () => {
    const { register } = context.tenant;
    for (const height of [0n, 1n, 3n]) await indexed(register, height, freshTransaction());
    expect(await register.indexedCount()).toBe(2n);
    await register.init(freshRegister());
    expect(await register.indexedCount()).toBe(2n);
    await indexed(register, 2n, freshTransaction());
    expect(await register.indexedCount()).toBe(4n);
  });

  it("counts dockets that are indexed all at once", async () => {
    const { register } = context.tenant;
    await register.init(freshRegister());
    const heights = Array.from({ length: 20 }, (_, index) => BigInt(index));
    await Promise.all(heights.map((height) => indexed(register, height, freshTransaction())));
    expect(await register.indexedCount()).toBe(20n);
    await indexed(register, 20n, freshTransaction());
    expect(await register.indexedCount()).toBe(21n);
  });
}
