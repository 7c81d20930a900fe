import { decoded, encodedInteger, P } from "./naive-ed25519.ts";
import type { DocketPlan, TransactionPlan } from "./naive-register-builder.ts";
import { hexOf, naiveKeyId, naiveRegisterId, type Signature } from "./naive-register-records.ts";
import {
  bodyAt,
  docketAt,
  type Expected,
  HASH,
  type HostileCase,
  headerAt,
  LINK,
  MALFORMED,
  MISSING,
  SAMPLE,
  sealed,
  transactionAt,
  withoutKeys,
} from "./register-hostile-case.ts";
import { CHARTER_OF_SAMPLE, KEYS, keyChange, OTHER_CHARTER, planOf } from "./register-sample.ts";

/* Cases of those who hold the keys and seal what is wrong, of checks 4 to 11 and 13, by the check that fails first. */

const ZEROS = "0".repeat(64);
/** No x has y = 2. */
const NO_ED25519_POINT = encodedInteger(2n);
const YEAR_10000 = 253_402_300_800_000;

/** Checks 4, 5, 7, 9 and 10. */
function headerCases(): readonly HostileCase[] {
  const other = naiveRegisterId(OTHER_CHARTER);
  const at5 = (check: number, name: string, expected: Expected) => ({ check, name, expected: { 5: expected } });
  return [
    sealed(at5(4, "no hash of the docket before", [MALFORMED]), headerAt(5, { prevDocketHash: undefined })),
    sealed(
      { check: 4, name: "the first docket has a docket before it", expected: { 0: [MALFORMED] } },
      headerAt(0, { prevDocketHash: ZEROS }),
    ),
    sealed(at5(4, "an instant after the year 9999", [MALFORMED]), headerAt(5, { sealedAt: YEAR_10000 })),
    sealed(
      { check: 4, name: "valid: the last instant of the year 9999", expected: {} },
      headerAt(5, { sealedAt: YEAR_10000 - 1 }),
    ),
    sealed(at5(5, "a header of another register", [MALFORMED]), headerAt(5, { registerId: other })),
    sealed(at5(5, "a header of the height before", [MALFORMED]), headerAt(5, { height: "4" })),
    sealed(
      at5(7, "sealed by a key that is not for dockets", [HASH]),
      docketAt(5, () => ({ sealer: KEYS.writer })),
    ),
    sealed(
      at5(7, "sealed by an unknown key", [HASH]),
      docketAt(5, () => ({ sealer: KEYS.stranger })),
    ),
    sealed(
      at5(7, "sealed by an ended key", [HASH]),
      docketAt(5, () => ({ sealer: KEYS.sealer })),
    ),
    sealed(at5(7, "the proposer is not who sealed it", [HASH]), headerAt(5, { proposer: KEYS.sealer.record.keyId })),
    sealed(at5(9, "a header that counts one transaction more", [MISSING]), headerAt(5, { txCount: 4 })),
    sealed(at5(10, "a header with another root of its transactions", [HASH]), headerAt(5, { txRoot: ZEROS })),
  ];
}

/** Check 8, which is not made below a trusted checkpoint. */
function chainCases(): readonly HostileCase[] {
  const broken = (check: number, name: string, from: number) => {
    const expected = Object.fromEntries([0, 1, 2, 3, 4, 5].slice(from).map((height) => [height, [LINK]] as const));
    return { check, name, expected, trusted: {} };
  };
  const at4 = (name: string, members: DocketPlan["header"]) => sealed(broken(8, name, 4), headerAt(4, members));
  const wrongRoots = { logRoot: ZEROS, txRoot: ZEROS };
  const lower = sealed(
    {
      check: 8,
      name: "a lower epoch after a missing docket",
      expected: { 4: [MISSING], 5: [LINK] },
      trusted: { 4: [MISSING] },
    },
    headerAt(5, { epoch: "2" }),
  );
  return [
    at4("another hash of the docket before", { prevDocketHash: ZEROS }),
    at4("another root of the log", { logRoot: ZEROS }),
    at4("a lower epoch", { epoch: "2" }),
    at4("an earlier instant", { sealedAt: 1767225600001 }),
    { ...lower, dockets: lower.dockets.with(4, undefined) },
    sealed(broken(8, "a broken docket still adds a key", 1), headerAt(1, { logRoot: ZEROS })),
    sealed(
      { ...broken(8, "another root of the log and of the transactions", 4), trusted: { 4: [HASH] } },
      headerAt(4, wrongRoots),
    ),
    sealed(
      {
        check: 8,
        name: "another root of the log, and in the next docket also of the transactions",
        expected: { 3: [LINK], 4: [HASH], 5: [LINK] },
        trusted: { 4: [HASH] },
      },
      [...headerAt(3, { logRoot: ZEROS }).slice(0, 4), ...headerAt(4, wrongRoots).slice(4)],
    ),
  ];
}

/** Check 11, of the record's bytes and of its members. */
function recordCases(): readonly HostileCase[] {
  const last = (name: string) =>
    ({ check: 11, name: `transaction: ${name}`, expected: { 5: [MALFORMED, 2] } }) as const;
  const bytes = (name: string, from: string | RegExp, to: string) =>
    sealed(
      last(name),
      transactionAt(5, 2, () => ({ rewrite: (record) => record.replace(from, to) })),
    );
  const body = (name: string, members: TransactionPlan["body"]) => sealed(last(name), bodyAt(5, 2, members));
  const signed = (name: string, forge: NonNullable<TransactionPlan["forge"]>) =>
    sealed(
      last(name),
      transactionAt(5, 2, () => ({ forge })),
    );
  const genesis = { eventId: undefined, eventType: undefined, commitment: undefined, actor: undefined };
  const last9999 = { value: `${"A".repeat(42)}E`, createdAt: YEAR_10000 - 1 };
  return [
    bytes("a space", ",", ", "),
    bytes("a byte order mark", /^/, "\ufeff"),
    bytes("a member twice", '"v":1', '"v":1,"v":1'),
    bytes("members in another order", /("eventId":"[^"]*"),("eventType":"[^"]*")/, "$2,$1"),
    bytes("an escape that need not be", "fact_written", "\\u0066act_written"),
    bytes("an exponent", /"createdAt":(\d+)000/, '"createdAt":$1e3'),
    bytes("minus zero", /"createdAt":\d+/, '"createdAt":-0'),
    bytes("a fraction", /"createdAt":\d+/, '"createdAt":1.5'),
    bytes("a null", '"v":1', '"subject":null,"v":1'),
    bytes("a number beyond 2^53 - 1", /"createdAt":\d+/, '"createdAt":9007199254740992'),
    bytes("a lone surrogate", '"type":"system"', '"type":"\\ud800"'),
    bytes("bytes that are not JSON", "{", ""),
    bytes("over 64 KiB", /$/, " ".repeat(65_536)),
    sealed({ check: 11, name: "valid: a value and the last instant", expected: {} }, bodyAt(5, 2, last9999)),
    body("another member", { note: "x" }),
    body("a member named __proto__", { ["__proto__"]: "x" }),
    body("an instant before 1970", { createdAt: -1 }),
    body("an instant after the year 9999", { createdAt: YEAR_10000 }),
    body("no event id", { eventId: undefined }),
    body("an event id that is no UUID", { eventId: "12" }),
    body("an event type of another alphabet", { eventType: "Fact" }),
    body("a space in the actor", { actor: { type: "the system" } }),
    body("an empty list of parents", { parents: [] }),
    body("a value of another length", { value: "A".repeat(42) }),
    body("a value with other bits left over", { value: `${"A".repeat(42)}B` }),
    body("keys in an event", { keys: [{ end: KEYS.clerk.record.keyId, reason: "retired" }] }),
    body("a charter in an event", { charter: CHARTER_OF_SAMPLE }),
    body("no keys where keys change", { type: "key" }),
    body("of another register", { registerId: naiveRegisterId(OTHER_CHARTER) }),
    body("another sender than the first who signed", { sender: KEYS.clerk.record.keyId }),
    body("genesis again", { ...genesis, type: "genesis", charter: CHARTER_OF_SAMPLE }),
    signed("no signatures", () => []),
    signed("a key that signs twice", (signatures) => [...signatures, ...signatures]),
    signed("a signature with another member", (signatures) => {
      return signatures.map((signature) => ({ ...signature, at: 1 }) as Signature);
    }),
  ];
}

/** Check 11, of what a transaction says of keys. */
function keyCases(): readonly HostileCase[] {
  const changes = (name: string, ...keys: readonly unknown[]) => {
    const plan = keyChange(14, keys, [KEYS.writer]);
    const expected = { 5: [MALFORMED, 2] } as const;
    return sealed(
      { check: 11, name: `keys: ${name}`, expected },
      transactionAt(5, 2, () => plan),
    );
  };
  const add = (name: string, key: object) => changes(name, { add: key });
  const { record } = KEYS.stranger;
  const ed25519 = (point: Uint8Array) => ({ ...record, publicKey: hexOf(point), keyId: naiveKeyId("ed25519", point) });
  const onCurve = [2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n].find((y) => decoded(encodedInteger(y))) ?? 0n;
  const noPoint = Buffer.from(`02${"ff".repeat(32)}`, "hex");
  return [
    add("the id of another key", { ...record, keyId: KEYS.clerk.record.keyId }),
    add("an Ed25519 key that is no point", ed25519(NO_ED25519_POINT)),
    add("an Ed25519 key that is no point, with the sign bit", ed25519(NO_ED25519_POINT.with(31, 0x80))),
    add("an Ed25519 key of small order", ed25519(encodedInteger(1n))),
    add("an Ed25519 key with y = p + y'", ed25519(encodedInteger(P + onCurve))),
    add("a p256 key that is no point", {
      ...record,
      alg: "p256",
      publicKey: hexOf(noPoint),
      keyId: naiveKeyId("p256", noPoint),
    }),
    add("no purpose", { ...record, purposes: [] }),
    add("purposes in another order", { ...record, purposes: ["tx", "docket"] }),
    add("an unknown purpose", { ...record, purposes: ["root"] }),
    changes("an end without a reason", { end: KEYS.clerk.record.keyId }),
    changes("an end for another reason", { end: KEYS.clerk.record.keyId, reason: "lost" }),
    changes("no changes"),
  ];
}

/** Check 11 at the start of the register, without which no key is known: check 7 fails first. */
function genesisCases(): readonly HostileCase[] {
  const start = (name: string, chartered: HostileCase["expected"]) => ({
    check: 7,
    name,
    expected: withoutKeys(0),
    chartered,
  });
  const [genesis, first] = planOf(CHARTER_OF_SAMPLE)[0]?.transactions ?? [];
  return [
    sealed(
      start("genesis is the second transaction", { 0: [MALFORMED, 0, 1] }),
      docketAt(0, () => ({ transactions: [first, genesis].flatMap((one) => one ?? []) })),
    ),
    sealed(start("the charter of another register", { 0: [MALFORMED, 0] }), bodyAt(0, 0, { charter: OTHER_CHARTER })),
  ];
}

/** Check 13, which is not made below a trusted checkpoint. */
function orderCases(): readonly HostileCase[] {
  const order = (name: string, expected: HostileCase["expected"]) => ({ check: 13, name, expected, trusted: {} });
  const all = { 1: [LINK], 2: [LINK], 3: [LINK], 4: [LINK], 5: [LINK] } as const;
  const before = hexOf(SAMPLE.dockets[5]?.ids[0] ?? Buffer.of());
  const brokenThenMalformed = [...bodyAt(3, 0, { prevTxId: before }).slice(0, 5), ...bodyAt(5, 2, { v: 2 }).slice(5)];
  return [
    sealed(order("a transaction before that another has too", { 5: [LINK] }), bodyAt(5, 2, { prevTxId: before })),
    sealed(order("no transaction before", { 5: [LINK] }), bodyAt(5, 1, { prevTxId: undefined })),
    sealed(order("the first of a docket names another", { 4: [LINK], 5: [LINK] }), bodyAt(4, 0, { prevTxId: before })),
    sealed(order("the very first has one before it", { 0: [LINK], ...all }), bodyAt(0, 0, { prevTxId: before })),
    sealed(
      {
        ...order("a broken docket, then one that is malformed", { 3: [LINK], 4: [LINK], 5: [MALFORMED, 2] }),
        trusted: { 5: [MALFORMED, 2] },
      },
      brokenThenMalformed,
    ),
  ];
}

export function sealedCases(): readonly HostileCase[] {
  return [...headerCases(), ...chainCases(), ...recordCases(), ...keyCases(), ...genesisCases(), ...orderCases()];
}
