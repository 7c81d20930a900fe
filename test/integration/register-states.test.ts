import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigInput } from "../../src/config/config-schema.ts";
import type { Receipt } from "../../src/register/receipts/receipt.ts";
import { verifyReceipt } from "../../src/register/receipts/verify-receipt.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, type TestCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

interface Status {
  readonly registerId: string;
  readonly state: { readonly state: string; readonly message: string | null; readonly progress: object | null };
  readonly counts: Readonly<Record<string, string | null>>;
  readonly corruptedRanges: readonly object[];
}
interface TransactionItem {
  readonly transactionId: string;
  readonly height: string;
}
interface Items<Item> {
  readonly items: readonly Item[];
}

describe.each(integrationEngines())("states of a register on $name", (engine) => {
  let world: World;
  let customer: TestCustomer;

  async function open(register: ConfigInput["register"] = {}): Promise<void> {
    world = await openWorld(engine, { register });
    customer = await newCustomer(world.a);
    await world.a.seal();
    for (const value of ["Vigo", "Lugo", "Ourense"]) {
      await customer.writeOne({ name: "city", value });
      await world.a.seal();
    }
  }

  afterEach(() => world[Symbol.asyncDispose]());

  const get = <Body>(url: string) => world.a.admin.get<Body>(url);
  const status = async () => (await get<Status>("/v1/register")).expect(200);
  const written = async () => {
    const url = `/v1/register/transactions?customerId=${customer.id}&type=field_written`;
    return (await get<Items<TransactionItem>>(url)).expect(200).items;
  };

  it("Degraded: what is damaged is absent and has a reason, all else is served, proven and added to", async () => {
    await open();
    expect((await get<object>("/ready")).expect(200)).toMatchObject({ status: "ready", registers: { Healthy: 1 } });
    const [, damaged, last] = await written();
    const height = damaged?.height ?? "";
    await world.damageDocket(world.a.tenantId, BigInt(height));
    const report = (await world.a.admin.post("/v1/register/verify", {})).expect(200);
    expect(report).toMatchObject({
      hasCorruption: true,
      isFullyVerified: false,
      resultingState: "Degraded",
      corruptedRanges: [{ startHeight: height, endHeight: height }],
    });
    // One tenant's register is no reason to send the others away.
    const ready = (await get<object>("/ready")).expect(200);
    expect(ready).toMatchObject({ status: "degraded", registers: { Degraded: 1 } });
    const found = await status();
    const total = Number(found.counts["totalCount"]);
    expect(found).toMatchObject({
      state: { state: "Degraded", message: expect.stringContaining(height) },
      counts: {
        verifiedCount: String(total - 1),
        contiguousHeight: String(Number(height) - 1),
        highestHeight: String(total - 1),
      },
      corruptedRanges: [{ startHeight: height, endHeight: height, recoveryStatus: "Pending", recoveryAttempts: 0 }],
    });
    const reply = await get(`/v1/register/dockets/${height}`);
    const problem = reply.expectProblem(404, "docket_not_found");
    expect(problem["reason"]).toBe("Corrupted");
    expect(reply.headers).toMatchObject({ "x-register-state": "Degraded" });
    const page = (await get<Items<TransactionItem>>("/v1/register/dockets?limit=100")).expect(200);
    expect(page).toMatchObject({
      complete: false,
      gaps: [{ startHeight: height, endHeight: height, reason: "Corrupted" }],
    });
    expect(page.items).toHaveLength(total - 1);
    (await get(`/v1/register/transactions/${damaged?.transactionId}`)).expectProblem(404, "transaction_not_found");
    expect((await written()).map(({ transactionId }) => transactionId)).not.toContain(damaged?.transactionId);
    const receipt = (await get<Receipt>(`/v1/register/transactions/${last?.transactionId}/proof`)).expect(200);
    const trust = { registerId: found.registerId };
    expect(verifyReceipt(JSON.stringify(receipt), trust, NODE_SIGNATURE_SUITES).isValid).toBe(true);
    await customer.writeOne({ name: "city", value: "Pontevedra" });
    await world.a.seal();
    expect((await status()).counts["totalCount"]).not.toBe(String(total));
    expect((await status()).state.state).toBe("Degraded");
  });

  it("Degraded by a read that meets damage, without anybody having looked for it", async () => {
    await open();
    // What was read is kept in memory, until it is verified anew.
    (await world.a.admin.post("/v1/register/verify", {})).expect(200);
    await world.damageDocket(world.a.tenantId, 1n);
    expect((await get("/v1/register/dockets/1")).expectProblem(404, "docket_not_found")["reason"]).toBe("Corrupted");
    expect((await status()).state.state).toBe("Degraded");
  });

  it("Initializing: what is verified is served, and every answer says that it is a part", async () => {
    // A docket for each event makes some batches, of which the second one waits.
    const batches = { verificationBatchSize: 10, verificationParallelism: 1 };
    await open({ startupStrategy: "progressive", sealMaxTransactions: 1, ...batches });
    const { totalCount } = (await status()).counts;
    expect(Number(totalCount)).toBeGreaterThan(10);
    // A register that is known to be damaged is initialised anew when it is verified.
    const last = String(Number(totalCount) - 1);
    await world.damageDocket(world.a.tenantId, BigInt(last));
    (await world.a.admin.post("/v1/register/verify", {})).expect(200);
    world.coldFaults.inject({ fault: { kind: "hold", when: "after" }, methods: ["scan"], times: 1 });
    const verification = world.a.admin.post("/v1/register/verify", {});
    while (world.coldFaults.held === 0) await setImmediate();
    world.coldFaults.inject({ fault: { kind: "hold", when: "after" }, methods: ["scan"], times: 1 });
    world.coldFaults.release(1);
    while (world.coldFaults.held === 0) await setImmediate();
    const reply = await get("/v1/register/dockets/0");
    reply.expect(200);
    expect(reply.headers).toMatchObject({ "x-register-state": "Initializing", "x-register-partial": "true" });
    expect((await get("/v1/register/dockets/10")).expectProblem(404, "docket_not_found")["reason"]).toBe(
      "NotYetVerified",
    );
    expect(await status()).toMatchObject({
      state: { state: "Initializing", progress: { examined: "10", total: totalCount } },
      counts: { verifiedCount: "10", contiguousHeight: "9", highestHeight: "9", totalCount },
    });
    const list = (await get("/v1/register/dockets?from=9&limit=2")).expect(200);
    expect(list).toMatchObject({ complete: false, gaps: [{ startHeight: "10", reason: "NotYetVerified" }] });
    world.coldFaults.heal();
    expect((await verification).expect(200)).toMatchObject({ hasCorruption: true });
    const after = await get("/v1/register/dockets/9");
    expect(after.headers["x-register-partial"]).toBeUndefined();
    expect((await status()).state).toMatchObject({ state: "Degraded", progress: null });
  });

  it("Healthy: everything is served, and sealed, while it is verified anew", async () => {
    await open({ sealMaxTransactions: 1, verificationBatchSize: 10, verificationParallelism: 1 });
    const { totalCount } = (await status()).counts;
    world.coldFaults.inject({ fault: { kind: "hold", when: "after" }, methods: ["scan"], times: 1 });
    const verification = world.a.admin.post("/v1/register/verify", {});
    while (world.coldFaults.held === 0) await setImmediate();
    await customer.writeOne({ name: "city", value: "Pontevedra" });
    await world.a.seal();
    const reply = await get(`/v1/register/dockets/${totalCount}`);
    reply.expect(200);
    expect(reply.headers).toMatchObject({ "x-register-state": "Healthy" });
    expect(reply.headers["x-register-partial"]).toBeUndefined();
    world.coldFaults.heal();
    expect((await verification).expect(200)).toMatchObject({ hasCorruption: false, isFullyVerified: true });
    expect((await status()).state).toMatchObject({ state: "Healthy", progress: null });
  });

  it("Offline: refuses to be read, says why, and is mended by the next call", async () => {
    await open();
    world.coldFaults.inject({ fault: { kind: "fail", when: "before", code: "storage_unavailable" } });
    (await world.a.admin.post("/v1/register/verify", {})).expectProblem(503, "storage_unavailable");
    const reply = await get("/v1/register/dockets");
    expect(reply.expectProblem(503, "storage_unavailable")["retryable"]).toBe(true);
    expect(reply.headers).toMatchObject({ "x-register-state": "Offline", "retry-after": "1" });
    expect((await status()).state).toMatchObject({ state: "Offline", message: expect.any(String) as string });
    world.coldFaults.heal();
    expect((await get<Items<unknown>>("/v1/register/dockets")).expect(200).items).not.toEqual([]);
    expect((await status()).state.state).toBe("Healthy");
  });
});
