import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/audit/audit-event.ts";
import { keyIdOf } from "../../src/signatures/key-id.ts";
import type { ApiKey } from "../../src/tenants/api-key.ts";
import type { Wallet } from "../../src/wallets/wallet.ts";
import type { Caller } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { openWorld, type TenantCallers, type World } from "./world.ts";

interface WalletPage {
  readonly items: readonly Wallet[];
  readonly nextCursor: string | null;
}

const NOBODY = "01a00000-0000-7000-8000-00000000dead";

describe.each(integrationEngines())("wallets on $name", (engine) => {
  let world: World;
  let callers: TenantCallers;

  beforeAll(async () => {
    world = await openWorld(engine);
    callers = world.a;
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const make = async (caller: Caller, body: object = {}) =>
    (await caller.post<Wallet>("/v1/wallets", { name: "Signs", purposes: ["attestation"], ...body })).expect(201);
  const urlOf = ({ id }: Wallet) => `/v1/wallets/${id}`;
  const read = async (caller: Caller, wallet: Wallet) => (await caller.get<Wallet>(urlOf(wallet))).expect(200);
  const list = async (caller: Caller) => (await caller.get<WalletPage>("/v1/wallets?limit=100")).expect(200).items;
  const patch = (caller: Caller, wallet: Wallet, body: object) => caller.patch<Wallet>(urlOf(wallet), body);
  const patchAt = (version: number, wallet: Wallet, body: object) =>
    callers.agent.patch<Wallet>(urlOf(wallet), body, { "if-match": `"${version}"` });
  const rotate = (caller: Caller, wallet: Wallet) => caller.post<Wallet>(`${urlOf(wallet)}/rotate`);
  const eventsOf = async ({ id }: Wallet) => {
    const page = await callers.admin.get<{ items: AuditEvent[] }>("/v1/audit/events?limit=100");
    return page.expect(200).items.filter(({ subjectId }) => subjectId === id);
  };
  const keyIdOfCaller = async (role: string) => {
    const page = await callers.admin.get<{ items: ApiKey[] }>("/v1/api-keys?limit=100");
    return page.expect(200).items.find(({ name }) => name === role)?.id ?? "";
  };

  describe("made", () => {
    it("are the caller's, with a key of their own", async () => {
      const whole = { description: "For votes", purposes: ["vote", "attestation"], metadata: { a: 1 } };
      const reply = await callers.agent.post<Wallet>("/v1/wallets", { name: "Votes «🗝»", ...whole });
      const wallet = reply.expect(201);
      expect(reply.headers).toMatchObject({ etag: '"1"', location: urlOf(wallet) });
      const now = world.clock.now();
      expect(wallet).toEqual({
        id: wallet.id,
        name: "Votes «🗝»",
        description: "For votes",
        algorithm: "ed25519",
        keyId: keyIdOf("ed25519", Buffer.from(wallet.publicKey, "hex")),
        publicKey: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        keyVersion: 1,
        status: "active",
        purposes: ["attestation", "vote"],
        systemRole: null,
        owner: { type: "api_key", id: await keyIdOfCaller("agent") },
        metadata: { a: 1 },
        createdAt: now,
        updatedAt: now,
        version: 1,
      });
      expect(await read(callers.agent, wallet)).toEqual(wallet);
      const { id: walletId, keyId, publicKey, algorithm, purposes, owner } = wallet;
      expect(await eventsOf(wallet)).toMatchObject([
        {
          eventType: "wallet_created",
          customerId: null,
          actor: { type: "api_key", id: owner.id, role: "agent" },
          eventData: { walletId, keyId, publicKey, algorithm, purposes },
        },
      ]);
    });

    it("have a key of the algorithm asked for", async () => {
      const wallet = await make(callers.steward, { algorithm: "p256" });
      expect(wallet.publicKey).toMatch(/^0[23][0-9a-f]{64}$/);
      expect(wallet.keyId).toBe(keyIdOf("p256", Buffer.from(wallet.publicKey, "hex")));
    });

    it.each([
      { purposes: [] },
      { purposes: ["tx"] },
      { purposes: ["attestation", "checkpoint"] },
      { purposes: ["attestation", "vote", "vote"] },
      { algorithm: "rsa" },
      { name: "" },
      { name: "x".repeat(257) },
      { description: "x".repeat(1_025) },
      { metadata: { nested: { a: 1 } } },
      { metadata: { a: "x".repeat(513) } },
      { metadata: { ["x".repeat(65)]: 1 } },
      { metadata: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, 1])) },
      { systemRole: "tx" },
      { owner: { type: "system", id: null } },
    ])("are not with %j", async (body) => {
      const before = await world.dump(callers.tenantId);
      const request = { name: "Signs", purposes: ["attestation"], ...body };
      (await callers.admin.post("/v1/wallets", request)).expectProblem(400, "invalid_request");
      expect(await world.dump(callers.tenantId)).toBe(before);
    });

    it("are not for the vault's own purposes, whoever calls", async () => {
      const { wallets } = world.vault.tenant(callers.tenantId);
      for (const purposes of [["tx"], ["docket"], ["checkpoint"], []]) {
        const making = wallets.create({ name: "x", purposes: purposes as never });
        await expect(making).rejects.toMatchObject({ code: "invalid_request" });
      }
    });
  });

  describe("read", () => {
    it("are shown to their owner and to administrators, and to nobody else", async () => {
      const wallet = await make(callers.agent);
      for (const caller of [callers.agent, callers.admin]) expect(await read(caller, wallet)).toEqual(wallet);
      for (const caller of [callers.steward, callers.auditor, world.b.admin, world.platform]) {
        (await caller.get(urlOf(wallet))).expectProblem(404, "wallet_not_found");
        (await caller.get(`${urlOf(wallet)}/grants`)).expectProblem(404, "wallet_not_found");
      }
      (await callers.admin.get(`/v1/wallets/${NOBODY}`)).expectProblem(404, "wallet_not_found");
    });

    it("are listed for who may see them", async () => {
      const [agents, stewards] = [await make(callers.agent), await make(callers.steward)];
      const ids = async (caller: Caller) => (await list(caller)).map(({ id }) => id);
      expect((await ids(callers.agent)).includes(agents.id)).toBe(true);
      expect((await ids(callers.agent)).includes(stewards.id)).toBe(false);
      expect((await ids(callers.admin)).slice(0, 2)).toEqual([stewards.id, agents.id]);
      expect(await ids(callers.auditor)).toEqual([]);
      expect(await ids(world.b.admin)).toEqual([]);
      const grantee = await keyIdOfCaller("auditor");
      (await callers.agent.post(`${urlOf(agents)}/grants`, { grantee, right: "read" })).expect(201);
      expect(await ids(callers.auditor)).toEqual([agents.id]);
    });

    it("are not written by being read", async () => {
      const wallet = await make(callers.agent);
      const before = await world.dump(callers.tenantId);
      for (let count = 0; count < 3; count++) await read(callers.agent, wallet);
      expect(await world.dump(callers.tenantId)).toBe(before);
    });
  });

  describe("changed", () => {
    it("have a version more, and tell the journal which members", async () => {
      const wallet = await make(callers.agent);
      world.clock.advance(1_000);
      const reply = await patchAt(1, wallet, { name: "Other", metadata: { team: "credit" } });
      const now = world.clock.now();
      const changed = { ...wallet, name: "Other", metadata: { team: "credit" }, updatedAt: now, version: 2 };
      expect(reply.expect(200)).toEqual(changed);
      expect(reply.headers["etag"]).toBe('"2"');
      expect(await read(callers.agent, wallet)).toEqual(changed);
      expect((await patch(callers.admin, wallet, { description: "By admin" })).expect(200).version).toBe(3);
      const events = await eventsOf(wallet);
      const facts = events.map(({ eventType, eventData }) => [eventType, eventData["changed"]]);
      expect(facts.slice(0, 2)).toEqual([
        ["wallet_updated", ["description"]],
        ["wallet_updated", ["metadata", "name"]],
      ]);
      expect(JSON.stringify(events)).not.toMatch(/Other|credit|By admin/);
    });

    it("are not written when nothing changes, nor at another version", async () => {
      const wallet = await make(callers.agent);
      const before = await world.dump(callers.tenantId);
      expect((await patch(callers.agent, wallet, { name: wallet.name })).expect(200)).toEqual(wallet);
      const stale = await patchAt(2, wallet, { name: "Other" });
      stale.expectProblem(412, "version_mismatch");
      expect(await world.dump(callers.tenantId)).toBe(before);
    });

    it("go from status to status as they may, the lock only by an administrator", async () => {
      const wallet = await make(callers.agent);
      const to = (caller: Caller, status: string) => patch(caller, wallet, { status });
      (await to(callers.agent, "archived")).expect(200);
      (await to(callers.agent, "locked")).expectProblem(409, "wallet_status_conflict");
      (await to(callers.agent, "active")).expect(200);
      (await to(callers.agent, "locked")).expect(200);
      (await to(callers.agent, "active")).expectProblem(403, "forbidden");
      (await to(callers.admin, "archived")).expectProblem(409, "wallet_status_conflict");
      (await to(callers.admin, "active")).expect(200);
      (await to(callers.agent, "deleted")).expectProblem(400, "invalid_request");
      (await callers.agent.delete(urlOf(wallet))).expect(204);
      (await callers.agent.delete(urlOf(wallet))).expect(204);
      expect((await read(callers.agent, wallet)).status).toBe("deleted");
      (await to(callers.admin, "active")).expectProblem(409, "wallet_status_conflict");
      (await patch(callers.admin, wallet, { name: "Other" })).expectProblem(409, "wallet_status_conflict");
      (await rotate(callers.agent, wallet)).expectProblem(409, "wallet_not_active");
    });

    it("are not by who may only read or sign, nor by strangers", async () => {
      const wallet = await make(callers.agent);
      const grantee = await keyIdOfCaller("steward");
      const requests: ((caller: Caller) => ReturnType<Caller["send"]>)[] = [
        (caller) => patch(caller, wallet, { name: "Other" }),
        (caller) => caller.delete(urlOf(wallet)),
        (caller) => rotate(caller, wallet),
        (caller) => caller.post(`${urlOf(wallet)}/grants`, { grantee, right: "sign" }),
        (caller) => caller.delete(`${urlOf(wallet)}/grants/${NOBODY}`),
      ];
      for (const right of [undefined, "read", "sign"]) {
        if (right) (await callers.agent.post(`${urlOf(wallet)}/grants`, { grantee, right })).expect(201);
        const before = await world.dump(callers.tenantId);
        for (const request of requests) {
          const reply = await request(callers.steward);
          if (right) reply.expectProblem(403, "forbidden");
          else reply.expectProblem(404, "wallet_not_found");
          (await request(world.b.admin)).expectProblem(404, "wallet_not_found");
        }
        expect(await world.dump(callers.tenantId)).toBe(before);
      }
    });
  });

  describe("rotated", () => {
    it("have another key, which the journal tells with the one it replaces", async () => {
      const wallet = await make(callers.agent, { algorithm: "p256" });
      world.clock.advance(1_000);
      const reply = await rotate(callers.agent, wallet);
      const rotated = reply.expect(200);
      expect(reply.headers["etag"]).toBe('"2"');
      const { keyId, publicKey } = rotated;
      expect(rotated).toEqual({
        ...wallet,
        keyId: keyIdOf("p256", Buffer.from(publicKey, "hex")),
        publicKey,
        keyVersion: 2,
        updatedAt: world.clock.now(),
        version: 2,
      });
      expect(keyId).not.toBe(wallet.keyId);
      const { id: walletId, algorithm, purposes } = wallet;
      const [event] = await eventsOf(wallet);
      expect(event?.eventType).toBe("wallet_key_rotated");
      const facts = { walletId, purposes, keyId, algorithm, publicKey, replaces: wallet.keyId, keyVersion: 2 };
      expect(event?.eventData).toEqual(facts);
    });

    it("are so as often as was answered, however many try at once", async () => {
      const wallet = await make(callers.agent);
      const replies = await Promise.all(Array.from({ length: 8 }, () => rotate(callers.agent, wallet)));
      const won = replies.filter(({ status }) => status === 200).map((reply) => reply.json);
      for (const reply of replies.filter(({ status }) => status !== 200)) reply.expectProblem(409, "write_conflict");
      expect(won.length).toBeGreaterThanOrEqual(1);
      const now = await read(callers.agent, wallet);
      expect([now.keyVersion, now.version]).toEqual([won.length + 1, won.length + 1]);
      const rotations = (await eventsOf(wallet)).filter(({ eventType }) => eventType === "wallet_key_rotated");
      expect(rotations.map(({ eventData }) => eventData["keyId"])).toEqual(
        won.toSorted((a, b) => b.version - a.version).map(({ keyId }) => keyId),
      );
      expect(new Set(rotations.map(({ eventData }) => eventData["replaces"])).size).toBe(won.length);
    });

    it("are locked ones too, and archived ones not", async () => {
      const wallet = await make(callers.agent);
      (await patch(callers.agent, wallet, { status: "locked" })).expect(200);
      expect((await rotate(callers.agent, wallet)).expect(200)).toMatchObject({ keyVersion: 2, status: "locked" });
      (await patch(callers.admin, wallet, { status: "active" })).expect(200);
      (await patch(callers.admin, wallet, { status: "archived" })).expect(200);
      (await rotate(callers.agent, wallet)).expectProblem(409, "wallet_not_active");
    });
  });

  it("never show a private key, wrapped or not, in an answer, an event or a line of the log", async () => {
    const wallet = await make(callers.agent);
    const [, rows = ""] = (await world.dump(callers.tenantId)).split("wallet_keys\n");
    // Of 61 bytes, as base64url.
    const wrapped = rows.split("wallets\n")[0]?.match(/(?<![\w-])[\w-]{82}(?![\w-])/g) ?? [];
    expect(wrapped.length).toBeGreaterThan(0);
    const shown = [
      JSON.stringify(await read(callers.admin, wallet)),
      JSON.stringify(await eventsOf(wallet)),
      JSON.stringify(world.log),
    ];
    for (const text of shown) {
      expect(text).not.toMatch(/private/i);
      for (const each of wrapped) expect(text).not.toContain(each);
    }
  });
});
