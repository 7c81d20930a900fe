import { expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { FieldInsert } from "../profiles/field-version.ts";
import { newLifecycle } from "../profiles/item.ts";
import type { ContractContext } from "./engine.ts";
import { at, NOW } from "./profile-records.ts";
import { addField, createCustomer, deleteCustomer, deleteItem, supersede } from "./profile-writes.ts";

/** Finding customers by the beginning of a text field. */
export function customerSearchContract(context: ContractContext): void {
  async function customerWith(over: Partial<FieldInsert>): Promise<CustomerId> {
    const { customerId } = await createCustomer(context.tenant);
    await addField(context.tenant, customerId, over);
    return customerId;
  }

  async function search(textPrefix: string): Promise<string[]> {
    const { items } = await context.tenant.profiles.listCustomers({ textPrefix }, { limit: 100 });
    return items.map(({ customerId }) => customerId);
  }

  async function isFound(value: string, prefix: string): Promise<boolean> {
    const customerId = await customerWith({ value });
    return (await search(prefix)).includes(customerId);
  }

  it("finds the beginning of any text field, newest customer first, each customer once", async () => {
    const anna = await customerWith({ value: "Anna Lund" });
    const annabel = await customerWith({ value: "Annabel" });
    await addField(context.tenant, annabel, { name: "nickname", value: "anna" });
    await customerWith({ value: "Hanna" });
    expect(await search("Anna")).toEqual([annabel, anna]);
    expect(await search("anna ")).toEqual([anna]);
    expect(await search("anna lund")).toEqual([anna]);
    expect(await search("anna lund!")).toEqual([]);
  });

  it("ignores case in every script, alike at the end of a word and within it", async () => {
    const cases = [
      ["ÉLODIE", "élo"],
      ["élodie", "ÉLO"],
      ["ΟΔΟΣ", "οδος"],
      ["ΟΔΟΣΑ", "ΟΔΟΣ"],
      ["οδός", "ΟΔΌΣ"],
      ["Οδυσσέας", "οδυς"],
      ["İstanbul", "İSTAN"],
      ["Straße", "STRASSE"],
      ["STRASSE", "straß"],
      ["𐐀𐐁", "𐐨𐐩"],
      ["ǅungla", "ǆ"],
      ["Привет", "прив"],
      ["Jose\u0301", "Jos\u00e9"],
      ["Jos\u00e9", "Jose\u0301"],
      ["東京都", "東京"],
      ["\u{10ffff}\u{10ffff}", "\u{10ffff}"],
    ] as const;
    const missed = [];
    for (const [value, prefix] of cases) if (!(await isFound(value, prefix))) missed.push([value, prefix]);
    expect(missed).toEqual([]);
  });

  it("does not take accents for letters without them, nor letters of one script for those of another", async () => {
    const found = [];
    for (const [value, prefix] of [
      ["Élodie", "e"],
      ["Ana", "а"],
      ["Øre", "o"],
    ] as const) {
      if (await isFound(value, prefix)) found.push([value, prefix]);
    }
    expect(found).toEqual([]);
  });

  it.each(["%", "_", "\\", "a%", "a_c", ".*", "a\\", "'", '"', "[a]"])("takes %s for itself", async (prefix) => {
    const literal = await customerWith({ value: `${prefix}x` });
    await customerWith({ value: "abc" });
    expect(await search(prefix)).toEqual([literal]);
  });

  it("compares the first hundred characters", async () => {
    const long = await customerWith({ value: "🗝".repeat(150) });
    expect(await search("🗝".repeat(100))).toEqual([long]);
    expect(await search(`${"🗝".repeat(100)}other`)).toEqual([long]);
    expect(await search(`${"🗝".repeat(99)}other`)).toEqual([]);
  });

  it("finds every customer with a text for the empty prefix", async () => {
    const anna = await customerWith({ value: "Anna" });
    const empty = await customerWith({ value: "" });
    await createCustomer(context.tenant);
    expect(await search("")).toEqual([empty, anna]);
  });

  it("leaves out personal, encrypted and other than text fields", async () => {
    await customerWith({ value: "anna", isPii: true });
    await customerWith({ value: null, sealedValue: "anna" });
    await customerWith({ value: "anna@example.org", valueType: "email" });
    await customerWith({ value: { anna: "anna" }, valueType: "json" });
    await customerWith({ value: 1, valueType: "number" });
    expect(await search("")).toEqual([]);
  });

  it("follows the flag of personal data", async () => {
    const anna = await customerWith({ value: "anna" });
    await context.tenant.profiles.setPiiFlag("city", true);
    expect(await search("anna")).toEqual([]);
    await context.tenant.profiles.setPiiFlag("city", false);
    expect(await search("anna")).toEqual([anna]);
  });

  it("leaves out versions that ended, and customers that are gone", async () => {
    const { tenant } = context;
    const ends = { status: "expired", expiredAt: at(1), endedAt: at(1) } as const;
    await customerWith({ value: "anna", ...newLifecycle(NOW), ...ends });
    const moved = await createCustomer(tenant);
    await supersede(tenant, await addField(tenant, moved.customerId, { value: "anna" }), { value: "berta" });
    await deleteItem(tenant, await addField(tenant, moved.customerId, { name: "gone", value: "anna" }));
    await deleteCustomer(tenant, await customerWith({ value: "anna" }));
    expect(await search("anna")).toEqual([]);
    expect(await search("berta")).toEqual([moved.customerId]);
  });

  it("pages without repeating a customer", async () => {
    const found = [];
    for (const value of ["a1", "a2", "a3"]) found.push(await customerWith({ value }));
    const { profiles } = context.tenant;
    const first = await profiles.listCustomers({ textPrefix: "A" }, { limit: 2 });
    const second = await profiles.listCustomers({ textPrefix: "A" }, { limit: 2, cursor: first.nextCursor ?? "" });
    expect([...first.items, ...second.items].map(({ customerId }) => customerId)).toEqual(found.toReversed());
    const other = profiles.listCustomers({ textPrefix: "a" }, { limit: 2, cursor: first.nextCursor ?? "" });
    await expect(other).rejects.toMatchObject({ code: "invalid_cursor" });
  });
}
