import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import { decodeFrame, encodeFrame } from "../../src/register/ledger/docket-frame.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import type { TransactionDraft } from "../../src/register/sealing/assemble-docket.ts";
import { addVerifiedDocket } from "../../src/register/verified/register-append.ts";
import { getDocket, getDocketRange } from "../../src/register/verified/register-reads.ts";
import type { VerifiedRegister } from "../../src/register/verified/verified-register.ts";
import { eventDraft, type LedgerChain, ledgerOf, testKey, withDocket } from "../../src/testing/ledger-chain.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Vault } from "../../src/vault.ts";
import { type RegisterStorage, registerEngines, vaultOver } from "./register-engines.ts";

const next = testKey("added/next", ["docket", "tx"]);

const hexOf = (bytes: Uint8Array = new Uint8Array()) => Buffer.from(bytes).toString("hex");

/** A register that is sealed elsewhere, with its first dockets stored here. */
describe.each(registerEngines())("adding dockets on $name", (engine) => {
  let storage: RegisterStorage;
  let vault: Vault;
  let tenantId: TenantId;
  let register: VerifiedRegister;
  let chain: LedgerChain;
  let chains = 0;

  beforeAll(async () => {
    storage = await engine.open();
    vault = await vaultOver(storage, { clock: new ManualClock() });
  });
  afterAll(async () => {
    await vault[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    ({
      tenant: { id: tenantId },
    } = await vault.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" }));
    chain = ledgerOf(`added/${++chains}`, [1, 2]);
    const log = storage.cold.log(DOCKETS, tenantId, chain.registerId);
    for (const { height, bytes, sealedAt } of chain.dockets) {
      await log.append(bytes, { expectedSequence: height, sealedAt: new Date(sealedAt).toISOString() as never });
    }
    const { register: store } = storage.stores.forTenant(tenantId);
    await store.init({ registerId: chain.registerId, kind: "replica", createdAt: vault.clock.now() });
    register = await vault.tenant(tenantId).register.open();
    await register.whenVerified();
  });

  const docketOf = (made: LedgerChain, height: number) => made.dockets[height]?.bytes ?? new Uint8Array();
  const grown = (drafts: readonly TransactionDraft[], signer = chain.signer) =>
    docketOf(withDocket(chain, drafts, signer), 2);
  const refusals = async () => {
    const { items } = await vault.tenant(tenantId).audit.list({}, { limit: 100, cursor: undefined });
    return items.filter(({ eventType }) => /^register_(docket_refused|fork_detected)$/.test(eventType));
  };

  /** Refused with these reasons, told in the journal, and without effect. */
  async function expectRefused(bytes: Uint8Array, expected: object): Promise<void> {
    const before = register.getVerifiedHeight();
    expect(await addVerifiedDocket(register, bytes)).toMatchObject({ isValid: false, ...expected });
    expect(register.getVerifiedHeight()).toEqual(before);
    expect(await refusals()).toHaveLength(1);
    expect(register.getOperationalState().state).toBe("Healthy");
  }

  it("takes the next one, serves it at once, and takes it again without effect", async () => {
    const bytes = grown([eventDraft("next")]);
    expect(await addVerifiedDocket(register, bytes)).toEqual({ isValid: true, isNew: true });
    expect(await addVerifiedDocket(register, bytes)).toEqual({ isValid: true, isNew: false });
    expect(hexOf((await getDocket(register, 2n))?.bytes)).toBe(hexOf(bytes));
    expect(register.getVerifiedHeight()).toMatchObject({ verifiedCount: 3n, contiguousHeight: 2n, highestHeight: 2n });
    expect(await refusals()).toEqual([]);
    expect(await vault.tenant(tenantId).register.verify()).toMatchObject({ isFullyVerified: true });
  });

  it("takes one of many that are added at once", async () => {
    const bytes = grown([eventDraft("many")]);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => addVerifiedDocket(register, bytes)));
    expect(outcomes.filter((outcome) => outcome.isValid && outcome.isNew)).toHaveLength(1);
    expect(outcomes.every(({ isValid }) => isValid)).toBe(true);
  });

  it("refuses another docket at a height that has one, and sounds the alarm", async () => {
    const other = withDocket({ ...chain, ...rewound(chain, 1) }, [eventDraft("fork")]);
    await expectRefused(docketOf(other, 1), { code: "fork" });
    expect(await refusals()).toMatchObject([{ eventType: "register_fork_detected", eventData: { height: "1" } }]);
    expect(hexOf((await getDocket(register, 1n))?.bytes)).toBe(hexOf(docketOf(chain, 1)));
  });

  it("refuses one that leaves a gap", async () => {
    const far = withDocket(withDocket(chain, [eventDraft("2")]), [eventDraft("3")]);
    await expectRefused(docketOf(far, 3), { code: "gap" });
  });

  it("refuses a signature that is not valid, naming the transaction", async () => {
    const made = withDocket(chain, [eventDraft("good"), eventDraft("bad")]);
    const frame = decodeFrame(docketOf(made, 2));
    if (!frame) throw new Error("unreachable");
    const records = frame.records.map((record, at) => (at === 1 ? withOtherSignature(record) : record));
    await expectRefused(encodeFrame({ ...frame, records }), {
      code: "not_valid",
      corruptionType: "InvalidDocketHash",
      invalidTransactions: [{ txId: made.dockets[2]?.txIds[1], problem: "signature_invalid" }],
    });
    expect(await refusals()).toMatchObject([
      { eventData: { code: "not_valid", transactions: [{ problem: "signature_invalid" }] } },
    ]);
  });

  it("refuses a key that nobody has made known", async () => {
    const unknown = { code: "not_valid", invalidTransactions: [{ problem: "key_unknown" }] };
    await expectRefused(grown([eventDraft("unknown")], next), unknown);
  });

  it("refuses a key for what it is not for", async () => {
    const other = { code: "not_valid", invalidTransactions: [{ problem: "key_purpose" }] };
    await expectRefused(grown([eventDraft("purpose")], chain.checkpointKey), other);
  });

  it.each(["retired", "revoked"] as const)("refuses a key that was %s", async (reason) => {
    const keys = [{ add: next.record }, { end: chain.signer.keyId, reason }] as never;
    const rotated = withDocket(chain, [eventDraft("rotation", { type: "key", keys })]);
    expect(await addVerifiedDocket(register, docketOf(rotated, 2))).toMatchObject({ isValid: true });
    const late = withDocket(rotated, [eventDraft("late")]);
    await expectRefused(docketOf(late, 3), { code: "not_valid", invalidTransactions: [{ problem: `key_${reason}` }] });
    const byNext = withDocket(rotated, [eventDraft("in time")], next);
    expect(await addVerifiedDocket(register, docketOf(byNext, 3))).toMatchObject({ isValid: true });
  });

  it("refuses a docket of another register, however well it is sealed", async () => {
    const foreign = withDocket(ledgerOf("foreign", [1, 2]), [eventDraft("foreign")]);
    await expectRefused(docketOf(foreign, 2), {
      code: "not_valid",
      corruptionType: "MalformedData",
      invalidTransactions: [{ problem: "wrong_register" }],
    });
  });

  it("refuses a transaction that names another one before it than there is", async () => {
    const early = chain.dockets[0]?.txIds[0];
    const reused = withDocket({ ...chain, state: { ...chain.state, lastTxId: early } }, [eventDraft("reused")]);
    await expectRefused(docketOf(reused, 2), { code: "not_valid", corruptionType: "BrokenChainLink" });
  });

  it("refuses a transaction that is too large", async () => {
    const parents = Array.from({ length: 64 }, () => "ab".repeat(32));
    const actor = { type: "x".repeat(64) };
    const large = withDocket(chain, [eventDraft("large", { parents, actor })]);
    expect(await addVerifiedDocket(register, docketOf(large, 2))).toMatchObject({ isValid: true });
    const frame = decodeFrame(docketOf(withDocket(large, [eventDraft("too large")]), 3));
    if (!frame) throw new Error("unreachable");
    const beyond = encodeFrame({ ...frame, records: frame.records.map(() => new Uint8Array(65_537)) });
    expect(await addVerifiedDocket(register, beyond)).toMatchObject({
      code: "not_valid",
      invalidTransactions: [{ problem: "too_large" }],
    });
  });

  it("refuses bytes that are no docket", async () => {
    await expectRefused(new Uint8Array(100), { code: "not_valid", corruptionType: "MalformedData" });
  });

  it("gives ranges in order, and nothing beyond the head or for a start after its end", async () => {
    expect((await getDocketRange(register, 0n, 99n)).dockets.map(({ height }) => height)).toEqual([0n, 1n]);
    expect(await getDocketRange(register, 1n, 0n)).toEqual({ dockets: [], complete: true, gaps: [] });
  });
});

/** The register as it was before a height. */
function rewound(chain: LedgerChain, height: number): Pick<LedgerChain, "dockets" | "state"> {
  const before = chain.dockets.slice(0, height);
  const state = before.at(-1)?.state;
  if (!state) throw new Error("unreachable");
  return { dockets: before, state };
}

function withOtherSignature(record: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(record);
  return new TextEncoder().encode(text.replace(/"sig":"./, (sig) => (sig.endsWith("A") ? '"sig":"B' : '"sig":"A')));
}
