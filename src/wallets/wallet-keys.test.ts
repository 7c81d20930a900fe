import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { type TenantId, UuidV7Generator, type WalletId } from "../identifiers.ts";
import { keyIdOf } from "../signatures/key-id.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";
import { SUITE_IDS } from "../signatures/signature-suite.ts";
import { SignatureSuites } from "../signatures/signature-suites.ts";
import { wrapKey } from "../tenants/key-wrapping.ts";
import { WalletKeys } from "./wallet-keys.ts";

const NOW = "2026-03-03T09:30:00.000Z" as Instant;
const ids = new UuidV7Generator();
const tenantId = ids.uuid<TenantId>();
const walletId = ids.uuid<WalletId>();
const tenantKey = randomBytes(32);
const keyring = { keyOf: (id: TenantId) => Promise.resolve(id === tenantId ? tenantKey : randomBytes(32)) };
const suites = NODE_SIGNATURE_SUITES;
const keys = new WalletKeys({ tenantId, keyring, suites, ids });
const place = { walletId, keyVersion: 1, algorithm: "ed25519" } as const;
const message = randomBytes(100);

describe.each(SUITE_IDS)("a wallet's key of %s", (algorithm) => {
  it("is what signs, and what the public key says", async () => {
    const key = await keys.generate({ ...place, algorithm }, NOW);
    const publicKey = Buffer.from(key.publicKey, "hex");
    expect(key).toMatchObject({
      ...place,
      algorithm,
      id: keyIdOf(algorithm, publicKey),
      createdAt: NOW,
      retiredAt: null,
    });
    const signer = await keys.signerOf(key);
    const signature = { algorithm, bytes: signer.sign(message) };
    expect(suites.verify({ algorithm, publicKey }, message, signature)).toBe(true);
    expect((await keys.generate({ ...place, algorithm }, NOW)).id).not.toBe(key.id);
  });

  it("opens at its own place only", async () => {
    const key = await keys.generate({ ...place, algorithm }, NOW);
    const elsewhere = [
      { ...key, walletId: ids.uuid<WalletId>() },
      { ...key, keyVersion: 2 },
      { ...key, id: "0".repeat(32) },
      { ...key, wrappedPrivateKey: `${key.wrappedPrivateKey.slice(0, -2)}AA` },
      { ...key, wrappedPrivateKey: "" },
    ];
    for (const moved of elsewhere) {
      await expect(keys.signerOf(moved)).rejects.toMatchObject({ code: "master_key_missing" });
    }
    const foreign = new WalletKeys({ tenantId: ids.uuid<TenantId>(), keyring, suites, ids });
    await expect(foreign.signerOf(key)).rejects.toMatchObject({ code: "master_key_missing" });
  });
});

describe("a wallet's key", () => {
  it("is bound to its tenant even where tenants have one key", async () => {
    const shared = { keyOf: () => Promise.resolve(tenantKey) };
    const foreign = new WalletKeys({ tenantId: ids.uuid<TenantId>(), keyring: shared, suites, ids });
    const key = await keys.generate(place, NOW);
    await expect(foreign.signerOf(key)).rejects.toMatchObject({ code: "master_key_missing" });
  });

  it("that opens as another one, or as none, is a violation", async () => {
    const key = await keys.generate(place, NOW);
    const purpose = `strongroom/wallet-key/v1/${tenantId}/${walletId}/${key.id}/1`;
    for (const bytes of [randomBytes(32), randomBytes(31)]) {
      const wrappedPrivateKey = wrapKey(bytes, { with: tenantKey, purpose, ids });
      await expect(keys.signerOf({ ...key, wrappedPrivateKey })).rejects.toMatchObject({ code: "integrity_violation" });
    }
  });

  it("is nowhere in memory of ours once it is wrapped, or a signer", async () => {
    const seen: Uint8Array[] = [];
    const suite = suites.find("ed25519");
    const watched = Object.assign(Object.create(SignatureSuites.prototype) as SignatureSuites, {
      find: () => ({
        generate() {
          const pair = suite?.generate();
          if (pair) seen.push(pair.privateKey);
          return pair;
        },
        signer(privateKey: Uint8Array) {
          seen.push(privateKey);
          return suite?.signer(privateKey);
        },
      }),
    });
    const watchedKeys = new WalletKeys({ tenantId, keyring, ids, suites: watched });
    const signer = await watchedKeys.signerOf(await watchedKeys.generate(place, NOW));
    expect(signer.sign(message)).toHaveLength(64);
    expect(seen).toHaveLength(2);
    for (const bytes of seen) expect([...bytes].every((byte) => byte === 0)).toBe(true);
  });
});
