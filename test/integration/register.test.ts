import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyConsistency } from "../../src/register/merkle/verify-consistency.ts";
import { parseCheckpoint } from "../../src/register/notes/checkpoint.ts";
import { parseNote, parseVerifier, signersOf } from "../../src/register/notes/signed-note.ts";
import { bytesOfHex } from "../../src/signatures/byte-text.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, type TestCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
interface TransactionItem {
  readonly transactionId: string;
  readonly height: string;
  readonly body: { readonly type: string; readonly eventId?: string; readonly eventType?: string; subject?: string };
}
interface EventItem {
  readonly id: string;
  readonly eventType: string;
  readonly customerId: string | null;
  readonly ledger: { readonly status: string; readonly transactionId?: string; readonly receipt?: string };
}

describe.each(integrationEngines())("the register over HTTP on $name", (engine) => {
  let world: World;
  let customer: TestCustomer;

  beforeAll(async () => {
    world = await openWorld(engine);
    customer = await newCustomer(world.a);
    await world.a.seal();
    for (const value of ["Vigo", "Lugo", "Ourense"]) {
      await customer.writeOne({ name: "city", value });
      await world.a.seal();
    }
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const auditor = () => world.a.auditor;
  const status = async () => (await auditor().get<StatusBody>("/v1/register")).expect(200);

  it("tells its state, and what an outsider pins", async () => {
    const found = await status();
    expect(found).toMatchObject({
      kind: "own",
      state: { state: "Healthy", progress: null },
      corruptedRanges: [],
    });
    const { totalCount } = found.counts;
    const head = (BigInt(totalCount) - 1n).toString();
    expect(found.counts).toEqual({
      verifiedCount: totalCount,
      contiguousHeight: head,
      highestHeight: head,
      totalCount,
    });
    const verifier = parseVerifier(found.checkpointVerifier ?? "");
    const note = parseNote(found.checkpoint?.note ?? "");
    if (!verifier || !note) expect.fail("there is a verifier and a checkpoint");
    const signers = signersOf(note, [verifier], (publicKey, message, bytes) =>
      NODE_SIGNATURE_SUITES.verify({ algorithm: "ed25519", publicKey }, message, { algorithm: "ed25519", bytes }),
    );
    expect(signers).toEqual([verifier]);
    expect(parseCheckpoint(note.text)).toMatchObject({ size: BigInt(totalCount) });
  });

  it("says in every answer what it is doing, in problems too, but not to nobody", async () => {
    for (const url of [
      "/v1/register",
      "/v1/register/dockets/x",
      "/v1/register/dockets/999",
      "/v1/register/transactions",
    ]) {
      const { headers } = await auditor().get(url);
      expect(headers["x-register-state"]).toBe("Healthy");
      expect(headers["x-register-partial"]).toBeUndefined();
    }
    expect((await world.nobody.get("/v1/register")).headers["x-register-state"]).toBeUndefined();
    expect((await world.a.agent.get("/v1/register")).headers["x-register-state"]).toBeUndefined();
    expect((await auditor().get("/v1/audit/events")).headers["x-register-state"]).toBeUndefined();
  });

  it("lists dockets by height, page by page", async () => {
    const { totalCount } = (await status()).counts;
    const heights: string[] = [];
    for (let url: string | undefined = "/v1/register/dockets?from=1&limit=2"; url; ) {
      const page: DocketPageBody = (await auditor().get<DocketPageBody>(url)).expect(200);
      expect(page).toMatchObject({ complete: true, gaps: [] });
      heights.push(...page.items.map(({ height }) => height));
      url = page.nextCursor === null ? undefined : `/v1/register/dockets?limit=2&cursor=${page.nextCursor}`;
    }
    expect(heights).toEqual(Array.from({ length: Number(totalCount) - 1 }, (_, at) => String(at + 1)));
    const beyond = (await auditor().get(`/v1/register/dockets?from=${totalCount}`)).expect(200);
    expect(beyond).toEqual({ items: [], complete: true, gaps: [], nextCursor: null });
    const far = (await auditor().get("/v1/register/dockets?from=9223372036854775807&limit=100")).expect(200);
    expect(far).toEqual(beyond);
  });

  it("shows a docket, on demand with its bytes, and says why there is none", async () => {
    const docket = (await auditor().get<DocketBody>("/v1/register/dockets/1?bytes=true")).expect(200);
    const previous = (await auditor().get<DocketBody>("/v1/register/dockets/0")).expect(200);
    expect(docket.header).toMatchObject({ height: "1", prevDocketHash: previous.hash });
    expect(docket.seal.keyId).toBe(docket.header["proposer"]);
    const bytes = Buffer.from(docket.bytes ?? "", "base64");
    expect(bytes.subarray(0, 4).toString()).toBe("SRD1");
    expect(bytes.subarray(4, 36).toString("hex")).toBe(docket.hash);
    expect(docket.transactionIds).toHaveLength(docket.header["txCount"] as number);
    expect(previous.bytes).toBeUndefined();
    expect(
      (await auditor().get("/v1/register/dockets/9223372036854775807")).expectProblem(404, "docket_not_found"),
    ).toMatchObject({
      reason: "Beyond",
    });
  });

  it("lists transactions of a customer and of a type, and finds one", async () => {
    const all = await pages<TransactionItem>("/v1/register/transactions?limit=7");
    expect(all[0]?.body.type).toBe("genesis");
    expect(new Set(all.map(({ transactionId }) => transactionId)).size).toBe(all.length);
    const mine = await pages<TransactionItem>(`/v1/register/transactions?customerId=${customer.id}&limit=1`);
    expect(mine.map(({ body }) => body.eventType)).toEqual(["customer_created", ...Array(3).fill("field_written")]);
    const subject = mine[0]?.body.subject ?? "";
    expect(await pages(`/v1/register/transactions?subject=${subject}&limit=3`)).toEqual(mine);
    const written = await pages<TransactionItem>(
      `/v1/register/transactions?subject=${subject}&type=field_written&limit=2`,
    );
    expect(written).toEqual(mine.slice(1));
    const one = await auditor().get(`/v1/register/transactions/${written[0]?.transactionId}`);
    expect(one.expect(200)).toEqual(written[0]);
    expect(await pages("/v1/register/transactions?customerId=01a00000-ffff-7000-8000-00000000000f")).toEqual([]);
    (await auditor().get(`/v1/register/transactions/${"0".repeat(64)}`)).expectProblem(404, "transaction_not_found");
    const both = `/v1/register/transactions?customerId=${customer.id}&subject=${subject}`;
    (await auditor().get(both)).expectProblem(400, "invalid_request");
    const [first] = [await auditor().get<Page<unknown>>("/v1/register/transactions?limit=1")];
    const stolen = `/v1/register/transactions?type=genesis&cursor=${first?.json.nextCursor}`;
    (await auditor().get(stolen)).expectProblem(400, "invalid_cursor");
  });

  it("proves that it has only grown", async () => {
    const checkpoints = await pages<{ size: string; note: string }>("/v1/register/checkpoints?limit=2");
    const sizes = checkpoints.map(({ size }) => BigInt(size));
    expect(sizes).toEqual([...sizes].sort((a, b) => (a < b ? 1 : -1)));
    const rootOf = (at: number) => parseCheckpoint(parseNote(checkpoints.at(at)?.note ?? "")?.text ?? "")?.root;
    const [from, to] = [sizes.at(-1) ?? 0n, sizes[0] ?? 0n];
    const proof = await auditor().get<ConsistencyBody>(`/v1/register/proofs/consistency?from=${from}&to=${to}`);
    const found = proof.expect(200);
    expect([bytesOfHex(found.fromRoot), bytesOfHex(found.toRoot)]).toEqual([rootOf(-1), rootOf(0)]);
    const claim = { from, fromRoot: bytesOfHex(found.fromRoot), to, toRoot: bytesOfHex(found.toRoot) };
    expect(verifyConsistency({ ...claim, proof: found.proof.map(bytesOfHex) })).toBe(true);
    for (const [a, b] of [
      [0n, 1n],
      [to, from],
      [1n, to + 1n],
    ]) {
      (await auditor().get(`/v1/register/proofs/consistency?from=${a}&to=${b}`)).expectProblem(400, "invalid_request");
    }
    (await auditor().get("/v1/register/proofs/consistency?from=1")).expectProblem(400, "invalid_request");
  });

  it("is verified anew by an administrator", async () => {
    const report = (await world.a.admin.post("/v1/register/verify", {})).expect(200);
    expect(report).toMatchObject({ isFullyVerified: true, hasCorruption: false, resultingState: "Healthy" });
    (await world.a.steward.post("/v1/register/verify", {})).expectProblem(403, "forbidden");
    (await world.a.admin.post("/v1/register/verify")).expectProblem(400, "invalid_request");
    (await world.a.admin.post("/v1/register/verify", { all: true })).expectProblem(400, "invalid_request");
  });

  it("lists again what was taken out of its index, once it is verified anew", async () => {
    const url = `/v1/register/transactions?customerId=${customer.id}`;
    const before = await pages<TransactionItem>(url);
    const [hidden] = before.slice(-1);
    const { register } = world.stores.forTenant(world.a.tenantId);
    await register.reindex({ height: BigInt(hidden?.height ?? 0), transactions: [], nodes: [] });
    expect(await pages(url)).toEqual(before.slice(0, -1));
    (await world.a.admin.post("/v1/register/verify", {})).expect(200);
    expect(await pages(url)).toEqual(before);
    const altered = await pages("/v1/audit/events?eventType=register_index_altered");
    expect(altered).toMatchObject([{ eventData: { startHeight: hidden?.height, docketCount: 1 } }]);
    expect(world.log).toContainEqual(expect.objectContaining({ event: "register_index_altered", level: "error" }));
    await world.a.seal();
  });

  it("says of each event of the journal where it is", async () => {
    await customer.writeOne({ name: "pet", value: "cat" });
    const list = async () => (await auditor().get<Page<EventItem>>("/v1/audit/events?limit=100")).expect(200).items;
    const [newest, ...others] = await list();
    expect(newest?.ledger).toEqual({ status: "pending" });
    expect(new Set(others.map(({ ledger }) => ledger.status))).toEqual(new Set(["sealed"]));
    (await auditor().get(`/v1/audit/events/${newest?.id}/receipt`)).expectProblem(409, "event_not_sealed");
    await world.a.seal();
    const [sealed] = await list();
    expect(sealed?.ledger).toMatchObject({ status: "sealed", receipt: `/v1/audit/events/${newest?.id}/receipt` });
    const event = (await auditor().get<EventItem>(`/v1/audit/events/${newest?.id}`)).expect(200);
    expect(event).toEqual(sealed);
    const transaction = await auditor().get<TransactionItem>(
      `/v1/register/transactions/${sealed?.ledger.transactionId}`,
    );
    expect(transaction.expect(200).body).toMatchObject({ eventId: newest?.id, eventType: "field_written" });
  });

  it("shows another tenant its own register and nothing of this one", async () => {
    const { admin } = world.b;
    (await admin.get("/v1/register")).expectProblem(404, "register_not_found");
    await newCustomer(world.b);
    await world.b.seal();
    const own = (await admin.get<StatusBody>("/v1/register")).expect(200);
    expect(own.registerId).not.toBe((await status()).registerId);
    const [mine] = await pages<TransactionItem>(`/v1/register/transactions?customerId=${customer.id}&limit=1`);
    const [event] = (await auditor().get<Page<EventItem>>("/v1/audit/events?limit=1")).expect(200).items;
    const url = `/v1/register/transactions/${mine?.transactionId}`;
    (await admin.get(url)).expectProblem(404, "transaction_not_found");
    (await admin.get(`${url}/proof`)).expectProblem(404, "transaction_not_found");
    (await admin.get(`/v1/audit/events/${event?.id}`)).expectProblem(404, "audit_event_not_found");
    (await admin.get(`/v1/audit/events/${event?.id}/receipt`)).expectProblem(404, "audit_event_not_found");
    const empty = { items: [], nextCursor: null };
    expect((await admin.get(`/v1/register/transactions?customerId=${customer.id}`)).expect(200)).toEqual(empty);
    expect((await admin.get(`/v1/register/transactions?subject=${mine?.body.subject}`)).expect(200)).toEqual(empty);
    const cursor = (await auditor().get<Page<unknown>>("/v1/register/dockets?limit=1")).expect(200).nextCursor;
    const dockets = (await admin.get<DocketPageBody>(`/v1/register/dockets?cursor=${cursor}`)).expect(200);
    for (const { header } of dockets.items) expect(header["registerId"]).toBe(own.registerId);
  });

  async function pages<Item>(url: string): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let cursor = ""; ; ) {
      const page = (await auditor().get<Page<Item>>(url + cursor)).expect(200);
      items.push(...page.items);
      if (page.nextCursor === null) return items;
      cursor = `&cursor=${page.nextCursor}`;
    }
  }
});

interface StatusBody {
  readonly registerId: string;
  readonly counts: Readonly<Record<"verifiedCount" | "contiguousHeight" | "highestHeight" | "totalCount", string>>;
  readonly checkpoint: { readonly note: string } | null;
  readonly checkpointVerifier: string | null;
}

interface DocketBody {
  readonly height: string;
  readonly hash: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly seal: { readonly keyId: string };
  readonly transactionIds: readonly string[];
  readonly bytes?: string;
}

interface DocketPageBody extends Page<DocketBody> {
  readonly complete: boolean;
}

interface ConsistencyBody {
  readonly fromRoot: string;
  readonly toRoot: string;
  readonly proof: readonly string[];
}
