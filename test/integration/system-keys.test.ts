import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UuidV7Generator } from "../../src/identifiers.ts";
import { domainSeparated } from "../../src/signatures/domain-separated.ts";
import { keyIdOf } from "../../src/signatures/key-id.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { SYSTEM_CONTEXT } from "../../src/tenants/actor.ts";
import { TenantKeyring } from "../../src/tenants/tenant-keyring.ts";
import { type Engine, engineOver, type TenantUnderTest } from "../../src/testing/engine.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { createSystemKeyring } from "../../src/vault/wallet-services.ts";
import type { SystemSigner } from "../../src/wallets/system-keys.ts";
import { WalletKeys } from "../../src/wallets/wallet-keys.ts";
import { WalletService } from "../../src/wallets/wallet-service.ts";
import { integrationEngines } from "./engines.ts";

const MESSAGE = domainSeparated("tx", randomBytes(32));
const NO_PROBE = { forceEdge: () => Promise.reject(), dump: () => Promise.reject() };

describe.each(integrationEngines().filter(({ isCached }) => !isCached))("system keys on $name", (under) => {
  const clock = new ManualClock();
  const ids = new UuidV7Generator();
  const masterKey = randomBytes(32);
  let engine: Engine;
  let tenant: TenantUnderTest;
  let other: TenantUnderTest;

  beforeAll(async () => {
    engine = engineOver((await under.open()).stores, NO_PROBE);
  });
  afterAll(() => engine[Symbol.asyncDispose]());
  beforeEach(async () => {
    tenant = await engine.newTenant();
    other = await engine.newTenant();
  });

  /** What one process has: keys in memory, under a master key. */
  const processWith = (key = masterKey) => {
    const { stores } = engine;
    const keyring = new TenantKeyring({ masterKey: key, ids, storeOf: (id) => stores.forTenant(id).tenants });
    const systemKeys = createSystemKeyring({ stores, clock, ids, keyring });
    return { keyring, keysOf: ({ tenantId }: TenantUnderTest) => systemKeys.forTenant(tenantId) };
  };
  const walletsOf = (who: TenantUnderTest) => {
    const { wallets, walletGrants: grants, apiKeys, audit, tenantId } = who;
    const { keyring } = processWith();
    const keys = new WalletKeys({ tenantId, keyring, ids, suites: NODE_SIGNATURE_SUITES });
    const stores = { wallets, grants, apiKeys, audit };
    return new WalletService({
      stores,
      keys,
      clock,
      ids,
      call: SYSTEM_CONTEXT,
      transaction: (work) =>
        who.transaction((inner) => work({ ...stores, wallets: inner.wallets, audit: inner.audit })),
    });
  };
  const eventsOf = async (who: TenantUnderTest) => (await who.audit.list({}, { limit: 100 })).items;
  const verifies = (signer: SystemSigner) => {
    const { algorithm } = signer;
    return NODE_SIGNATURE_SUITES.verify(signer, MESSAGE, { algorithm, bytes: signer.sign(MESSAGE) });
  };

  it("are made when they are first asked for, and signed with from then on", async () => {
    const keys = processWith().keysOf(tenant);
    const signer = await keys.current("tx");
    expect(signer.keyId).toBe(keyIdOf("ed25519", signer.publicKey));
    expect(verifies(signer)).toBe(true);
    expect(await keys.current("tx")).toBe(signer);
    expect(await keys.byKeyId(signer.keyId)).toBe(signer);
    expect((await keys.current("checkpoint")).keyId).not.toBe(signer.keyId);
    const wallets = await tenant.wallets.list("all", { limit: 10 });
    expect(wallets.items.map(({ systemRole, purposes, owner }) => [systemRole, purposes, owner.type])).toEqual([
      ["checkpoint", ["checkpoint"], "system"],
      ["tx", ["docket", "tx"], "system"],
    ]);
    const [checkpoint, tx] = await eventsOf(tenant);
    const publicKey = Buffer.from(signer.publicKey).toString("hex");
    expect(tx).toMatchObject({
      eventType: "wallet_created",
      subjectId: wallets.items[1]?.id,
      actor: { type: "system" },
      eventData: { walletId: wallets.items[1]?.id, purposes: ["docket", "tx"], keyId: signer.keyId, publicKey },
    });
    expect(checkpoint?.eventData["purposes"]).toEqual(["checkpoint"]);
  });

  it("are one for many that ask at once, in several processes", async () => {
    const processes = Array.from({ length: 4 }, () => processWith().keysOf(tenant));
    const asked = processes.flatMap((keys) => Array.from({ length: 5 }, () => keys.current("tx")));
    const signers = await Promise.all(asked);
    expect(new Set(signers.map(({ keyId }) => keyId)).size).toBe(1);
    expect((await tenant.wallets.list("all", { limit: 10 })).items).toHaveLength(1);
    expect((await eventsOf(tenant)).map(({ eventType }) => eventType)).toEqual(["wallet_created"]);
    for (const signer of signers) expect(verifies(signer)).toBe(true);
  });

  it("are what another process made or put in their place, and the old one is still to be had", async () => {
    const here = processWith().keysOf(tenant);
    const there = processWith().keysOf(tenant);
    const before = await here.current("tx");
    expect((await there.current("tx")).publicKey).toEqual(before.publicKey);
    const system = await tenant.wallets.getSystem("tx");
    const rotated = await walletsOf(tenant).rotate(system?.id as never);
    for (const keys of [here, there, processWith().keysOf(tenant)]) {
      expect((await keys.current("tx")).keyId).toBe(rotated.keyId);
      const old = await keys.byKeyId(before.keyId);
      expect(old?.publicKey).toEqual(before.publicKey);
      expect(old && verifies(old)).toBe(true);
    }
    const [event] = await eventsOf(tenant);
    const { id: walletId, keyId, publicKey, purposes, algorithm } = rotated;
    const facts = { walletId, purposes, keyId, algorithm, publicKey, replaces: before.keyId, keyVersion: 2 };
    expect(event).toMatchObject({ eventType: "wallet_key_rotated", subjectId: walletId, eventData: facts });
  });

  it("are another tenant's own", async () => {
    const { keysOf } = processWith();
    const mine = await keysOf(tenant).current("tx");
    expect(await keysOf(other).byKeyId(mine.keyId)).toBeUndefined();
    expect((await keysOf(other).current("tx")).keyId).not.toBe(mine.keyId);
    expect(await keysOf(other).byKeyId(mine.keyId)).toBeUndefined();
    expect((await keysOf(tenant).current("tx")).keyId).toBe(mine.keyId);
  });

  it("are never the keys of callers", async () => {
    const wallet = await walletsOf(tenant).create({ name: "mine", purposes: ["vote"] });
    const keys = processWith().keysOf(tenant);
    expect(await keys.byKeyId(wallet.keyId)).toBeUndefined();
    expect(await keys.byKeyId("0".repeat(32))).toBeUndefined();
  });

  it("are told to be lost under another master key, and not made anew", async () => {
    const { keyId } = await processWith().keysOf(tenant).current("tx");
    const lost = processWith(randomBytes(32)).keysOf(tenant);
    await expect(lost.current("tx")).rejects.toMatchObject({ code: "master_key_missing" });
    await expect(lost.byKeyId(keyId)).rejects.toMatchObject({ code: "master_key_missing" });
    expect((await tenant.wallets.getSystem("tx"))?.keyId).toBe(keyId);
  });
});
