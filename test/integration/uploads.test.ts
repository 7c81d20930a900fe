import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Asset } from "../../src/profiles/asset.ts";
import { UNOWNED_AGE_MS } from "../../src/profiles/asset-service.ts";
import type { Caller } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { multipart, type Part, uploadBody } from "./multipart.ts";
import { newCustomer, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

const SIZE_LIMIT = 100_000;
const METADATA: Part = { name: "metadata", content: JSON.stringify({ name: "card", assetType: "image" }) };
const FILE: Part = { name: "file", filename: "card.png", type: "image/png", content: "the bytes of a card" };

describe.each(integrationEngines())("uploads on $name", (engine) => {
  let world: World;
  let agent: Caller;
  let customer: TestCustomer;
  let address: { host: string; port: number };

  beforeAll(async () => {
    world = await openWorld(engine, { assets: { sizeLimitBytes: SIZE_LIMIT } });
    ({ agent } = world.a);
    customer = await newCustomer(world.a);
    const url = new URL(await world.server.listen({ host: "127.0.0.1", port: 0 }));
    address = { host: url.hostname, port: Number(url.port) };
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const send = (body: ReturnType<typeof multipart>, url = `${customer.url}/assets`, headers: object = {}) =>
    agent.send<Asset>("POST", url, { ...body, headers: { ...body.headers, ...headers } });

  /** Expects that the upload is refused and that neither a row nor a file is left of it. */
  async function refused(request: () => ReturnType<typeof send>, status: number, code: string) {
    const rows = await world.dump(world.a.tenantId);
    const files = await world.blobFiles();
    const problem = (await request()).expectProblem(status, code);
    expect(await world.dump(world.a.tenantId)).toBe(rows);
    expect(await world.blobFiles()).toEqual(files);
    return problem;
  }

  it("may be as large as the limit and not a byte larger", async () => {
    const fits = uploadBody({ bytes: Buffer.alloc(SIZE_LIMIT, "x") });
    expect((await send(fits)).expect(201).sizeBytes).toBe(SIZE_LIMIT);
    const tooLarge = uploadBody({ bytes: Buffer.alloc(SIZE_LIMIT + 1, "x") });
    const problem = await refused(() => send(tooLarge), 413, "payload_too_large");
    expect(problem["sizeBytesMax"]).toBe(SIZE_LIMIT);
    const far = uploadBody({ bytes: Buffer.alloc(SIZE_LIMIT * 50, "x") });
    await refused(() => send(far), 413, "payload_too_large");
    const reversed = multipart([{ ...FILE, content: Buffer.alloc(SIZE_LIMIT * 50, "x") }, METADATA]);
    await refused(() => send(reversed), 413, "payload_too_large");
  });

  const described = (members: object): Part => ({
    ...METADATA,
    content: JSON.stringify({ name: "card", assetType: "image", ...members }),
  });

  it.each<{ what: string; parts: readonly Part[]; status?: number; code?: string }>([
    { what: "another checksum", parts: [described({ checksum: "0".repeat(64) }), FILE], code: "checksum_mismatch" },
    {
      what: "another checksum last",
      parts: [FILE, described({ checksum: "0".repeat(64) })],
      code: "checksum_mismatch",
    },
    { what: "no file", parts: [METADATA] },
    { what: "no metadata", parts: [FILE] },
    { what: "no parts", parts: [] },
    { what: "an unknown part first", parts: [{ name: "extra", content: "x" }, METADATA, FILE] },
    { what: "an unknown part last", parts: [FILE, { name: "extra", content: "x" }] },
    { what: "an unknown file last", parts: [METADATA, { ...FILE, name: "other" }] },
    { what: "two files", parts: [METADATA, FILE, FILE] },
    { what: "two metadata", parts: [METADATA, METADATA, FILE] },
    {
      what: "a third part",
      parts: [METADATA, FILE, { name: "x", content: "" }],
    },
    { what: "a part named __proto__", parts: [METADATA, { ...FILE, name: "__proto__" }] },
    { what: "a field named __proto__", parts: [FILE, { name: "__proto__", content: "x" }] },
    { what: "a part named constructor", parts: [{ name: "constructor", content: "x" }, FILE] },
    { what: "metadata that is no JSON", parts: [FILE, { ...METADATA, content: "{name:" }] },
    { what: "metadata that claims to be JSON", parts: [FILE, { ...METADATA, type: "application/json", content: "{" }] },
    { what: "metadata that is a list", parts: [FILE, { ...METADATA, content: "[]" }] },
    { what: "metadata as a file", parts: [FILE, { ...METADATA, filename: "metadata.json" }] },
    { what: "the file as a field", parts: [METADATA, { name: "file", content: "x" }] },
    { what: "metadata with an unknown member", parts: [FILE, described({ sizeBytes: 1 })] },
    { what: "metadata without a name", parts: [FILE, described({ name: undefined })] },
    { what: "a bad media type in the metadata", parts: [FILE, described({ mimeType: "image" })] },
    { what: "a bad checksum", parts: [FILE, described({ checksum: "abc" })] },
    { what: "a reserved key", parts: [FILE, { ...METADATA, content: '{"__proto__":1}' }], code: "invalid_value" },
    { what: "NUL in the name", parts: [FILE, described({ name: "a\u0000b" })], code: "invalid_value" },
    { what: "a lone surrogate", parts: [FILE, described({ metadata: { a: "\ud800" } })], code: "invalid_value" },
    {
      what: "NUL in metadata that says it is JSON",
      parts: [FILE, { ...described({ metadata: { a: "\u0000" } }), type: "application/json" }],
      code: "invalid_value",
    },
    {
      what: "a number beyond a double in metadata that says it is JSON",
      parts: [FILE, { ...METADATA, type: "application/json", content: '{"metadata":{"a":1e999}}' }],
      code: "invalid_value",
    },
    { what: "a bad media type of the file", parts: [METADATA, { ...FILE, type: 'x/y"z' }] },
    { what: "a very long media type of the file", parts: [METADATA, { ...FILE, type: `a/${"b".repeat(5_000)}` }] },
    {
      what: "too much metadata",
      parts: [FILE, described({ metadata: { a: "x".repeat(70_000) } })],
      status: 413,
      code: "payload_too_large",
    },
    {
      what: "too much metadata that says it is JSON",
      parts: [FILE, { ...described({ metadata: { a: "x".repeat(70_000) } }), type: "application/json" }],
    },
    {
      what: "a source that does not exist",
      parts: [described({ sources: [{ type: "profile_asset", id: uuid() }] }), FILE],
      code: "source_not_found",
    },
  ])("with $what are refused", async ({ parts, status = 400, code = "invalid_request" }) => {
    await refused(() => send(multipart(parts)), status, code);
  });

  it.each<{ what: string; payload: string; type: string }>([
    { what: "no boundary", payload: "x", type: "multipart/form-data" },
    { what: "an empty boundary", payload: "--\r\n\r\n----", type: "multipart/form-data; boundary=" },
    { what: "a body that is no multipart", payload: "hello", type: "multipart/form-data; boundary=x" },
    { what: "an empty body", payload: "", type: "multipart/form-data; boundary=x" },
    {
      what: "a body that ends within the file",
      payload: '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhalf of the',
      type: "multipart/form-data; boundary=x",
    },
    {
      what: "a body that ends within a header",
      payload: '--x\r\ncontent-disposition: form-data; name="fi',
      type: "multipart/form-data; boundary=x",
    },
    { what: "a part without a name", payload: "--x\r\n\r\nabc\r\n--x--\r\n", type: "multipart/form-data; boundary=x" },
  ])("with $what are refused", async ({ payload, type }) => {
    const body = { payload: Buffer.from(payload), headers: { "content-type": type } };
    await refused(() => send(body), 400, "invalid_request");
  });

  it("are refused where they do not belong, and by whom they are not allowed", async () => {
    const body = multipart([METADATA, FILE]);
    await refused(() => send(body, `/v1/customers/${uuid()}/assets`), 404, "customer_not_found");
    await refused(() => send(body, "/v1/customers/nonsense/assets"), 400, "invalid_request");
    await refused(() => send(body, undefined, { "if-match": '"99"' }), 412, "version_mismatch");
    await refused(() => send(body, undefined, { "if-match": "nonsense" }), 400, "invalid_request");
    await refused(() => send(body, undefined, { "idempotency-key": "a b" }), 400, "invalid_request");
    await refused(() => send(body, "/v1/customers"), 415, "unsupported_media_type");
    await refused(() => send(body, `${customer.url}/consents`), 415, "unsupported_media_type");
    const { id } = await customer.register();
    await refused(() => send(multipart([described({ id }), FILE])), 409, "item_exists");
    const url = `${customer.url}/assets`;
    await refused(() => world.a.auditor.send("POST", url, body), 403, "forbidden");
    await refused(() => world.b.agent.send("POST", url, body), 404, "customer_not_found");
    await refused(() => world.nobody.send("POST", url, body), 401, "unauthenticated");
  });

  describe("under an idempotency key", () => {
    let keys = 0;
    const newKey = () => ({ "idempotency-key": `upload-${++keys}` });

    it("are done once: a repeat gets the same answer and leaves no second file", async () => {
      const key = newKey();
      const files = (await world.blobFiles()).length;
      const body = uploadBody({ bytes: "once" });
      const first = await send(body, undefined, key);
      const events = (await customer.events("asset_added")).length;
      const repeat = await send(body, undefined, key);
      expect(repeat.expect(201)).toEqual(first.expect(201));
      expect(repeat.headers["idempotency-replayed"]).toBe("true");
      expect((await customer.events("asset_added")).length).toBe(events);
      if (!engine.name.startsWith("in-memory")) expect(await world.blobFiles()).toHaveLength(files + 1);
      expect((await agent.get(`${customer.url}/assets/${first.json.id}/content`)).text).toBe("once");
    });

    it("are refused with another file or another description", async () => {
      const key = newKey();
      (await send(uploadBody({ bytes: "first" }), undefined, key)).expect(201);
      const reused = "idempotency_key_reused";
      await refused(() => send(uploadBody({ bytes: "other" }), undefined, key), 422, reused);
      const renamed = uploadBody({ bytes: "first", metadata: { name: "renamed" } });
      await refused(() => send(renamed, undefined, key), 422, reused);
    });

    it("make one asset and one file of many at once", async () => {
      const key = newKey();
      const files = (await world.blobFiles()).length;
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => send(uploadBody({ bytes: "at once" }), undefined, key)),
      );
      expect(new Set(replies.map((reply) => reply.expect(201).id)).size).toBe(1);
      if (!engine.name.startsWith("in-memory")) expect(await world.blobFiles()).toHaveLength(files + 1);
    });

    it("that fail are not kept, so that they can be repeated", async () => {
      const key = newKey();
      const id = uuid();
      const body = multipart([described({ sources: [{ type: "profile_asset", id }] }), FILE]);
      await refused(() => send(body, undefined, key), 400, "source_not_found");
      await customer.register({ id });
      (await send(body, undefined, key)).expect(201);
    });
  });

  describe.runIf(!engine.name.startsWith("in-memory"))("by a client that goes away", () => {
    async function begin(url: string, body: ReturnType<typeof multipart>, sent: number): Promise<Socket> {
      const socket = connect(address);
      await once(socket, "connect");
      const head = [
        `POST ${url} HTTP/1.1`,
        "host: strongroom",
        `authorization: Bearer ${agent.key}`,
        `content-type: ${body.headers["content-type"]}`,
        `content-length: ${body.payload.length}`,
      ];
      socket.write(`${head.join("\r\n")}\r\n\r\n`);
      socket.write(body.payload.subarray(0, sent));
      return socket;
    }

    it("in the middle leave nothing", async () => {
      const rows = await world.dump(world.a.tenantId);
      const files = await world.blobFiles();
      const body = uploadBody({ bytes: Buffer.alloc(90_000, "x") });
      const socket = await begin(`${customer.url}/assets`, body, 50_000);
      await expect.poll(() => world.blobFiles()).toHaveLength(files.length + 1);
      socket.destroy();
      await expect.poll(() => world.blobFiles()).toEqual(files);
      expect(await world.dump(world.a.tenantId)).toBe(rows);
    });

    // The embedded database has one connection: whoever holds it decides how long an answer takes.
    it.runIf(engine.name === "pglite")("before the answer leave no file without an asset", async () => {
      const files = await world.blobFiles();
      const body = uploadBody({ bytes: "complete" });
      let release: (() => void) | undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const vault = world.vault.tenant(world.a.tenantId);
      const holding = vault.transaction(async (transaction) => {
        await transaction.audit.list({}, { limit: 1 });
        await held;
      });
      const socket = await begin(`/v1/customers/${uuid()}/assets`, body, body.payload.length);
      const staged = async () =>
        (await world.blobFiles()).filter((file) => !files.includes(file) && !file.endsWith(".part"));
      await expect.poll(staged).toHaveLength(1);
      socket.destroy();
      const refusals = world.log.length;
      release?.();
      await holding;
      await expect.poll(() => world.blobFiles()).toEqual(files);
      expect(world.log.length).toBeGreaterThanOrEqual(refusals);
    });
  });

  it.runIf(!engine.name.startsWith("in-memory"))(
    "that were never recorded are removed by the pass over the tenant once they are old",
    async () => {
      const files = await world.blobFiles();
      const { assets } = world.vault.tenant(world.a.tenantId);
      const bytes = () => Readable.from([Buffer.from("nobody's")]);
      await assets.stage({ bytes: bytes(), sizeBytesMax: SIZE_LIMIT });
      const kept = (await send(uploadBody({ bytes: "somebody's" }))).expect(201);
      expect(await assets.sweepUnowned()).toBe(0);
      world.clock.advance(UNOWNED_AGE_MS + 1);
      await assets.stage({ bytes: bytes(), sizeBytesMax: SIZE_LIMIT });
      (await world.a.admin.send("POST", `/v1/admin/profiles/detect-orphans?customerId=${uuid()}`)).expect(200);
      expect(await world.blobFiles()).toHaveLength(files.length + 3);
      (await world.a.admin.send("POST", "/v1/admin/profiles/detect-orphans")).expect(200);
      expect(await world.blobFiles()).toHaveLength(files.length + 2);
      const content = await agent.send("GET", `${customer.url}/assets/${kept.id}/content`);
      expect(content.status).toBe(200);
    },
  );
});
