import { encoded, encodedInteger, O, P } from "./naive-ed25519.ts";
import {
  base64url,
  type DocketPlan,
  otherS,
  signatureBy,
  signEd25519WithNeutral,
  type TestKey,
  type TransactionPlan,
} from "./naive-register-builder.ts";
import {
  docketAt,
  HASH,
  type HostileCase,
  SIGNATURE,
  sealed,
  transactionAt,
  WITHOUT_SUCCESSOR,
} from "./register-hostile-case.ts";
import { KEYS, keyChange } from "./register-sample.ts";

/* Cases of signatures and of when a key is valid, which those who hold the keys have sealed. */

type Forge = NonNullable<TransactionPlan["forge"]>;

/** Check 12. In docket 5 the clerk signs with Ed25519 at place 0, the successor with p256 at place 1. */
function formOfSignatureCases(): readonly HostileCase[] {
  const forged = (name: string, at: number, forge: Forge) =>
    sealed(
      { check: 12, name, expected: { 5: [SIGNATURE, at] } },
      transactionAt(5, at, () => ({ forge })),
    );
  const signers = (name: string, ...keys: TransactionPlan["signers"]) =>
    sealed(
      { check: 12, name, expected: { 5: [SIGNATURE, 2] } },
      transactionAt(5, 2, () => ({ signers: keys })),
    );
  const neutral =
    (r: Uint8Array): Forge =>
    ([own], message) => {
      return own ? [{ ...own, sig: base64url(signEd25519WithNeutral(KEYS.clerk.seed, message, r)) }] : [];
    };
  const other = Buffer.from("another message");
  return [
    forged("Ed25519: a signature of another message", 0, () => [signatureBy(KEYS.clerk, other)]),
    forged("p256: a signature of another message", 1, () => [signatureBy(KEYS.successor, other)]),
    forged("Ed25519: S + L in place of S", 0, (own) => own.map(otherS)),
    forged("p256: n - s in place of s", 1, (own) => own.map(otherS)),
    forged("Ed25519: R is the neutral element", 0, neutral(encoded(O))),
    forged("Ed25519: R is the neutral element with y = p + 1", 0, neutral(encodedInteger(P + 1n))),
    forged("ed25519 is called p256", 0, (own) => own.map((signature) => ({ ...signature, alg: "p256" }))),
    forged("p256 is called ed25519", 1, (own) => own.map((signature) => ({ ...signature, alg: "ed25519" }))),
    forged("the id without what stands before it", 0, (_, message) => [signatureBy(KEYS.clerk, message.subarray(-32))]),
    forged("a second signature of another message", 0, (own) => [...own, signatureBy(KEYS.writer, other)]),
    signers("an unknown key", KEYS.stranger),
    signers("an unknown key beside a known one", KEYS.writer, KEYS.stranger),
    signers("an ended key", KEYS.sealer),
    signers("a key that is not for transactions", KEYS.notary),
  ];
}

const name = (check: number, text: string, expected: HostileCase["expected"]) => ({ check, name: text, expected });
const bad = (key: TestKey) => signatureBy(key, Buffer.from("another message"));

/** When a key is valid: docket 1 adds the successor, docket 2 ends the sealer. */
function addCases(): readonly HostileCase[] {
  const { clerk, writer, successor } = KEYS;
  return [
    sealed(
      name(7, "a key seals the docket that adds it", { 1: [HASH], ...WITHOUT_SUCCESSOR }),
      docketAt(1, () => ({ sealer: successor })),
    ),
    sealed(
      name(12, "a key signs in the docket that adds it", { 1: [SIGNATURE, 4], ...WITHOUT_SUCCESSOR }),
      transactionAt(1, 4, () => ({ signers: [successor] })),
    ),
    sealed(
      name(12, "a wrong signature beside the transaction that adds a key", { 1: [SIGNATURE, 3], ...WITHOUT_SUCCESSOR }),
      transactionAt(1, 3, () => ({ forge: () => [bad(clerk)] })),
    ),
    sealed(
      name(12, "a wrong second signature of the transaction that adds a key", {
        1: [SIGNATURE, 1],
        ...WITHOUT_SUCCESSOR,
      }),
      transactionAt(1, 1, () => ({ forge: ([first]) => [...(first ? [first] : []), bad(writer)] })),
    ),
  ];
}

/** The same, of keys that end or that are known. */
function endCases(): readonly HostileCase[] {
  const { sealer, clerk, writer, successor } = KEYS;
  const rotation = (...keys: readonly unknown[]) => transactionAt(1, 1, () => keyChange(2, keys, [sealer, writer]));
  const sealerSigns = (height: number) => transactionAt(height, height === 2 ? 1 : 2, () => ({ signers: [sealer] }));
  const adding = { add: successor.record };
  const moreOfWriter = { add: { ...writer.record, purposes: ["docket", "tx"] } };
  const addingAgain = transactionAt(3, 2, () => keyChange(10, [{ add: sealer.record }], [clerk]));
  return [
    sealed(
      name(12, "a docket that fails ends no key", { 2: [SIGNATURE, 1] }),
      both(
        transactionAt(2, 1, () => ({ forge: () => [bad(writer)] })),
        sealerSigns(3),
        3,
      ),
    ),
    sealed(
      name(12, "a transaction with a wrong second signature ends no key", { 2: [SIGNATURE, 0] }),
      both(
        transactionAt(2, 0, () => ({ forge: ([first]) => [...(first ? [first] : []), bad(clerk)] })),
        sealerSigns(3),
        3,
      ),
    ),
    sealed(name(12, "valid: a key signs in the docket that ends it", {}), sealerSigns(2)),
    sealed(
      name(7, "a known key is added for more", { 5: [HASH] }),
      both(
        rotation(adding, moreOfWriter),
        docketAt(5, () => ({ sealer: writer })),
        5,
      ),
    ),
    sealed(name(12, "an ended key is added again", { 5: [SIGNATURE, 2] }), both(addingAgain, sealerSigns(5), 5)),
    sealed(
      name(7, "a key is added and ended at once", WITHOUT_SUCCESSOR),
      rotation(adding, { end: successor.record.keyId, reason: "revoked" }),
    ),
  ];
}

/** One plan below a height, another from there on. */
function both(first: readonly DocketPlan[], second: readonly DocketPlan[], from: number): readonly DocketPlan[] {
  return [...first.slice(0, from), ...second.slice(from)];
}

export function signatureCases(): readonly HostileCase[] {
  return [...formOfSignatureCases(), ...addCases(), ...endCases()];
}
