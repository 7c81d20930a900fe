import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildReceipt, logRootOf } from "../vectors/naive-receipt-builder.ts";
import { verifyReceipt } from "../vectors/naive-receipt-verifier.ts";
import { type BuiltRegister, buildRegister, type DocketPlan, frameBytes } from "../vectors/naive-register-builder.ts";
import { type Verdict, verifyRegister } from "../vectors/naive-register-verifier.ts";
import { alteredReceipt } from "../vectors/register-receipt-cases.ts";
import { textOfCase } from "../vectors/register-receipt-texts.ts";
import { CHARTER_OF_SAMPLE, event, KEYS, keyChange } from "../vectors/register-sample.ts";
import { applyEdits, computeRegisterVectors, readRegisterVectors } from "../vectors/register-vectors.ts";

/*
 * The second implementation of the register's formats, held against itself: registers of random plans are valid for
 * its verifier, and every verdict of the vectors, which are chosen by hand, is the one that it gives.
 */

const SEED = 20_261_130;
const RUNS = 15;
const { sealer, clerk, writer, notary, successor, stranger } = KEYS;

const vectors = readRegisterVectors();
const { registerId } = vectors;
const dockets = vectors.dockets.map(({ bytes }) => Buffer.from(bytes, "base64"));
const failing = ({ verdicts }: { readonly verdicts: readonly Verdict[] }) =>
  verdicts.filter(({ type }) => type !== undefined);

const signers = fc.shuffledSubarray([clerk, writer, successor, stranger], { minLength: 1 });

/** Dockets after one that adds the successor and the stranger, who seal them in turn. */
const plans = fc.array(fc.array(signers, { minLength: 1, maxLength: 3 }), { maxLength: 4 }).map((drawn) => {
  const genesis = { signers: [sealer], body: { type: "genesis", createdAt: 0, charter: CHARTER_OF_SAMPLE } };
  const adding = keyChange(1, [{ add: stranger.record }, { add: successor.record }], [clerk, writer]);
  const ending = keyChange(2, [{ end: sealer.record.keyId, reason: "revoked" }], [sealer]);
  const first: DocketPlan = { sealer, header: { epoch: "0", sealedAt: 0 }, transactions: [genesis, adding, ending] };
  const later = drawn.map((signed, at): DocketPlan => {
    const transactions = signed.map((keys, index) => event(10 * at + index, ...keys));
    const header = { epoch: String(at >> 1), sealedAt: at >> 1 };
    return { sealer: at % 2 === 0 ? successor : stranger, header, transactions };
  });
  return [first, ...later];
});

const checked = (property: fc.IProperty<[BuiltRegister, number]>) => fc.assert(property, { seed: SEED, numRuns: RUNS });
const registers = plans.map((plan) => buildRegister(CHARTER_OF_SAMPLE, plan));

describe("a register of a random plan", () => {
  it("is valid, with a checkpoint of any size and without", () => {
    checked(
      fc.property(registers, fc.nat(), (register, drawn) => {
        const size = drawn % (register.dockets.length + 1);
        const given = { registerId: register.registerId, dockets: register.dockets.map(frameBytes) };
        const checkpoint = { size: BigInt(size), root: logRootOf(register, size) };
        expect(failing(verifyRegister(given))).toEqual([]);
        expect(failing(verifyRegister({ ...given, checkpoint }))).toEqual([]);
      }),
    );
  });

  it("is not valid with any one bit turned", () => {
    checked(
      fc.property(registers, fc.nat(), (register, drawn) => {
        const bytes = register.dockets.map(frameBytes);
        const height = drawn % bytes.length;
        const at = drawn % (bytes[height]?.length ?? 1);
        const turned = bytes.map((one, place) =>
          place === height ? one.map((byte, i) => byte ^ Number(i === at)) : one,
        );
        expect(failing(verifyRegister({ registerId: register.registerId, dockets: turned }))).not.toEqual([]);
      }),
    );
  });

  it("gives receipts that are valid for who knows the register or the key of its checkpoints", () => {
    checked(
      fc.property(registers, fc.nat(), (register, drawn) => {
        const size = register.dockets.length;
        const height = drawn % size;
        const proof = { height, index: drawn % (register.dockets[height]?.records.length ?? 1) };
        const receipt = JSON.stringify(
          buildReceipt(register, { size, key: notary, proof, keys: [{ height: 0, index: 1 }] }),
        );
        const checkpointKey = Buffer.from(notary.record.publicKey, "hex");
        expect(verifyReceipt(receipt, { registerId: register.registerId })).toEqual({ valid: true, reason: "valid" });
        expect(verifyReceipt(receipt, { checkpointKey }).valid).toBe(true);
        expect(verifyReceipt(receipt, { checkpointKey: Buffer.from(clerk.record.publicKey, "hex") }).valid).toBe(false);
      }),
    );
  });
});

describe("the vectors of the register", () => {
  it("are what the builder makes", () => {
    expect(JSON.parse(JSON.stringify(computeRegisterVectors()))).toEqual(vectors);
  });

  it("are a valid register", () => {
    expect(failing(verifyRegister({ registerId, dockets }))).toEqual([]);
  });

  it("name every check and every type", () => {
    const types = vectors.hostile.flatMap(({ verdicts }) => verdicts.map(({ type }) => type));
    expect(new Set(vectors.hostile.map(({ check }) => check)).size).toBe(13);
    expect(new Set(types).size).toBe(5);
  });

  const hostile = vectors.hostile.map((vector) => [`${vector.check}: ${vector.name}`, vector] as const);
  it.each(hostile)("have the verdicts of check %s", (_, vector) => {
    const changed = applyEdits(dockets, vector);
    const rows = dockets.map((_bytes, height) => ({ agrees: !vector.disagreeing?.includes(height) }));
    const { size, root } = vector.checkpoint ?? vectors.logRoots.at(-1) ?? { size: "0", root: "" };
    const checkpoint = { size: BigInt(size), root: Buffer.from(root, "hex") };
    const given = { registerId, dockets: changed, rows };
    const withCheckpoint = vector.verdictsWithCheckpoint ?? vector.verdicts;
    expect(failing(verifyRegister(given))).toEqual(vector.verdicts);
    expect(failing(verifyRegister({ ...given, checkpoint }))).toEqual(withCheckpoint);
    const { charter } = vectors;
    expect(failing(verifyRegister({ ...given, charter }))).toEqual(vector.verdictsWithCharter ?? vector.verdicts);
    expect(failing(verifyRegister({ ...given, charter, checkpoint }))).toEqual(
      vector.verdictsWithCharter ?? withCheckpoint,
    );
  });

  it.each(vectors.receipts.map(({ name, receipt }) => [name, receipt] as const))(
    "have a valid receipt: %s",
    (_, receipt) => {
      const { registerId } = receipt;
      expect(verifyReceipt(JSON.stringify(receipt), { registerId })).toEqual({ valid: true, reason: "valid" });
    },
  );

  it.each(vectors.hostileReceipts.map((one) => [one.name, one] as const))(
    "have a receipt with a wrong %s",
    (_, one) => {
      const { receipt, registerId } = alteredReceipt(vectors.receipts, one);
      expect(verifyReceipt(JSON.stringify(receipt), { registerId }).valid).toBe(false);
    },
  );

  it.each(vectors.receiptTexts.map((one) => [one.name, one] as const))("have a receipt written with %s", (_, one) => {
    const { receipt } = vectors.receipts.find(({ name }) => name === one.receipt) ?? expect.fail("no receipt");
    const { registerId } = receipt;
    expect(verifyReceipt(textOfCase(receipt, one), { registerId }).valid).toBe(one.isValid);
  });
});
