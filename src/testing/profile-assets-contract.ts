import { describe, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { AssetInsert } from "../profiles/asset.ts";
import { ITEM_STATUSES, newLifecycle, type StatusFilter } from "../profiles/item.ts";
import { encodeCursor } from "../storage/page.ts";
import type { ContractContext } from "./engine.ts";
import { at, itemSource, NOW, newAsset, newId, readAsset } from "./profile-records.ts";
import {
  addAsset,
  addField,
  change,
  createCustomer,
  deleteCustomer,
  deleteItem,
  ended,
  requireProfile,
} from "./profile-writes.ts";

/** Reading assets, and what superseding means for them. */
export function profileAssetsContract(context: ContractContext): void {
  describe("getAsset", () => getAssetContract(context));
  describe("listAssets", () => listAssetsContract(context));
  describe("findOwnedPaths", () => ownedPathsContract(context));
}

const EXPIRED = { ...newLifecycle(NOW), status: "expired", expiredAt: at(50), endedAt: at(50) } as const;
const ORPHANED = { ...newLifecycle(NOW), status: "orphaned", orphanedAt: at(60), endedAt: at(60) } as const;
const SUPERSEDED = { ...newLifecycle(NOW), status: "superseded", supersededAt: at(70), endedAt: at(70) } as const;

function getAssetContract(context: ContractContext): void {
  it("finds an asset in any status, for its own customer only", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    for (const over of [{}, EXPIRED, ORPHANED, SUPERSEDED]) {
      const asset = await addAsset(tenant, customerId, over);
      expect(await tenant.profiles.getAsset(customerId, asset.id)).toStrictEqual(readAsset(asset));
      expect(await tenant.profiles.getAsset(rival.customerId, asset.id)).toBeUndefined();
    }
  });

  it("finds neither tombstones, nor fields, nor what belongs to a deleted customer", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const [kept, gone] = [await addAsset(tenant, customerId), await addAsset(tenant, customerId)];
    const field = await addField(tenant, customerId);
    await deleteItem(tenant, gone);
    for (const id of [gone.id, field.id, newId<typeof gone.id>()]) {
      expect(await tenant.profiles.getAsset(customerId, id)).toBeUndefined();
    }
    await deleteCustomer(tenant, customerId);
    expect(await tenant.profiles.getAsset(customerId, kept.id)).toBeUndefined();
  });

  it("names the fields that were derived from it, oldest first, without tombstones", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const asset = await addAsset(tenant, customerId);
    const sources = [itemSource(asset)];
    const names = ["c", "a", "b"];
    const fields = [];
    for (const name of names)
      fields.push(await addField(tenant, customerId, { name, sources, collectedAt: at(-fields.length) }));
    fields.push(
      await addField(tenant, rival.customerId, {
        sources: [{ type: "tool", id: null, metadata: {} }, ...sources, ...sources],
      }),
    );
    await addField(tenant, customerId, {
      name: "unrelated",
      sources: [{ type: "external", id: asset.id, metadata: {} }],
    });
    await addAsset(tenant, customerId, { sources });
    if (fields[1]) await deleteItem(tenant, fields[1]);
    const analysisFieldIds = [fields[0]?.id, fields[2]?.id, fields[3]?.id];
    expect(await tenant.profiles.getAsset(customerId, asset.id)).toMatchObject({ analysisFieldIds });
    expect((await requireProfile(tenant.profiles, customerId)).assets.find(({ id }) => id === asset.id)).toMatchObject({
      analysisFieldIds,
    });
  });

  it("tells whether a source is gone", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const original = await addAsset(tenant, customerId);
    const copy = await addAsset(tenant, customerId, { ...SUPERSEDED, sources: [itemSource(original)] });
    expect(await tenant.profiles.getAsset(customerId, copy.id)).toMatchObject({ isOrphaned: false });
    await deleteItem(tenant, original);
    expect(await tenant.profiles.getAsset(customerId, copy.id)).toMatchObject({
      isOrphaned: true,
      status: "superseded",
    });
  });
}

function ownedPathsContract(context: ContractContext): void {
  it("names the paths that assets of any status hold, also of deleted customers", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const paths = ["a/active", "a/superseded", "a/expired", "a/orphaned"];
    for (const [index, over] of [{}, SUPERSEDED, EXPIRED, ORPHANED].entries()) {
      await addAsset(tenant, customerId, { ...over, storagePath: paths[index] ?? "" });
    }
    await addAsset(tenant, customerId, { storagePath: "a/elsewhere", storageProvider: "s3" });
    await deleteItem(tenant, await addAsset(tenant, customerId, { storagePath: "a/deleted" }));
    const asked = [...paths, "a/elsewhere", "a/deleted", "a/nowhere", "A/active", "a/active"];
    expect(await tenant.profiles.findOwnedPaths(asked)).toEqual(new Set(paths));
    await deleteCustomer(tenant, customerId);
    expect(await tenant.profiles.findOwnedPaths(asked)).toEqual(new Set(paths));
    expect(await tenant.profiles.findOwnedPaths([])).toEqual(new Set());
  });
}

function listAssetsContract(context: ContractContext): void {
  async function list(customerId: CustomerId, status: StatusFilter, limit = 100): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await context.tenant.profiles.listAssets(customerId, status, { limit, cursor });
      pages.push(page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return pages;
  }

  it("lists newest first, by upload and then by insertion, page by page", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const assets: AssetInsert[] = [];
    for (const ms of [30, 10, 10, 20, 10]) assets.push(await addAsset(tenant, customerId, { uploadedAt: at(ms) }));
    await addAsset(tenant, rival.customerId);
    const expected = [0, 3, 4, 2, 1].map((index) => assets[index]?.id);
    for (const limit of [1, 2, 4, 5, 100]) {
      const pages = await list(customerId, "any", limit);
      expect(pages.flat()).toEqual(expected);
      expect(pages).toHaveLength(Math.ceil(5 / limit));
    }
    const { items } = await tenant.profiles.listAssets(customerId, "active", { limit: 1 });
    expect(items).toStrictEqual([readAsset(assets[0] as AssetInsert)]);
  });

  it("filters by status and leaves tombstones out", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const byStatus = {
      active: await addAsset(tenant, customerId),
      superseded: await addAsset(tenant, customerId, SUPERSEDED),
      expired: await addAsset(tenant, customerId, EXPIRED),
      orphaned: await addAsset(tenant, customerId, ORPHANED),
    };
    await deleteItem(tenant, await addAsset(tenant, customerId));
    for (const status of ITEM_STATUSES) expect(await list(customerId, status)).toEqual([[byStatus[status].id]]);
    expect((await list(customerId, "any")).flat()).toHaveLength(4);
  });

  it("is empty for an unknown and a deleted customer", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    await addAsset(tenant, customerId);
    expect(await list(newId(), "any")).toEqual([[]]);
    await deleteCustomer(tenant, customerId);
    expect(await list(customerId, "any")).toEqual([[]]);
  });

  it("allows several active assets of one name, and supersedes those it is told to", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const [first, second] = [await addAsset(tenant, customerId), await addAsset(tenant, customerId)];
    const next = newAsset(customerId, { uploadedAt: at(1) });
    await change(tenant, customerId, { endAssets: [ended(first, next.id, at(1))], insertAssets: [next] });
    expect(await list(customerId, "active")).toEqual([[next.id, second.id]]);
    expect(await tenant.profiles.getAsset(customerId, first.id)).toStrictEqual({
      ...readAsset(first),
      ...ended(first, next.id, at(1)),
    });
  });

  it("tells which of the vault's own paths an asset holds that was not deleted", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const path = (name: string): string => `${customerId}/${name}`;
    await addAsset(tenant, customerId, { storagePath: path("held") });
    await addAsset(tenant, customerId, { storagePath: path("ended"), ...EXPIRED });
    await addAsset(tenant, customerId, { storagePath: path("elsewhere"), storageProvider: "s3" });
    await deleteItem(tenant, await addAsset(tenant, customerId, { storagePath: path("deleted") }));
    const asked = ["held", "ended", "elsewhere", "deleted", "unknown"].map(path);
    expect(await tenant.profiles.findOwnedPaths(asked)).toEqual(new Set([path("held"), path("ended")]));
    expect(await tenant.profiles.findOwnedPaths([])).toEqual(new Set());
  });

  it("refuses cursors that are not its own", async () => {
    const { tenant } = context;
    const { profiles } = tenant;
    const { customerId } = await createCustomer(tenant);
    for (const over of [{}, {}, EXPIRED, EXPIRED]) await addAsset(tenant, customerId, over);
    const cursor = (await profiles.listAssets(customerId, "any", { limit: 1 })).nextCursor ?? "";
    const [listName = ""] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as string[];
    const forged = [
      encodeCursor(listName, ["now", "1"]),
      encodeCursor(listName, [NOW, "x"]),
      encodeCursor(listName, [NOW]),
    ];
    for (const each of ["", "garbage", ...forged]) {
      await expect(profiles.listAssets(customerId, "any", { limit: 1, cursor: each })).rejects.toMatchObject({
        code: "invalid_cursor",
      });
    }
    for (const page of [
      profiles.listAssets(customerId, "active", { limit: 1, cursor }),
      profiles.listAssets(newId(), "any", { limit: 1, cursor }),
    ]) {
      await expect(page).rejects.toMatchObject({ code: "invalid_cursor" });
    }
  });
}
