import { expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { CustomerFilter } from "../profiles/profile-store.ts";
import { encodeCursor } from "../storage/page.ts";
import type { ContractContext } from "./engine.ts";
import { at, newId, newIdentity } from "./profile-records.ts";
import { change, createCustomer, deleteCustomer } from "./profile-writes.ts";

/** Listing customers page by page, and filtering them by their keys. */
export function customerListContract(context: ContractContext): void {
  async function listAll(filter: CustomerFilter, limit: number): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await context.tenant.profiles.listCustomers(filter, { limit, cursor });
      pages.push(page.items.map((item) => item.customerId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return pages;
  }

  it("lists live customers newest first, page by page", async () => {
    const created = [];
    for (let index = 0; index < 6; index++) created.push((await createCustomer(context.tenant)).customerId);
    const [first, second, third, fourth, fifth, sixth] = created;
    expect(await listAll({}, 4)).toEqual([
      [sixth, fifth, fourth, third],
      [second, first],
    ]);
    expect(await listAll({}, 3)).toEqual([
      [sixth, fifth, fourth],
      [third, second, first],
    ]);
    expect(await listAll({}, 6)).toHaveLength(1);
  });

  it("is empty for a tenant without customers", async () => {
    expect(await context.tenant.profiles.listCustomers({}, { limit: 5 })).toEqual({ items: [], nextCursor: null });
  });

  it("shows headers and identities and nothing internal", async () => {
    const identity = newIdentity("+1", { primary: true });
    const customer = await createCustomer(
      context.tenant,
      { externalId: "x", wrappedKey: "a2V5", verificationLevel: "kyc_complete", lastInteractionAt: at(3) },
      identity,
    );
    const { mergedIntoId: _, deletedAt: __, wrappedKey: ___, ...header } = customer;
    const { items } = await context.tenant.profiles.listCustomers({}, { limit: 5 });
    expect(items).toStrictEqual([{ ...header, identities: [identity] }]);
  });

  it("leaves out merged and deleted customers", async () => {
    const { tenant } = context;
    const live = await createCustomer(tenant);
    const merged = await createCustomer(tenant, { externalId: "merged" }, newIdentity("+1"));
    const deleted = await createCustomer(tenant, { externalId: "deleted" });
    await change(tenant, merged.customerId, { customer: { ...merged, mergedIntoId: live.customerId, version: 2 } });
    await deleteCustomer(tenant, deleted.customerId);
    expect(await listAll({}, 5)).toEqual([[live.customerId]]);
    expect(await listAll({ externalId: "merged" }, 5)).toEqual([[]]);
    expect(await listAll({ externalId: "deleted" }, 5)).toEqual([[]]);
    expect(await listAll({ identity: { channel: "whatsapp", channelUserId: "+1" } }, 5)).toEqual([[]]);
  });

  it("filters by identity and by external id", async () => {
    const { tenant } = context;
    const anna = await createCustomer(tenant, { externalId: "anna" }, newIdentity("+1"));
    await createCustomer(tenant, { externalId: "Anna" }, newIdentity("+1", { channel: "sms" }));
    expect(await listAll({ externalId: "anna" }, 5)).toEqual([[anna.customerId]]);
    expect(await listAll({ identity: { channel: "whatsapp", channelUserId: "+1" } }, 5)).toEqual([[anna.customerId]]);
    expect(await listAll({ externalId: "an" }, 5)).toEqual([[]]);
    expect(await listAll({ identity: { channel: "slack", channelUserId: "+1" } }, 5)).toEqual([[]]);
  });

  it("takes one filter at a time", async () => {
    const identity = { channel: "whatsapp", channelUserId: "+1" } as const;
    for (const filter of [
      { externalId: "a", textPrefix: "a" },
      { externalId: "a", identity },
      { textPrefix: "a", identity },
    ]) {
      await expect(context.tenant.profiles.listCustomers(filter, { limit: 5 })).rejects.toMatchObject({
        code: "invalid_request",
      });
    }
  });

  it("neither repeats nor skips while customers come and go", async () => {
    const { tenant } = context;
    const created = [];
    for (let index = 0; index < 5; index++) created.push((await createCustomer(tenant)).customerId);
    const first = await tenant.profiles.listCustomers({}, { limit: 2 });
    await createCustomer(tenant);
    await deleteCustomer(tenant, created[3] as CustomerId);
    await deleteCustomer(tenant, created[1] as CustomerId);
    const second = await tenant.profiles.listCustomers({}, { limit: 2, cursor: first.nextCursor ?? "" });
    expect(second.items.map((item) => item.customerId)).toEqual([created[2], created[0]]);
    expect(second.nextCursor).toBeNull();
  });

  it("refuses cursors that are not its own", async () => {
    const { tenant } = context;
    for (let index = 0; index < 2; index++) await createCustomer(tenant);
    const { nextCursor } = await tenant.profiles.listCustomers({}, { limit: 1 });
    const parts = JSON.parse(Buffer.from(nextCursor ?? "", "base64url").toString()) as string[];
    const list = parts[0] ?? "";
    const forged = ["no-uuid", "", "\u0000", "' or true --"].map((key) => encodeCursor(list, [key]));
    const malformed = [
      "",
      "garbage",
      "{}",
      Buffer.from("[]").toString("base64url"),
      encodeCursor(list, []),
      encodeCursor(list, [newId(), "x"]),
    ];
    for (const cursor of [...forged, ...malformed, encodeCursor("customers:", [newId()])]) {
      await expect(tenant.profiles.listCustomers({}, { limit: 1, cursor })).rejects.toMatchObject({
        code: "invalid_cursor",
      });
    }
    for (const filter of [
      { externalId: "a" },
      { textPrefix: "" },
      { identity: { channel: "api", channelUserId: "a" } as const },
    ]) {
      await expect(tenant.profiles.listCustomers(filter, { limit: 1, cursor: nextCursor ?? "" })).rejects.toMatchObject(
        { code: "invalid_cursor" },
      );
    }
  });
}
