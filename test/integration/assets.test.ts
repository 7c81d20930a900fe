import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Asset } from "../../src/profiles/asset.ts";
import { seededBytes } from "../../src/testing/seeded-ids.ts";
import type { Caller } from "./caller.ts";
import { DAY_MS, SECOND_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { multipart, uploadBody } from "./multipart.ts";
import { newCustomer, registration, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

const sha256 = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");

describe.each(integrationEngines())("assets on $name", (engine) => {
  let world: World;
  let agent: Caller;
  let steward: Caller;
  let admin: Caller;
  const hasFiles = !engine.name.startsWith("in-memory");

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent, steward, admin } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const contentOf = (asset: Asset, caller = agent) =>
    caller.get(`/v1/customers/${asset.customerId}/assets/${asset.id}/content`);
  /** The one file that the upload made. */
  async function fileOf(upload: () => Promise<Asset>): Promise<{ asset: Asset; file: string }> {
    const before = new Set(await world.blobFiles());
    const asset = await upload();
    const [file, ...others] = (await world.blobFiles()).filter((each) => !before.has(each));
    expect(others).toEqual([]);
    return { asset, file: file ?? "" };
  }

  it("are uploaded with their description, in either order of the parts", async () => {
    const customer = await newCustomer(world.a);
    const bytes = Buffer.from(seededBytes(1)(300_000));
    const metadata = { name: "id_card", checksum: sha256(bytes).toUpperCase(), metadata: { page: 1 } };
    const inOrder = await customer.upload({ bytes, metadata });
    expect(inOrder).toMatchObject({
      name: "id_card",
      assetType: "image",
      mimeType: "image/png",
      storageProvider: "vault",
      sizeBytes: 300_000,
      checksum: sha256(bytes),
      status: "active",
      retentionPolicy: "permanent",
      expiresAt: null,
      uploadedAt: world.clock.now(),
      metadata: { page: 1 },
      analysisFieldIds: [],
      verified: false,
    });
    const reversed = multipart([
      { name: "file", filename: "a.bin", type: "application/x-thing", content: bytes },
      { name: "metadata", content: JSON.stringify({ name: "id_card", assetType: "other", mimeType: "image/jpeg" }) },
    ]);
    const second = (await agent.send<Asset>("POST", `${customer.url}/assets`, reversed)).expect(201);
    expect(second).toMatchObject({ mimeType: "image/jpeg", sizeBytes: 300_000, checksum: sha256(bytes) });
    expect(await customer.asset(second.id)).toEqual(second);
    for (const asset of [inOrder, second]) {
      const content = await contentOf(asset);
      expect(content.status).toBe(200);
      expect(content.bytes.equals(bytes)).toBe(true);
      expect(content.headers).toMatchObject({
        "content-type": asset.mimeType,
        "content-length": "300000",
        etag: `"${sha256(bytes)}"`,
        "content-disposition": "attachment",
        "x-content-type-options": "nosniff",
      });
    }
    expect(second.storagePath).not.toBe(inOrder.storagePath);
  });

  it("may be described by a part that says it is JSON, and may be empty", async () => {
    const customer = await newCustomer(world.a);
    const body = multipart([
      { name: "metadata", type: "application/json", content: JSON.stringify({ name: "note", assetType: "other" }) },
      { name: "file", filename: "empty.txt", type: "text/plain", content: "" },
    ]);
    const asset = (await agent.send<Asset>("POST", `${customer.url}/assets`, body)).expect(201);
    expect(asset).toMatchObject({ sizeBytes: 0, checksum: sha256(""), mimeType: "text/plain" });
    const content = await contentOf(asset);
    expect({ status: content.status, length: content.bytes.length }).toEqual({ status: 200, length: 0 });
  });

  it("whose bytes are held elsewhere are registered as JSON", async () => {
    const customer = await newCustomer(world.a);
    const asset = await customer.register({
      verified: true,
      verificationResult: { score: 1 },
      derivedFromTool: "scan",
    });
    expect(asset).toMatchObject({
      ...registration(),
      verified: true,
      verificationResult: { score: 1 },
      derivedFromTool: "scan",
    });
    (await contentOf(asset)).expectProblem(404, "asset_content_not_found");
    const claim = registration({ storageProvider: "vault", storagePath: "somebody/elses" });
    (await agent.post(`${customer.url}/assets`, claim)).expectProblem(400, "invalid_request");
  });

  it("are listed by status, newest first, page by page", async () => {
    const customer = await newCustomer(world.a);
    const made: string[] = [];
    for (let number = 0; number < 5; number++) {
      world.clock.advance(number === 2 ? 0 : SECOND_MS);
      made.unshift((await customer.register({ name: `doc_${number}` })).id);
    }
    const replaced = await customer.register({ name: "doc_0", supersedeExisting: true });
    const list = async (query: string) =>
      (await agent.get<{ items: Asset[]; nextCursor: string | null }>(`${customer.url}/assets?${query}`)).expect(200);
    const first = await list("limit=3");
    const second = await list(`limit=3&cursor=${first.nextCursor}`);
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(ids).toEqual([replaced.id, ...made.slice(0, 4)]);
    expect(second.nextCursor).toBeNull();
    expect((await list("status=superseded")).items).toMatchObject([{ id: made[4], supersededById: replaced.id }]);
    expect((await list("status=any")).items).toHaveLength(6);
    expect((await customer.profile("?history=true")).assetHistory).toHaveLength(6);
  });

  it("supersede those of their name only when asked, whatever their type", async () => {
    const customer = await newCustomer(world.a);
    const front = await customer.register({ name: "id_front" });
    const back = await customer.register({ name: "id_back", supersedeExisting: true });
    const second = await customer.register({ name: "id_front" });
    expect((await customer.profile()).assets.map(({ id }) => id)).toEqual([second.id, back.id, front.id]);
    const third = await customer.register({ name: "id_front", assetType: "image", supersedeExisting: true });
    expect((await customer.profile()).assets.map(({ id }) => id)).toEqual([third.id, back.id]);
    expect(await customer.asset(front.id)).toMatchObject({ status: "superseded", supersededById: third.id });
  });

  it("expire by their retention policy", async () => {
    const customer = await newCustomer(world.a);
    const asset = await customer.upload({ metadata: { retentionPolicy: "30_days" } });
    expect(asset.expiresAt).toBe(new Date(Date.parse(world.clock.now()) + 30 * DAY_MS).toISOString());
    world.clock.advance(30 * DAY_MS);
    expect(await customer.expireStale()).toMatchObject({ count: 1, items: [{ itemId: asset.id }] });
    expect((await customer.events("asset_expired")).length).toBe(1);
    expect((await contentOf(asset)).status).toBe(200);
  });

  it("leave a tombstone without bytes when they are deleted", async () => {
    const customer = await newCustomer(world.a);
    const { asset, file } = await fileOf(() => customer.upload());
    await customer.deleteAsset(asset.id);
    (await agent.get(`${customer.url}/assets/${asset.id}`)).expectProblem(404, "asset_not_found");
    (await contentOf(asset)).expectProblem(404, "asset_not_found");
    const { assets, assetHistory } = await customer.profile("?history=true");
    expect(assets).toEqual([]);
    expect(assetHistory).toMatchObject([{ id: asset.id, deletedAt: world.clock.now(), checksum: asset.checksum }]);
    if (hasFiles) expect(await world.blobFiles()).not.toContain(file);
    (await steward.delete(`${customer.url}/assets/${asset.id}`)).expectProblem(404, "asset_not_found");
    (await steward.delete(`${customer.url}/assets/${uuid()}`)).expectProblem(404, "asset_not_found");
  });

  it("are purged by administrators, unless something derives from them", async () => {
    const customer = await newCustomer(world.a);
    const { asset, file } = await fileOf(() => customer.upload({ bytes: "to be purged" }));
    const sources = [{ type: "profile_asset", id: asset.id }];
    await customer.writeOne({ name: "read_from_it", value: 1, sources });
    const url = `${customer.url}/assets/${asset.id}?hard=true&reason=asked`;
    (await steward.delete(url)).expectProblem(403, "forbidden");
    (await admin.delete(url)).expectProblem(409, "has_dependents");
    expect((await contentOf(asset)).text).toBe("to be purged");
    (await admin.delete(`${customer.url}/fields/read_from_it?hard=true&reason=asked`)).expect(200);
    (await admin.delete(url)).expect(204);
    (await agent.get(`${customer.url}/assets/${asset.id}`)).expectProblem(404, "asset_not_found");
    if (hasFiles) expect(await world.blobFiles()).not.toContain(file);
  });

  it.runIf(hasFiles)("are not served when their bytes were altered, cut or lost", async () => {
    const customer = await newCustomer(world.a);
    const { asset, file } = await fileOf(() => customer.upload({ bytes: "the original bytes" }));
    for (const bytes of ["the 0riginal bytes", "the original", ""]) {
      await writeFile(file, bytes);
      const reply = await contentOf(asset);
      reply.expectProblem(500, "integrity_violation");
      expect(reply.text).not.toContain("original");
    }
    await writeFile(file, "the original bytes");
    expect((await contentOf(asset)).text).toBe("the original bytes");
    await rm(file);
    (await contentOf(asset)).expectProblem(500, "integrity_violation");
  });

  it("of another customer are not found at this one", async () => {
    const [owner, other] = [await newCustomer(world.a), await newCustomer(world.a)];
    const asset = await owner.upload();
    const url = `${other.url}/assets/${asset.id}`;
    (await agent.get(url)).expectProblem(404, "asset_not_found");
    (await agent.get(`${url}/content`)).expectProblem(404, "asset_not_found");
    (await steward.delete(url)).expectProblem(404, "asset_not_found");
    expect((await contentOf(asset)).status).toBe(200);
  });

  it("keep their bytes apart when two are equal", async () => {
    const customer = await newCustomer(world.a);
    const body = uploadBody({ bytes: "same" });
    const first = (await agent.send<Asset>("POST", `${customer.url}/assets`, body)).expect(201);
    const second = (await agent.send<Asset>("POST", `${customer.url}/assets`, body)).expect(201);
    await customer.deleteAsset(first.id);
    expect((await contentOf(second)).text).toBe("same");
  });
});
