import { buildRegister, otherS, signatureBy } from "./naive-register-builder.ts";
import type { Frame } from "./naive-register-frame.ts";
import { signedMessage } from "./naive-register-keys.ts";
import { canonical, hexOf, naiveHash, type Signature, type Transaction } from "./naive-register-records.ts";
import {
  damaged,
  frameAt,
  HASH,
  type HostileCase,
  headerAt,
  LINK,
  MALFORMED,
  MISSING,
  OTHER_REGISTER,
  replaced,
  SAMPLE,
  turned,
  withDocket,
} from "./register-hostile-case.ts";
import { CHARTER_OF_SAMPLE, KEYS } from "./register-sample.ts";

/* Cases of somebody who can write the bytes and has no key, for checks 6 to 11. */

type Expected = HostileCase["expected"];
type Change = (frame: Frame) => Partial<Frame>;

/** Check 6, and 7 and 8 where the header itself is another. */
function hashCases(): readonly HostileCase[] {
  const [broken, alone] = [{ 4: [HASH], 5: [LINK] }, { 4: [HASH] }] as const;
  const at4 = (name: string, expected: Expected, change: Change) =>
    damaged({ check: 6, name, expected, trusted: alone }, frameAt(4, change));
  const hash: Change = (frame) => ({ hash: turned(frame.hash, 0) });
  const header = (from: string | RegExp, to: string): Change => {
    return (frame) => ({ header: replaced(frame.header, from, to) });
  };
  const hashedAgain: Change = (frame) => {
    const changed = replaced(frame.header, /"sealedAt":(\d+)0/, '"sealedAt":$11');
    return { header: changed, hash: naiveHash("docket", changed) };
  };
  const fork = buildRegister(CHARTER_OF_SAMPLE, headerAt(3, { sealedAt: 1767225840001 })).dockets[3];
  return [
    at4("the hash is changed", broken, hash),
    at4("the header is changed", alone, header(/"sealedAt":(\d+)0/, '"sealedAt":$11')),
    at4("the epoch is raised", alone, header('"epoch":"3"', '"epoch":"9"')),
    damaged(
      { check: 6, name: "the hash is changed above a smaller checkpoint", expected: broken, size: 4 },
      frameAt(4, hash),
    ),
    damaged(
      {
        check: 6,
        name: "the hash is changed below a smaller checkpoint",
        expected: { 2: [HASH], 3: [LINK], 4: [LINK], 5: [LINK] },
        trusted: { 2: [HASH] },
        size: 4,
      },
      frameAt(2, hash),
    ),
    damaged(
      {
        check: 7,
        name: "the header is changed and hashed again",
        expected: { 3: [HASH], 4: [LINK], 5: [LINK] },
        trusted: { 3: [HASH] },
      },
      frameAt(3, hashedAgain),
    ),
    damaged(
      {
        check: 8,
        name: "another docket that the same key sealed for the same height",
        expected: { 4: [LINK], 5: [LINK] },
        trusted: OTHER_REGISTER,
      },
      withDocket(3, fork),
    ),
    ...forkCases(fork),
  ];
}

/** Check 8, where what is there is not the register of the checkpoint, or cannot be told from another. */
function forkCases(fork: Frame | undefined): readonly HostileCase[] {
  const unreadable: Change = ({ header, hash }) => ({
    header: replaced(header, '"v":1', '"v":2'),
    hash: turned(hash, 0),
  });
  const unsealed: Change = ({ seal }) => ({ seal: replaced(seal, /"sig":".{4}/, '"sig":"AAAA') });
  const changedAt = (changes: Readonly<Record<number, Change>>) =>
    SAMPLE.dockets.map((frame, at) => ({ ...frame, ...changes[at]?.(frame) }));
  const others = buildRegister(CHARTER_OF_SAMPLE, headerAt(5, { sealedAt: 1767225960001 }));
  const early = buildRegister(CHARTER_OF_SAMPLE, headerAt(2, { sealedAt: 1767225780001 }));
  const of = (check: number, name: string, expected: Expected) => ({
    check,
    name,
    expected,
    trusted: { ...OTHER_REGISTER, ...expected },
  });
  const noHash = { 4: [MALFORMED], 5: [HASH] } as const;
  return [
    { ...damaged(of(8, "valid: a fork at the last docket", {}), SAMPLE.dockets), log: others },
    {
      ...damaged({ ...of(8, "valid: a fork below a smaller checkpoint", {}), size: 4 }, SAMPLE.dockets),
      log: early,
    },
    {
      ...damaged(of(1, "a missing docket before a fork", { 4: [MISSING] }), withDocket(4, undefined)),
      log: others,
    },
    damaged(
      of(6, "the seal and the hash of the last docket", { 5: [HASH] }),
      changedAt({ 5: (frame) => ({ ...unsealed(frame), hash: turned(frame.hash, 0) }) }),
    ),
    damaged(
      of(4, "the header and the hash of a docket, and the seal of the next", noHash),
      changedAt({ 4: unreadable, 5: unsealed }),
    ),
    damaged(
      of(8, "another docket and a missing one after it", { 4: [MISSING], 5: [LINK] }),
      withDocket(3, fork).with(4, undefined),
    ),
  ];
}

/** Check 7. Docket 2 is sealed with Ed25519, docket 4 with p256. */
function sealCases(): readonly HostileCase[] {
  const forged = (name: string, height: 2 | 4, forge: (seal: Signature, message: Uint8Array) => Signature) =>
    damaged(
      { check: 7, name, expected: { [height]: [HASH] } },
      frameAt(height, (frame) => {
        return { seal: canonical(forge(sealIn(frame), signedMessage("docket", frame.hash))) };
      }),
    );
  const [, , , three] = SAMPLE.dockets;
  const halves = (r: number, s: number) => Buffer.alloc(64, s).fill(r, 0, 32).toString("base64url");
  return [
    forged("the seal of the docket before", 4, (own) => (three ? sealIn(three) : own)),
    forged("a seal by a stranger under the proposer's name", 2, (own, message) => {
      return { ...own, sig: signatureBy(KEYS.stranger, message).sig };
    }),
    forged("a seal by another key than the proposer", 2, (_, message) => signatureBy(KEYS.clerk, message)),
    forged("a seal with another prefix", 2, (_, message) => {
      return signatureBy(KEYS.sealer, signedMessage("tx", message.subarray(-32)));
    }),
    forged("seal: p256 is called ed25519", 4, (own) => ({ ...own, alg: "ed25519" })),
    forged("seal: ed25519 is called p256", 2, (own) => ({ ...own, alg: "p256" })),
    forged("seal: p256 with n - s in place of s", 4, otherS),
    forged("seal: Ed25519 with S + L in place of S", 2, otherS),
    forged("seal: p256 with r = 0", 4, (own) => ({ ...own, sig: halves(0, 1) })),
    forged("seal: p256 with s = 0", 4, (own) => ({ ...own, sig: halves(1, 0) })),
  ];
}

function sealIn(frame: Frame): Signature {
  return JSON.parse(Buffer.from(frame.seal).toString()) as Signature;
}

const inDocket3 = (naming: Pick<HostileCase, "check" | "name" | "expected">, change: Change) =>
  damaged(naming, frameAt(3, change));

/** Checks 9 and 10, of which transactions there are and in which order. */
function orderCases(): readonly HostileCase[] {
  const without = <T>(items: readonly T[], place: number) => items.filter((_, at) => at !== place);
  const order = (...places: readonly number[]): Change => {
    const pick = <T>(items: readonly T[]) => places.flatMap((at) => items[at] ?? []);
    return ({ ids, records }) => ({ ids: pick(ids), records: pick(records) });
  };
  const count = (name: string, expected: Expected) => ({ check: 9, name, expected });
  const root = (name: string, expected: Expected) => ({ check: 10, name, expected });
  const last = hexOf(SAMPLE.dockets[3]?.ids[2] ?? Buffer.of());
  return [
    inDocket3(count("the last record is dropped", { 3: [MISSING] }), ({ records }) => ({
      records: without(records, 2),
    })),
    inDocket3(count("the first record is dropped", { 3: [MISSING, 0, 1] }), ({ records }) => {
      return { records: without(records, 0) };
    }),
    inDocket3(count("the last id is dropped", { 3: [MISSING, last] }), ({ ids }) => ({ ids: without(ids, 2) })),
    inDocket3(count("every transaction is dropped", { 3: [MISSING] }), order()),
    inDocket3(count("a transaction is dropped", { 3: [MISSING] }), order(0, 2)),
    inDocket3(count("a transaction is there twice", { 3: [MISSING] }), order(0, 1, 1, 2)),
    inDocket3(root("two transactions change places", { 3: [HASH] }), order(1, 0, 2)),
    inDocket3(root("the last two transactions change places", { 3: [HASH] }), order(0, 2, 1)),
  ];
}

/** Checks 10 and 11, of one transaction. */
function contentCases(): readonly HostileCase[] {
  const changed = (name: string, change: (record: Uint8Array) => Buffer) =>
    inDocket3({ check: 10, name, expected: { 3: [HASH, 1] } }, ({ records }) => ({ records: second(records, change) }));
  const second = (items: readonly Uint8Array[], change: (item: Uint8Array) => Uint8Array) =>
    items.map((item, at) => (at === 1 ? change(item) : item));
  const altered = (record: Uint8Array) => replaced(record, '"type":"system"', '"type":"nobody"');
  const idOf = (record: Uint8Array) => {
    return naiveHash("tx", canonical((JSON.parse(Buffer.from(record).toString()) as Transaction).body));
  };
  const relisted = (place: number): Change => {
    return ({ ids }) => ({ ids: ids.map((id, at) => (at === place ? turned(id, 0) : id)) });
  };
  return [
    changed("a signature is changed", (record) => replaced(record, /"sig":".{4}/, '"sig":"AAAA')),
    changed("a body is changed", altered),
    changed("a record is empty", () => Buffer.of()),
    changed("a record is over 64 KiB", (record) => Buffer.concat([record, Buffer.alloc(65_536, " ")])),
    inDocket3({ check: 9, name: "a record more that is none, without an id", expected: { 3: [MISSING] } }, (frame) => ({
      records: [...frame.records, Buffer.of(0)],
    })),
    inDocket3(
      { check: 10, name: "a body is changed and its id too", expected: { 3: [HASH, 1] } },
      ({ ids, records }) => ({
        records: second(records, altered),
        ids: second(ids, () => idOf(altered(records[1] ?? Buffer.of()))),
      }),
    ),
    inDocket3({ check: 11, name: "the list has another id", expected: { 3: [MALFORMED, 1] } }, relisted(1)),
    inDocket3({ check: 11, name: "the list ends with another id", expected: { 3: [MALFORMED, 2] } }, relisted(2)),
  ];
}

export function tamperedCases(): readonly HostileCase[] {
  return [...hashCases(), ...sealCases(), ...orderCases(), ...contentCases()];
}
