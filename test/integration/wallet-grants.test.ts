import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/audit/audit-event.ts";
import type { ApiKey } from "../../src/tenants/api-key.ts";
import { freshGrant } from "../../src/testing/wallet-records.ts";
import { ACTIVE_GRANTS_PER_GRANTEE_MAX, type Wallet, type WalletGrant } from "../../src/wallets/wallet.ts";
import type { Caller } from "./caller.ts";
import { integrationEngines, type OpenedEngine } from "./engines.ts";
import { openWorld, type TenantCallers, type World } from "./world.ts";

const NOBODY = "01a00000-0000-7000-8000-00000000dead";

describe.each(integrationEngines())("grants on $name", (engine) => {
  let world: World;
  let callers: TenantCallers;
  let opened: OpenedEngine;
  let wallet: Wallet;
  let url: string;

  beforeAll(async () => {
    const open = async (options?: Parameters<typeof engine.open>[0]) => (opened = await engine.open(options));
    world = await openWorld({ ...engine, open });
    callers = world.a;
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(async () => {
    const body = { name: "Signs", purposes: ["attestation"] };
    wallet = (await callers.agent.post<Wallet>("/v1/wallets", body)).expect(201);
    url = `/v1/wallets/${wallet.id}`;
  });

  const newKey = async (admin: Caller = callers.admin) => {
    const body = { name: "grantee", role: "agent" };
    const { apiKey, key } = (await admin.post<{ apiKey: ApiKey; key: string }>("/v1/api-keys", body)).expect(201);
    return { id: apiKey.id, caller: world.callerWith(key) };
  };
  const give = (body: object, caller: Caller = callers.agent) => caller.post<WalletGrant>(`${url}/grants`, body);
  const list = async (caller: Caller = callers.agent) =>
    (await caller.get<{ items: WalletGrant[] }>(`${url}/grants?limit=100`)).expect(200).items;
  const eventsOf = async () => {
    const page = await callers.admin.get<{ items: AuditEvent[] }>("/v1/audit/events?limit=100");
    return page.expect(200).items.filter(({ subjectId }) => subjectId === wallet.id);
  };

  it("are given by the owner or an administrator, and told to the journal without the reason", async () => {
    const { id: grantee, caller } = await newKey();
    (await caller.get(url)).expectProblem(404, "wallet_not_found");
    const grant = (await give({ grantee, right: "read", reason: "Holiday of Ana" })).expect(201);
    expect(grant).toEqual({
      id: grant.id,
      walletId: wallet.id,
      grantee,
      right: "read",
      reason: "Holiday of Ana",
      grantedBy: wallet.owner,
      grantedAt: world.clock.now(),
      expiresAt: null,
      revokedAt: null,
      revokedBy: null,
    });
    expect((await caller.get(url)).expect(200)).toEqual(wallet);
    const expiresAt = "2030-01-01T00:00:00.000Z";
    const second = (await give({ grantee, right: "sign", expiresAt }, callers.admin)).expect(201);
    expect(await list()).toEqual([second, grant]);
    expect(await list(caller)).toEqual([second, grant]);
    const events = await eventsOf();
    expect(events.slice(0, 2).map(({ eventType, eventData }) => [eventType, eventData])).toEqual([
      ["wallet_grant_added", { walletId: wallet.id, grantId: second.id, grantee, right: "sign", expiresAt }],
      ["wallet_grant_added", { walletId: wallet.id, grantId: grant.id, grantee, right: "read", expiresAt: null }],
    ]);
    expect(JSON.stringify(events)).not.toContain("Ana");
  });

  it("are not given to who is not there, nor for a time that is over", async () => {
    const revoked = await newKey();
    (await callers.admin.delete(`/v1/api-keys/${revoked.id}`)).expect(204);
    const foreign = await newKey(world.b.admin);
    const before = await world.dump(callers.tenantId);
    for (const grantee of [NOBODY, revoked.id, foreign.id]) {
      (await give({ grantee, right: "sign" })).expectProblem(404, "api_key_not_found");
    }
    const { id: grantee } = wallet.owner;
    for (const expiresAt of [world.clock.now(), "2020-01-01T00:00:00Z"]) {
      const problem = (await give({ grantee, right: "sign", expiresAt })).expectProblem(400, "invalid_request");
      expect(problem.errors).toMatchObject([{ path: "/expiresAt", code: "invalid_value" }]);
    }
    for (const wrong of [{ right: "owner" }, { reason: "x".repeat(501) }, { grantee: "agent" }]) {
      (await give({ grantee, right: "sign", ...wrong })).expectProblem(400, "invalid_request");
    }
    expect(await world.dump(callers.tenantId)).toBe(before);
  });

  it("are not given on a deleted wallet", async () => {
    const { id: grantee } = await newKey();
    (await callers.agent.delete(url)).expect(204);
    (await give({ grantee, right: "read" })).expectProblem(409, "wallet_not_active");
  });

  it("are not given beyond what one key may hold", async () => {
    const { id: grantee, caller } = await newKey();
    const { walletGrants } = opened.stores.forTenant(callers.tenantId);
    const expiresAt = world.clock.now();
    await walletGrants.insert(freshGrant(wallet.id, { grantee, expiresAt }));
    for (let count = 1; count < ACTIVE_GRANTS_PER_GRANTEE_MAX; count++) {
      await walletGrants.insert(freshGrant(wallet.id, { grantee }));
    }
    const last = (await give({ grantee, right: "read" })).expect(201);
    const problem = (await give({ grantee, right: "read" })).expectProblem(422, "limit_exceeded");
    expect(problem["limit"]).toBe(ACTIVE_GRANTS_PER_GRANTEE_MAX);
    const page = await caller.get<{ items: Wallet[] }>("/v1/wallets");
    expect(page.expect(200).items).toEqual([wallet]);
    (await callers.agent.delete(`${url}/grants/${last.id}`)).expect(204);
    (await give({ grantee, right: "read" })).expect(201);
  });

  it("are revoked once, and count for nothing then", async () => {
    const { id: grantee, caller } = await newKey();
    const grant = (await give({ grantee, right: "sign" })).expect(201);
    (await caller.get(url)).expect(200);
    world.clock.advance(1_000);
    const revoke = () => callers.agent.delete(`${url}/grants/${grant.id}`);
    for (const reply of await Promise.all([revoke(), revoke(), revoke()])) reply.expect(204);
    (await caller.get(url)).expectProblem(404, "wallet_not_found");
    expect((await caller.get<{ items: Wallet[] }>("/v1/wallets")).expect(200).items).toEqual([]);
    expect(await list()).toEqual([{ ...grant, revokedAt: world.clock.now(), revokedBy: wallet.owner.id }]);
    const events = (await eventsOf()).filter(({ eventType }) => eventType === "wallet_grant_revoked");
    expect(events.map(({ eventData }) => eventData)).toEqual([
      { walletId: wallet.id, grantId: grant.id, grantee, right: "sign" },
    ]);
  });

  it("are revoked at their own wallet only, and by who may", async () => {
    const { id: grantee, caller } = await newKey();
    const grant = (await give({ grantee, right: "sign" })).expect(201);
    const before = await world.dump(callers.tenantId);
    const body = { name: "Theirs", purposes: ["vote"] };
    const foreign = (await world.b.admin.post<Wallet>("/v1/wallets", body)).expect(201);
    (await caller.delete(`${url}/grants/${grant.id}`)).expectProblem(403, "forbidden");
    (await world.b.admin.delete(`${url}/grants/${grant.id}`)).expectProblem(404, "wallet_not_found");
    const elsewhere = await world.b.admin.delete(`/v1/wallets/${foreign.id}/grants/${grant.id}`);
    elsewhere.expectProblem(404, "wallet_grant_not_found");
    (await callers.admin.delete(`${url}/grants/${NOBODY}`)).expectProblem(404, "wallet_grant_not_found");
    expect(await world.dump(callers.tenantId)).toBe(before);
    const another = (await callers.agent.post<Wallet>("/v1/wallets", body)).expect(201);
    const misplaced = await callers.agent.delete(`/v1/wallets/${another.id}/grants/${grant.id}`);
    misplaced.expectProblem(404, "wallet_grant_not_found");
    (await caller.get(url)).expect(200);
  });
});
