import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/audit/audit-event.ts";
import type { ApiKeyId } from "../../src/identifiers.ts";
import { domainSeparated } from "../../src/signatures/domain-separated.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { encodeRecord, RECORD_BYTES_MAX } from "../../src/signatures/protocol-record.ts";
import { SUITE_IDS } from "../../src/signatures/signature-suite.ts";
import type { ApiKey } from "../../src/tenants/api-key.ts";
import { TenantKeyring } from "../../src/tenants/tenant-keyring.ts";
import { createSystemKeyring } from "../../src/vault/wallet-services.ts";
import type { SignedMessage } from "../../src/wallets/sign-message.ts";
import type { Wallet, WalletGrant } from "../../src/wallets/wallet.ts";
import type { Caller } from "./caller.ts";
import { integrationEngines, type OpenedEngine } from "./engines.ts";
import { openWorld, type TenantCallers, type World } from "./world.ts";

const CONTENT = { claim: "adult", evidence: [{ page: 1, seen: true }], name: "Zoë" };
const ATTESTATION = { kind: "attestation", content: CONTENT };
const MASTER_KEY = "5a".repeat(32);
const DAY_MS = 86_400_000;

describe.each(integrationEngines())("signing on $name", (engine) => {
  let world: World;
  let callers: TenantCallers;
  let opened: OpenedEngine;
  let wallet: Wallet;

  beforeAll(async () => {
    const open = async (options?: Parameters<typeof engine.open>[0]) => (opened = await engine.open(options));
    world = await openWorld({ ...engine, open }, { masterKey: MASTER_KEY });
    callers = world.a;
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(async () => {
    wallet = await make({ purposes: ["attestation"] });
  });

  const make = async (body: object) =>
    (await callers.agent.post<Wallet>("/v1/wallets", { name: "Signs", ...body })).expect(201);
  const urlOf = ({ id }: Wallet) => `/v1/wallets/${id}`;
  const sign = (caller: Caller, body: object = ATTESTATION, headers?: Record<string, string>) =>
    caller.post<SignedMessage>(`${urlOf(wallet)}/sign`, body, headers);
  const setStatus = async (status: string) => (await callers.admin.patch(urlOf(wallet), { status })).expect(200);
  const keyOf = async (role: string) => {
    const page = await callers.admin.get<{ items: ApiKey[] }>("/v1/api-keys?limit=100");
    return page.expect(200).items.find(({ name }) => name === role)?.id as ApiKeyId;
  };
  const grant = async (role: string, right: string, more: object = {}) => {
    const body = { grantee: await keyOf(role), right, ...more };
    return (await callers.agent.post<WalletGrant>(`${urlOf(wallet)}/grants`, body)).expect(201);
  };
  const events = async (type: string) => {
    const page = await callers.admin.get<{ items: AuditEvent[] }>(`/v1/audit/events?eventType=${type}&limit=100`);
    return page.expect(200).items.filter(({ subjectId }) => subjectId === wallet.id);
  };

  it.each(SUITE_IDS)(
    "gives a signature of %s over the message of the kind, and tells the journal",
    async (algorithm) => {
      wallet = await make({ algorithm, purposes: ["vote", "attestation"] });
      for (const kind of ["attestation", "vote"] as const) {
        const signed = (await sign(callers.agent, { kind, content: CONTENT })).expect(200);
        const message = domainSeparated(kind, encodeRecord(CONTENT));
        const digest = createHash("sha256").update(message).digest("hex");
        const { keyId, publicKey } = wallet;
        expect(signed).toEqual({ kind, keyId, algorithm, publicKey, digest, signature: signed.signature });
        const key = { algorithm, publicKey: Buffer.from(publicKey, "hex") };
        const bytes = Buffer.from(signed.signature, "base64");
        expect(NODE_SIGNATURE_SUITES.verify(key, message, { algorithm, bytes })).toBe(true);
        const other = domainSeparated(kind === "vote" ? "attestation" : "vote", encodeRecord(CONTENT));
        expect(NODE_SIGNATURE_SUITES.verify(key, other, { algorithm, bytes })).toBe(false);
        const [event] = await events("wallet_signed");
        expect(event?.eventData).toEqual({ walletId: wallet.id, keyId, kind, digest });
        expect(event?.actor).toEqual({ type: "api_key", id: wallet.owner.id, role: "agent" });
      }
      expect(JSON.stringify(await events("wallet_signed"))).not.toMatch(/adult|Zoë/);
    },
  );

  it("is by the new key after a rotation", async () => {
    const before = (await sign(callers.agent)).expect(200);
    const rotated = (await callers.agent.post<Wallet>(`${urlOf(wallet)}/rotate`)).expect(200);
    expect((await sign(callers.agent)).expect(200)).toMatchObject({ keyId: rotated.keyId, digest: before.digest });
  });

  it("happens once under one idempotency key", async () => {
    const headers = { "idempotency-key": `sign-${wallet.id}` };
    const first = (await sign(callers.agent, ATTESTATION, headers)).expect(200);
    expect((await sign(callers.agent, ATTESTATION, headers)).expect(200)).toEqual(first);
    expect(await events("wallet_signed")).toHaveLength(1);
  });

  it.each([
    { content: CONTENT },
    { kind: "attestation" },
    { kind: "tx", content: CONTENT },
    { kind: "checkpoint", content: CONTENT },
    { kind: "attestation", content: [CONTENT] },
    { kind: "attestation", content: "text" },
    { kind: "attestation", digest: "5a".repeat(32) },
    { kind: "attestation", content: CONTENT, prehashed: true },
  ])("is not of what is no message: %j", async (body) => {
    (await sign(callers.agent, body)).expectProblem(400, "invalid_request");
    expect(await events("wallet_signed")).toEqual([]);
  });

  it.each([{ a: null }, { a: 1.5 }, { a: 2 ** 53 }, { a: [[[null]]] }, { a: JSON.parse("-0") as number }])(
    "is not of content without a canonical form: %j",
    async (content) => {
      // JSON has a negative zero, which JSON.stringify does not write.
      const payload = JSON.stringify({ kind: "attestation", content }).replace('"a":0', '"a":-0');
      const headers = { "content-type": "application/json" };
      const reply = await callers.agent.send("POST", `${urlOf(wallet)}/sign`, { payload, headers });
      reply.expectProblem(400, "invalid_value");
      expect(await events("wallet_signed")).toEqual([]);
    },
  );

  it("is not of more than a record may hold", async () => {
    const { wallets } = world.vault.tenant(callers.tenantId, {
      actor: { type: "api_key", id: await keyOf("agent"), role: "agent" },
      requestId: null,
      mayReadPii: true,
    });
    const content = { text: "x".repeat(RECORD_BYTES_MAX) };
    const signing = wallets.sign(wallet.id, { kind: "attestation", content });
    await expect(signing).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(await events("wallet_signed")).toEqual([]);
  });

  it("is for the owner and for who holds a grant to sign, and not for administrators", async () => {
    const refused = async (caller: Caller, status: number, code: string) =>
      (await sign(caller)).expectProblem(status, code);
    await refused(callers.admin, 403, "forbidden");
    await refused(callers.steward, 404, "wallet_not_found");
    await refused(callers.auditor, 403, "forbidden");
    await grant("steward", "read");
    await refused(callers.steward, 403, "forbidden");
    const given = await grant("steward", "sign");
    const signed = (await sign(callers.steward)).expect(200);
    expect(signed.keyId).toBe(wallet.keyId);
    const [event] = await events("wallet_signed");
    expect(event?.actor).toEqual({ type: "api_key", id: given.grantee, role: "steward" });
    (await callers.agent.delete(`${urlOf(wallet)}/grants/${given.id}`)).expect(204);
    await refused(callers.steward, 403, "forbidden");
    expect(await events("wallet_signed")).toHaveLength(1);
  });

  it("ends with the grant", async () => {
    const expiresAt = new Date(Date.parse(world.clock.now()) + DAY_MS).toISOString();
    await grant("steward", "sign", { expiresAt });
    world.clock.advance(DAY_MS - 1);
    (await sign(callers.steward)).expect(200);
    world.clock.advance(1);
    (await sign(callers.steward)).expectProblem(404, "wallet_not_found");
  });

  it("is refused for the first reason there is", async () => {
    // A wallet that is not active and not the caller's, for another purpose, with content that has no canonical form.
    const request = { kind: "vote", content: { a: 1.5 } };
    await setStatus("locked");
    (await sign(callers.steward, request)).expectProblem(404, "wallet_not_found");
    (await sign(world.b.admin, request)).expectProblem(404, "wallet_not_found");
    (await sign(callers.admin, request)).expectProblem(409, "wallet_not_active");
    await setStatus("active");
    (await sign(callers.admin, request)).expectProblem(403, "forbidden");
    (await sign(callers.agent, request)).expectProblem(403, "wallet_purpose_not_allowed");
    (await sign(callers.agent, { ...request, kind: "attestation" })).expectProblem(400, "invalid_value");
    expect(await events("wallet_signed")).toEqual([]);
  });

  it.each(["archived", "locked", "deleted"])("is not with a wallet that is %s", async (status) => {
    if (status === "deleted") (await callers.agent.delete(urlOf(wallet))).expect(204);
    else await setStatus(status);
    (await sign(callers.agent)).expectProblem(409, "wallet_not_active");
    expect(await events("wallet_signed")).toEqual([]);
  });

  describe("with the vault's own wallets", () => {
    beforeEach(async () => {
      const { stores } = opened;
      const { clock, ids } = world.vault;
      const masterKey = Buffer.from(MASTER_KEY, "hex");
      const keyring = new TenantKeyring({ masterKey, ids, storeOf: (id) => stores.forTenant(id).tenants });
      await createSystemKeyring({ stores, clock, ids, keyring }).forTenant(callers.tenantId).current("tx");
      const system = await stores.forTenant(callers.tenantId).wallets.getSystem("tx");
      if (!system) expect.fail("the wallet was made");
      wallet = system;
    });

    it("is for nobody, not even in the name of the system", async () => {
      for (const kind of ["attestation", "vote"] as const) {
        (await sign(callers.admin, { kind, content: CONTENT })).expectProblem(403, "forbidden");
        (await sign(callers.agent, { kind, content: CONTENT })).expectProblem(404, "wallet_not_found");
        const { wallets } = world.vault.tenant(callers.tenantId);
        await expect(wallets.sign(wallet.id, { kind, content: CONTENT })).rejects.toMatchObject({ code: "forbidden" });
      }
    });

    it("is not to be had by a grant, and they cannot be changed", async () => {
      const before = await world.dump(callers.tenantId);
      const grantee = await keyOf("auditor");
      const granting = await callers.admin.post(`${urlOf(wallet)}/grants`, { grantee, right: "sign" });
      granting.expectProblem(403, "forbidden");
      for (const body of [{ name: "mine" }, { status: "archived" }, { metadata: { a: 1 } }]) {
        (await callers.admin.patch(urlOf(wallet), body)).expectProblem(403, "forbidden");
        (await callers.agent.patch(urlOf(wallet), body)).expectProblem(404, "wallet_not_found");
      }
      (await callers.admin.delete(urlOf(wallet))).expectProblem(403, "forbidden");
      (await callers.agent.post(`${urlOf(wallet)}/rotate`)).expectProblem(404, "wallet_not_found");
      expect(await world.dump(callers.tenantId)).toBe(before);
    });

    it("needs an administrator to see and to rotate them", async () => {
      expect((await callers.admin.get(urlOf(wallet))).expect(200)).toEqual(wallet);
      const list = (await callers.admin.get<{ items: Wallet[] }>("/v1/wallets?limit=100")).expect(200).items;
      expect(list.map(({ id }) => id)).toContain(wallet.id);
      const rotated = (await callers.admin.post<Wallet>(`${urlOf(wallet)}/rotate`)).expect(200);
      expect(rotated).toMatchObject({ systemRole: "tx", keyVersion: wallet.keyVersion + 1 });
    });
  });
});
