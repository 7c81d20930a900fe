import { describe, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { FieldInsert } from "../profiles/field-version.ts";
import { ITEM_STATUSES, newLifecycle } from "../profiles/item.ts";
import { encodeCursor } from "../storage/page.ts";
import type { ContractContext } from "./engine.ts";
import { at, NOW, newId, readField } from "./profile-records.ts";
import { addAsset, addField, createCustomer, deleteCustomer, deleteItem } from "./profile-writes.ts";

/** Reading the newest version of a field with a status, or every version of it. */
export function profileHistoryContract(context: ContractContext): void {
  describe("getField", () => getFieldContract(context));
  describe("listFieldHistory", () => fieldHistoryContract(context));
}

const EXPIRED = { ...newLifecycle(NOW), status: "expired", expiredAt: at(50), endedAt: at(50) } as const;
const ORPHANED = { ...newLifecycle(NOW), status: "orphaned", orphanedAt: at(60), endedAt: at(60) } as const;

function getFieldContract(context: ContractContext): void {
  async function versions(overs: readonly Partial<FieldInsert>[]) {
    const { customerId } = await createCustomer(context.tenant);
    const fields: FieldInsert[] = [];
    for (const over of overs) fields.push(await addField(context.tenant, customerId, over));
    return { customerId, fields };
  }

  it("finds the newest version with the status: by when it was collected, then by insertion", async () => {
    const { profiles } = context.tenant;
    const superseded = { ...newLifecycle(NOW), status: "superseded", supersededAt: at(70), endedAt: at(70) } as const;
    const { customerId, fields } = await versions([
      { ...EXPIRED, collectedAt: at(40) },
      { ...ORPHANED, collectedAt: at(30) },
      { ...EXPIRED, collectedAt: at(40), value: "the last inserted" },
      { ...EXPIRED, collectedAt: at(10) },
      { ...superseded, collectedAt: at(90) },
      { collectedAt: at(20) },
      { name: "other", collectedAt: at(999) },
    ]);
    const found = async (status: (typeof ITEM_STATUSES)[number] | "any") => {
      const field = await profiles.getField(customerId, "city", status);
      return fields.findIndex(({ id }) => id === field?.id);
    };
    expect(await found("active")).toBe(5);
    expect(await found("expired")).toBe(2);
    expect(await found("orphaned")).toBe(1);
    expect(await found("superseded")).toBe(4);
    expect(await found("any")).toBe(4);
    expect(await profiles.getField(customerId, "city", "expired")).toStrictEqual(readField(fields[2] as FieldInsert));
  });

  it("leaves tombstones out", async () => {
    const { customerId, fields } = await versions([{}, { name: "other" }]);
    await deleteItem(context.tenant, fields[0] as FieldInsert);
    for (const status of [...ITEM_STATUSES, "any"] as const) {
      expect(await context.tenant.profiles.getField(customerId, "city", status)).toBeUndefined();
    }
    expect(await context.tenant.profiles.getField(customerId, "other", "any")).toBeDefined();
  });

  it("finds nothing of an unknown name or status, of an unknown and of a deleted customer", async () => {
    const { tenant } = context;
    const { customerId } = await versions([{}]);
    expect(await tenant.profiles.getField(customerId, "City", "any")).toBeUndefined();
    expect(await tenant.profiles.getField(customerId, "constructor", "any")).toBeUndefined();
    expect(await tenant.profiles.getField(customerId, "city", "expired")).toBeUndefined();
    expect(await tenant.profiles.getField(newId(), "city", "any")).toBeUndefined();
    await deleteCustomer(tenant, customerId);
    expect(await tenant.profiles.getField(customerId, "city", "any")).toBeUndefined();
  });
}

function fieldHistoryContract(context: ContractContext): void {
  async function historyOf(customerId: CustomerId, limit: number): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await context.tenant.profiles.listFieldHistory(customerId, "city", { limit, cursor });
      pages.push(page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return pages;
  }

  it("lists every version newest first, tombstones included, page by page", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const collected = [30, 10, 10, 20, 10, 0.5, 999].map((ms) => at(ms));
    const fields: FieldInsert[] = [];
    for (const collectedAt of collected) fields.push(await addField(tenant, customerId, { ...EXPIRED, collectedAt }));
    await addField(tenant, customerId, { name: "other" });
    await deleteItem(tenant, fields[3] as FieldInsert);
    const expected = [6, 0, 3, 4, 2, 1, 5].map((index) => fields[index]?.id);
    for (const limit of [1, 2, 3, 6, 7, 100]) {
      const pages = await historyOf(customerId, limit);
      expect(pages.flat()).toEqual(expected);
      expect(pages).toHaveLength(Math.ceil(7 / limit));
    }
  });

  it("neither repeats nor skips while versions are added", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const fields: FieldInsert[] = [];
    for (let index = 0; index < 4; index++) fields.push(await addField(tenant, customerId, EXPIRED));
    const first = await tenant.profiles.listFieldHistory(customerId, "city", { limit: 2 });
    await addField(tenant, customerId, EXPIRED);
    await addField(tenant, customerId, { ...EXPIRED, collectedAt: at(1) });
    const late = await addField(tenant, customerId, { ...EXPIRED, collectedAt: at(-1) });
    const second = await tenant.profiles.listFieldHistory(customerId, "city", {
      limit: 5,
      cursor: first.nextCursor ?? "",
    });
    expect(second.items.map(({ id }) => id)).toEqual([fields[1]?.id, fields[0]?.id, late.id]);
  });

  it("is empty for an unknown name, an unknown and a deleted customer", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    await addField(tenant, customerId);
    const empty = { items: [], nextCursor: null };
    expect(await tenant.profiles.listFieldHistory(customerId, "toString", { limit: 5 })).toEqual(empty);
    expect(await tenant.profiles.listFieldHistory(newId(), "city", { limit: 5 })).toEqual(empty);
    await deleteCustomer(tenant, customerId);
    expect(await tenant.profiles.listFieldHistory(customerId, "city", { limit: 5 })).toEqual(empty);
  });

  it("refuses cursors that are not its own", async () => {
    const { tenant } = context;
    const { profiles } = tenant;
    const [one, two] = [await createCustomer(tenant), await createCustomer(tenant)];
    for (const { customerId } of [one, two]) {
      for (const over of [EXPIRED, {}]) {
        await addField(tenant, customerId, over);
        await addAsset(tenant, customerId);
      }
    }
    const history = (await profiles.listFieldHistory(one.customerId, "city", { limit: 1 })).nextCursor ?? "";
    const assets = (await profiles.listAssets(one.customerId, "any", { limit: 1 })).nextCursor ?? "";
    const [list = "", instant = "", sequence = ""] = JSON.parse(
      Buffer.from(history, "base64url").toString(),
    ) as string[];
    const forged = [
      ["yesterday", sequence],
      ["2026-02-30T00:00:00.000Z", sequence],
      ["0000-01-01T00:00:00.000Z", sequence],
      [instant, "one"],
      [instant, "-1"],
      [instant, "1e3"],
      [instant, "99999999999999999999"],
      [instant],
      [instant, sequence, sequence],
    ].map((key) => encodeCursor(list, key));
    for (const cursor of ["", "garbage", assets, ...forged]) {
      const page = profiles.listFieldHistory(one.customerId, "city", { limit: 1, cursor });
      await expect(page).rejects.toMatchObject({ code: "invalid_cursor" });
    }
    const elsewhere = [
      profiles.listFieldHistory(two.customerId, "city", { limit: 1, cursor: history }),
      profiles.listFieldHistory(one.customerId, "other", { limit: 1, cursor: history }),
    ];
    for (const page of elsewhere) await expect(page).rejects.toMatchObject({ code: "invalid_cursor" });
  });
}
