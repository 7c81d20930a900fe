import { describe, expect, it } from "vitest";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { eventDraft, type LedgerChain, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { rootOf } from "../merkle/frontier.ts";
import { assembleDocket } from "../sealing/assemble-docket.ts";
import { type ChainState, stateOfCharter } from "./chain-state.ts";
import { ChainVerifier, type ChainVerifierOptions } from "./chain-verifier.ts";
import type { DocketProblem } from "./corruption.ts";
import { type Examination, examineDocket } from "./examine-docket.ts";
import { leafOf } from "./log-tree.ts";

const next = testKey("steps/next", ["docket", "tx"], "p256");
const chain = rotated();
const start = stateOfCharter(chain.registerId, chain.charter);
const states = [start, ...chain.dockets.map(({ state }) => state)];

/** Dockets from 2 on are signed by the key that docket 1 adds. */
function rotated(): LedgerChain {
  const begun = ledgerOf("steps", [1]);
  const rotation = eventDraft("rotation", { type: "key", keys: [{ add: next.record }] as never });
  const events = ["a", "b", "c"].map((name) => eventDraft(name));
  return events.reduce((grown, event) => withDocket(grown, [event], next), withDocket(begun, [rotation]));
}

function examined(verifier: ChainVerifier, bytes: Uint8Array = new Uint8Array()): Examination {
  const context = { registerId: chain.registerId, height: verifier.next, keys: verifier.keys };
  return examineDocket(bytes, { ...context, suites: NODE_SIGNATURE_SUITES });
}

function resumed(from: number, bytes: readonly Uint8Array[], options: Partial<ChainVerifierOptions> = {}) {
  const verifier = new ChainVerifier({ start: states[from] as ChainState, ...options });
  const problems = bytes.map((docket) => verifier.add(examined(verifier, docket))?.check);
  return { problems, ...verifier.verdict() };
}

const bytesFrom = (height: number): Uint8Array[] => chain.dockets.slice(height).map(({ bytes }) => bytes);
const trustedAt = (...sizes: number[]) =>
  sizes.map((size) => ({ size: BigInt(size), root: rootOf((states[size] as ChainState).frontier) }));
const HEIGHTS = chain.dockets.map((_, height) => height);

describe("a verification that goes on where another one was", () => {
  it.each(HEIGHTS)("comes to the same from height %i on", (from) => {
    const { problems, ranges, sound, size } = resumed(from, bytesFrom(from));
    expect({ problems: problems.filter(Boolean), ranges, size }).toEqual({ problems: [], ranges: [], size: 5n });
    expect(sound).toEqual(chain.state);
  });

  it.each(HEIGHTS)("is where it was at height %i until it is told more", (from) => {
    expect(resumed(from, []).sound).toBe(states[from]);
    const bad = resumed(from, [new Uint8Array()]);
    expect(bad.problems).toEqual(["frame"]);
    expect(bad.sound).toBe(states[from]);
    expect(bad.ranges).toMatchObject([{ start: BigInt(from), end: BigInt(from), type: "MalformedData" }]);
  });

  it("asks nothing of trusted logs that it is beyond already", () => {
    const wrong = { size: 2n, root: new Uint8Array(32) };
    expect(resumed(2, bytesFrom(2), { trusted: [wrong] })).toMatchObject({ trust: "none", ranges: [] });
    expect(resumed(2, bytesFrom(2), { trusted: [wrong, ...trustedAt(4)] })).toMatchObject({ trust: "proven" });
    expect(resumed(1, bytesFrom(1), { trusted: [wrong] })).toMatchObject({
      trust: "disproved",
      sound: states[1],
      ranges: [{ start: 1n, end: 4n, type: "BrokenChainLink" }],
    });
  });

  it.each([
    ["another hash of the docket before", { framedHash: "0".repeat(64) }, "link"],
    ["another last transaction", { lastTxId: "0".repeat(64) }, "order"],
    ["a later docket before it", { lastSealed: { epoch: 1n, sealedAt: 2 ** 45 } }, "link"],
    ["an epoch before it that is higher", { lastSealed: { epoch: 2n, sealedAt: 0 } }, "link"],
    ["another log", { frontier: { size: 3n, peaks: [new Uint8Array(32), new Uint8Array(32)] } }, "link"],
  ] as const)("does not follow on %s", (_, difference, check) => {
    const verifier = new ChainVerifier({ start: { ...(states[3] as ChainState), ...difference } });
    expect(verifier.add(examined(verifier, bytesFrom(3)[0]))).toMatchObject({ check });
    expect(verifier.verdict().ranges).toMatchObject([{ start: 3n, end: 3n, type: "BrokenChainLink" }]);
  });
});

/** The examinations of the whole chain, some of them with another outcome. */
function judged(
  outcomes: Readonly<Record<number, Partial<Examination>>>,
  trusted: ChainVerifierOptions["trusted"] = [],
) {
  const verifier = new ChainVerifier({ start, trusted });
  for (const [height, bytes] of bytesFrom(0).entries()) {
    const examination = examined(verifier, bytes);
    verifier.add({ ...examination, ...outcomes[height] });
  }
  return verifier.verdict();
}

const rootProblem: DocketProblem = { check: "root", details: "" };
const elsewhere = (height: number): Partial<Examination> => {
  const { header } = examined(new ChainVerifier({ start: states[height] as ChainState }), bytesFrom(height)[0]);
  return header ? { header: { ...header, logRoot: "0".repeat(64) } } : {};
};
const typesOf = ({ ranges }: ReturnType<typeof judged>) =>
  ranges.map(({ start: from, end, type }) => `${from}-${end} ${type}`);

describe("a docket that breaks the chain", () => {
  const bad = { problem: rootProblem, failing: [{ txId: "a", problem: "malformed" as const }] };

  it("has that type whatever its later checks say, and neither neighbour has it for that", () => {
    const verdict = judged({ 2: bad, 3: { ...bad, ...elsewhere(3) }, 4: bad });
    expect(typesOf(verdict)).toEqual(["2-2 InvalidDocketHash", "3-3 BrokenChainLink", "4-4 InvalidDocketHash"]);
    expect(verdict.ranges.map(({ failing }) => failing.length)).toEqual([1, 1, 1]);
    expect(verdict.sound).toEqual(states[2]);
  });

  it("does not when a trusted log is proven beyond it", () => {
    const verdict = judged({ 2: bad, 3: { ...bad, ...elsewhere(3) }, 4: bad }, trustedAt(5));
    expect(typesOf(verdict)).toEqual(["2-4 InvalidDocketHash"]);
    expect(verdict.ranges[0]?.failing).toHaveLength(3);
  });

  it("does not when another one before it has broken it", () => {
    const verdict = judged({ 2: elsewhere(2), 3: { ...bad, ...elsewhere(3) } });
    expect(typesOf(verdict)).toEqual(["2-2 BrokenChainLink", "3-3 InvalidDocketHash", "4-4 BrokenChainLink"]);
  });

  it("may be the first and the last one", () => {
    expect(typesOf(judged({ 0: elsewhere(0) }))).toEqual(["0-4 BrokenChainLink"]);
    expect(typesOf(judged({ 4: elsewhere(4) }))).toEqual(["4-4 BrokenChainLink"]);
    expect(typesOf(judged({ 4: { ...bad, ...elsewhere(4) } }))).toEqual(["4-4 BrokenChainLink"]);
  });

  it("leaves what is good before it, and what a trusted log clears up to the last good one", () => {
    const cleared = judged({ 2: elsewhere(2), 4: bad }, trustedAt(5));
    expect(typesOf(cleared)).toEqual(["4-4 InvalidDocketHash"]);
    expect(cleared.sound).toEqual(states[4]);
    const wrong = { size: 5n, root: new Uint8Array(32) };
    const partly = judged({ 1: elsewhere(1), 3: bad }, [...trustedAt(4), wrong]);
    expect(typesOf(partly)).toEqual(["3-3 InvalidDocketHash", "4-4 BrokenChainLink"]);
    expect(partly.sound).toEqual(states[3]);
    const nothing = judged({ 0: bad, 1: bad, 2: bad, 3: bad, 4: bad }, trustedAt(5));
    expect(nothing).toMatchObject({ trust: "proven", sound: start });
  });
});

describe("a docket that tells nothing of its hash", () => {
  const missing = {
    problem: { check: "presence", details: "" } as DocketProblem,
    framedHash: undefined,
    header: undefined,
  };
  const unsealed = (height: number): Partial<Examination> => {
    const { header } = examined(new ChainVerifier({ start: states[height] as ChainState }), bytesFrom(height)[0]);
    return { problem: { check: "seal", details: "" }, ...(header && { header: { ...header, isSealed: false } }) };
  };

  it("is told of by the next one, even if that is not sealed", () => {
    expect(typesOf(judged({ 2: missing }))).toEqual(["2-2 MissingData"]);
    const verdict = judged({ 2: missing, 3: unsealed(3) });
    expect(typesOf(verdict)).toEqual(["2-2 MissingData", "3-3 InvalidDocketHash"]);
    expect(verdict.sound).toEqual(chain.state);
    expect(typesOf(judged({ 2: missing, 3: missing }))).toEqual(["2-3 MissingData", "4-4 BrokenChainLink"]);
  });

  it("is told of by a hint of its own height", () => {
    const leafHint = (height: bigint) => (height === 2n ? leafOf(chain.dockets[2]?.docketHash ?? "") : undefined);
    const verifier = new ChainVerifier({ start, leafHint });
    for (const [height, bytes] of bytesFrom(0).entries()) {
      verifier.add({ ...examined(verifier, bytes), ...(height === 2 || height === 3 ? missing : {}) });
    }
    expect(typesOf(verifier.verdict())).toEqual(["2-3 MissingData"]);
  });

  it("may be the last one, which a trusted log then knows by its frame or by a hint", () => {
    expect(judged({ 4: unsealed(4) }, trustedAt(5))).toMatchObject({ trust: "proven", sound: states[4] });
    expect(judged({ 4: missing }, trustedAt(5))).toMatchObject({ trust: "unknown", sound: states[4] });
    const verifierWith = (hint: string, at: bigint) => {
      const leafHint = (height: bigint) => (height === at ? leafOf(hint) : undefined);
      const verifier = new ChainVerifier({ start, trusted: trustedAt(5), leafHint });
      const outcomes = [{}, {}, {}, {}, { ...unsealed(4), framedHash: "0".repeat(64) }];
      for (const [at4, bytes] of bytesFrom(0).entries()) {
        verifier.add({ ...examined(verifier, bytes), ...outcomes[at4] });
      }
      return verifier.verdict();
    };
    const hash = chain.dockets[4]?.docketHash ?? "";
    expect(verifierWith(hash, 4n)).toMatchObject({ trust: "proven", sound: states[4] });
    expect(verifierWith("1".repeat(64), 4n)).toMatchObject({ trust: "unknown", sound: states[4] });
    expect(verifierWith(hash, 5n)).toMatchObject({ trust: "disproved", sound: start });
    expect(verifierWith(hash, 3n)).toMatchObject({ trust: "disproved", sound: start });
  });
});

describe("a verification, docket by docket", () => {
  /** A docket of the same height and keys that the chain does not go on from. */
  function fork(height: number): Uint8Array {
    const draft = eventDraft("fork");
    const parts = { transactions: [draft], signer: height > 1 ? next : chain.signer, epoch: 1n, sealedAt: 2 ** 41 };
    return assembleDocket(states[height] as ChainState, parts).bytes;
  }

  it("tells of the first check that fails, and of a break before", () => {
    const dockets = [...bytesFrom(0).slice(0, 2), fork(2), ...bytesFrom(3)];
    const { problems, ranges, sound } = resumed(0, dockets);
    expect(problems).toEqual([undefined, undefined, undefined, "link", "link"]);
    expect(ranges).toMatchObject([{ start: 3n, end: 4n, type: "BrokenChainLink" }]);
    expect(sound.frontier.size).toBe(3n);
    const broken = resumed(0, [...bytesFrom(0).slice(0, 2), fork(2), bytesFrom(3)[0] as Uint8Array, new Uint8Array()]);
    expect(broken.problems.at(-1)).toBe("frame");
    expect(broken.ranges).toMatchObject([{ end: 3n }, { start: 4n, end: 4n, type: "MalformedData" }]);
  });

  it("forgets a break that a trusted log is proven beyond", () => {
    const altered = Uint8Array.from(bytesFrom(2)[0] as Uint8Array, (byte, at) => (at === 4 ? byte ^ 1 : byte));
    const dockets = [...bytesFrom(0).slice(0, 2), altered, ...bytesFrom(3)];
    const cleared = resumed(0, dockets, { trusted: trustedAt(4) });
    expect(cleared.problems).toEqual([undefined, undefined, "docketHash", "link", undefined]);
    expect(cleared).toMatchObject({ trust: "proven", sound: states[5], ranges: [{ start: 2n, end: 2n }] });
    const short = resumed(0, dockets, { trusted: trustedAt(3) });
    expect(short.problems).toEqual([undefined, undefined, "docketHash", "link", "link"]);
    expect(short).toMatchObject({ trust: "proven", sound: states[2], ranges: [{ end: 2n }, { start: 3n, end: 4n }] });
  });

  it("follows on a docket that was sealed at the same instant", () => {
    const parts = { transactions: [eventDraft("now")], signer: next, epoch: 1n, sealedAt: 0 };
    const { bytes } = assembleDocket(states[3] as ChainState, parts);
    expect(resumed(3, [bytes]).problems).toEqual([undefined]);
  });

  it("takes no docket but the next one, examined with the keys of now", () => {
    const verifier = new ChainVerifier({ start });
    const [first, second] = bytesFrom(0);
    const early = examined(verifier, second);
    expect(() => verifier.add({ ...early, height: 1n })).toThrow();
    verifier.add(examined(verifier, first));
    const outdated = examined(verifier, chain.dockets[2]?.bytes);
    verifier.add(examined(verifier, second));
    expect(() => verifier.add({ ...outdated, height: 2n })).toThrow();
    expect(() => verifier.add({ ...examined(verifier), height: 3n })).toThrow();
    expect(verifier.next).toBe(2n);
  });

  it("tells of the subtrees of the log as it grows", () => {
    const told: string[] = [];
    resumed(0, bytesFrom(0), { onSubtree: (level, index) => told.push(`${level}/${index}`) });
    expect(told).toEqual(["0/0", "0/1", "1/0", "0/2", "0/3", "1/1", "2/0", "0/4"]);
  });
});
