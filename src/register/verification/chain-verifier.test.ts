import { describe, expect, it } from "vitest";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { eventDraft, type LedgerChain, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { decodeFrame, encodeFrame } from "../ledger/docket-frame.ts";
import { rootOf } from "../merkle/frontier.ts";
import { stateOfCharter } from "./chain-state.ts";
import { ChainVerifier, type ChainVerifierOptions } from "./chain-verifier.ts";
import { examineDocket, nothingRead } from "./examine-docket.ts";
import { leafOf } from "./log-tree.ts";

function verify(
  { registerId, charter }: LedgerChain,
  dockets: readonly (Uint8Array | undefined)[],
  options: Omit<ChainVerifierOptions, "start"> = {},
) {
  const verifier = new ChainVerifier({ start: stateOfCharter(registerId, charter), ...options });
  for (const bytes of dockets) {
    const context = { registerId, height: verifier.next, keys: verifier.keys, suites: NODE_SIGNATURE_SUITES };
    const missing = { check: "presence", details: "There is no docket." } as const;
    verifier.add(bytes ? examineDocket(bytes, context) : nothingRead(context, missing));
  }
  return verifier.verdict();
}

const bytesOf = ({ dockets }: LedgerChain) => dockets.map(({ bytes }) => bytes);
const trustedLog = ({ state }: LedgerChain) => [{ size: state.frontier.size, root: rootOf(state.frontier) }];
const heights = (ranges: readonly { start: bigint; end: bigint; type: string }[]) =>
  ranges.map(({ start, end, type }) => `${start}-${end} ${type}`);

/** The docket with one byte of its header's `sealedAt` altered. */
function withAlteredHeader(bytes: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf('"sealedAt":') + '"sealedAt":'.length + 5;
  return Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
}

function withAlteredFrameHash(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => (index === 4 ? byte ^ 1 : byte));
}

describe("the chain of a register", () => {
  const chain = ledgerOf("chain", [2, 1, 5, 1, 3]);

  it.each(["ed25519", "p256"] as const)("is sound as it was made, with %s", (algorithm) => {
    const made = ledgerOf("sound", [0, 1, 5], algorithm);
    const verdict = verify(made, bytesOf(made), { trusted: trustedLog(made) });
    expect(verdict).toEqual({ size: 3n, ranges: [], trust: "proven", sound: made.state });
  });

  it("loses one docket when its header is altered", () => {
    const dockets = bytesOf(chain).map((bytes, height) => (height === 2 ? withAlteredHeader(bytes) : bytes));
    expect(heights(verify(chain, dockets).ranges)).toEqual(["2-2 InvalidDocketHash"]);
  });

  it("loses all that follows when the hash that its neighbours go by is altered, unless a trusted log knows better", () => {
    const dockets = bytesOf(chain).map((bytes, height) => (height === 1 ? withAlteredFrameHash(bytes) : bytes));
    const alone = verify(chain, dockets);
    expect(heights(alone.ranges)).toEqual(["1-1 InvalidDocketHash", "2-4 BrokenChainLink"]);
    expect(alone.sound).toEqual(chain.dockets[0]?.state);
    const { ranges, sound } = verify(chain, dockets, { trusted: trustedLog(chain) });
    expect(heights(ranges)).toEqual(["1-1 InvalidDocketHash"]);
    expect(sound).toEqual(chain.state);
  });

  it("keeps what follows on one missing docket, and on several when their hashes can be guessed", () => {
    const without = (...gone: number[]) =>
      bytesOf(chain).map((bytes, height) => (gone.includes(height) ? undefined : bytes));
    expect(heights(verify(chain, without(2)).ranges)).toEqual(["2-2 MissingData"]);
    expect(heights(verify(chain, without(1, 2)).ranges)).toEqual(["1-2 MissingData", "3-4 BrokenChainLink"]);
    const leafHint = (height: bigint) => leafOf(chain.dockets[Number(height)]?.docketHash ?? "");
    expect(heights(verify(chain, without(1, 2), { leafHint }).ranges)).toEqual(["1-2 MissingData"]);
  });

  it("is judged without its first docket, since its id is that of its charter", () => {
    expect(heights(verify(chain, [undefined, ...bytesOf(chain).slice(1)]).ranges)).toEqual(["0-0 MissingData"]);
  });

  it("knows the hash of an altered last docket by the trusted root", () => {
    const dockets = bytesOf(chain).map((bytes, height) => (height === 4 ? withAlteredHeader(bytes) : bytes));
    const { trust, ranges, sound } = verify(chain, dockets, { trusted: trustedLog(chain) });
    expect(trust).toBe("proven");
    expect(heights(ranges)).toEqual(["4-4 InvalidDocketHash"]);
    expect(sound).toEqual(chain.dockets[3]?.state);
  });

  it("is disproved when the trusted log is another one", () => {
    const other = ledgerOf("chain", [2, 1, 5, 1, 4]);
    const known = other.dockets.slice(0, 3).flatMap(({ state }) => trustedLog({ ...other, state }));
    const verdict = verify(chain, bytesOf(chain), { trusted: [...known, ...trustedLog(other)] });
    expect(verdict.trust).toBe("disproved");
    expect(heights(verdict.ranges)).toEqual(["3-4 BrokenChainLink"]);
    expect(verdict.sound).toEqual(chain.dockets[2]?.state);
  });

  it("is disproved as a whole when no trusted log is its own", () => {
    const other = ledgerOf("chain", [3, 1, 5, 1, 3]);
    const verdict = verify(chain, bytesOf(chain), { trusted: trustedLog(other) });
    expect(verdict.trust).toBe("disproved");
    expect(heights(verdict.ranges)).toEqual(["0-4 BrokenChainLink"]);
    expect(verdict.sound.frontier.size).toBe(0n);
  });

  it("is disproved by a shorter trusted log too, when it is too short for the longest", () => {
    const other = ledgerOf("chain", [2, 2, 5, 1, 3]);
    const known = other.dockets.flatMap(({ state }) => trustedLog({ ...other, state }));
    const verdict = verify(chain, bytesOf(chain).slice(0, 4), { trusted: known });
    expect(verdict.trust).toBe("disproved");
    expect(heights(verdict.ranges)).toEqual(["1-3 BrokenChainLink"]);
    expect(verdict.sound).toEqual(chain.dockets[0]?.state);
  });

  it("is believed as far as a shorter trusted log goes, when it is too short for the longest", () => {
    const altered = bytesOf(chain).map((bytes, height) => (height === 1 ? withAlteredFrameHash(bytes) : bytes));
    const known = chain.dockets.slice(2).flatMap(({ state }) => trustedLog({ ...chain, state }));
    const { trust, ranges, sound } = verify(chain, altered.slice(0, 4), { trusted: known });
    expect(trust).toBe("unknown");
    expect(heights(ranges)).toEqual(["1-1 InvalidDocketHash"]);
    expect(sound).toEqual(chain.dockets[3]?.state);
  });

  it("is broken beyond what a trusted log tells of", () => {
    const altered = bytesOf(chain).map((bytes, height) => (height % 2 === 1 ? withAlteredFrameHash(bytes) : bytes));
    const known = chain.dockets.slice(2, 3).flatMap(({ state }) => trustedLog({ ...chain, state }));
    const { trust, ranges, sound } = verify(chain, altered, { trusted: known });
    expect(trust).toBe("proven");
    expect(heights(ranges)).toEqual(["1-1 InvalidDocketHash", "3-3 InvalidDocketHash", "4-4 BrokenChainLink"]);
    expect(sound).toEqual(chain.dockets[2]?.state);
  });

  it("is disproved when its last docket hides which one it was, but not by a hint", () => {
    const hidden = bytesOf(chain).map((bytes, at) =>
      at === 4 ? withAlteredFrameHash(withAlteredHeader(bytes)) : bytes,
    );
    const trusted = trustedLog(chain);
    expect(verify(chain, hidden, { trusted })).toMatchObject({ trust: "disproved", sound: { frontier: { size: 0n } } });
    const leafHint = () => leafOf("0".repeat(64));
    expect(heights(verify(chain, hidden, { trusted, leafHint }).ranges)).toEqual(["4-4 InvalidDocketHash"]);
    expect(verify(chain, hidden, { trusted, leafHint })).toMatchObject({ trust: "unknown" });
  });

  it("names every transaction whose signature is not valid", () => {
    const dockets = bytesOf(chain).map((bytes, height) => {
      const frame = height === 2 ? decodeFrame(bytes) : undefined;
      if (!frame) return bytes;
      const records = frame.records.map((record, at) => {
        const text = Buffer.from(record).toString();
        return at % 2 === 0
          ? Buffer.from(text.replace(/"sig":"./, (sig) => (sig.endsWith("A") ? '"sig":"B' : '"sig":"A')))
          : record;
      });
      return encodeFrame({ ...frame, records });
    });
    const { ranges } = verify(chain, dockets);
    const ids = chain.dockets[2]?.txIds ?? [];
    expect(ranges).toMatchObject([{ start: 2n, end: 2n, type: "InvalidDocketHash" }]);
    expect(ranges[0]?.failing).toEqual([0, 2, 4].map((at) => ({ txId: ids[at], problem: "signature_invalid" })));
  });
});

describe("the keys of a register", () => {
  const next = testKey("keys/next", ["docket", "tx"]);
  const base = ledgerOf("keys", [1]);
  const rotation = eventDraft("rotation", {
    type: "key",
    eventType: "wallet_key_rotated",
    keys: [{ add: next.record }, { end: base.signer.keyId, reason: "retired" }] as never,
  });
  const rotated = withDocket(base, [rotation]);

  it("change with the docket after the transaction", () => {
    const chain = withDocket(rotated, [eventDraft("by the new key")], next);
    expect(verify(chain, bytesOf(chain)).ranges).toEqual([]);
    expect(verify(chain, bytesOf(chain)).sound).toEqual(chain.state);
  });

  it("do not sign before they are added nor after they ended", () => {
    const early = withDocket(base, [rotation], next);
    expect(verify(early, bytesOf(early)).ranges).toMatchObject([
      { start: 1n, type: "InvalidDocketHash", failing: [{ problem: "key_unknown" }] },
    ]);
    const late = withDocket(rotated, [eventDraft("by the old key")]);
    expect(verify(late, bytesOf(late)).ranges).toMatchObject([
      { start: 2n, type: "InvalidDocketHash", failing: [{ problem: "key_retired" }] },
    ]);
  });

  it("do not sign what is not their purpose", () => {
    const sealed = withDocket(base, [eventDraft("by the key of checkpoints")], base.checkpointKey);
    expect(verify(sealed, bytesOf(sealed)).ranges).toMatchObject([{ failing: [{ problem: "key_purpose" }] }]);
  });
});
