import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventDraft, type LedgerChain, ledgerOf, testKey, withDocket } from "../../src/testing/ledger-chain.ts";
import {
  checkpointOf,
  disclosedEvent,
  keyDraft,
  type Place,
  proofAt,
  receiptOf,
  trustOf,
  verdictOf,
} from "../../src/testing/ledger-receipts.ts";
import { verifyReceipt as naiveVerifyReceipt } from "../vectors/naive-receipt-verifier.ts";

/*
 * Receipts put together of anything that proves something somewhere: the second verifier, which shares no code, comes to
 * the same verdict on each.
 */

const SEED = 20_261_130;

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
type Step = string | number;

const second = testKey("second", ["docket", "tx"], "p256");
const notary = testKey("notary", ["checkpoint"]);
const { draft, disclosure } = disclosedEvent("property", { amount: 12.5, tags: ["a", null] });

/** A register that has changed its keys of both kinds. */
function rotated(seed: string): LedgerChain {
  const begun = ledgerOf(seed, [2]);
  const adding = [keyDraft("a", { add: second.record }), keyDraft("b", { add: notary.record })];
  const added = withDocket(begun, [eventDraft("c"), ...adding, draft]);
  const { signer, checkpointKey } = begun;
  const ending = keyDraft(
    "d",
    { end: signer.keyId, reason: "retired" },
    { end: checkpointKey.keyId, reason: "revoked" },
  );
  const ended = withDocket(withDocket(added, [eventDraft("e"), draft], second), [ending], second);
  return withDocket(ended, [eventDraft("f"), draft, eventDraft("g")], second);
}

const chain = rotated("property");
const other = rotated("another");
const PLACES = chain.dockets.flatMap(({ txIds }, height) => txIds.map((_, position): Place => [height, position]));
const KEYS: readonly Place[] = [
  [1, 1],
  [1, 2],
  [3, 0],
];

const TRUST = [
  [trustOf(chain).byId, { registerId: chain.registerId }],
  [trustOf(chain).byKey, { checkpointKey: Buffer.from(chain.checkpointKey.record.publicKey, "hex") }],
  [trustOf(chain, notary).byKey, { checkpointKey: Buffer.from(notary.record.publicKey, "hex") }],
] as const;

/** How many of the trusting believe it. */
function believers(receipt: string): number {
  return TRUST.filter(([trust, naiveTrust]) => {
    const verdict = verdictOf(receipt, trust);
    const naive = naiveVerifyReceipt(receipt, naiveTrust);
    expect(verdict).toMatchObject({ isValid: naive.valid });
    return verdict.isValid;
  }).length;
}

const receipts = fc
  .record({
    at: fc.constantFrom(...PLACES),
    keysAt: fc.oneof(
      fc.shuffledSubarray([...KEYS]),
      fc.constant(KEYS),
      fc.array(fc.constantFrom(...PLACES), { maxLength: 3 }),
    ),
    signers: fc.shuffledSubarray([chain.checkpointKey, notary, second], { minLength: 1 }),
    isDisclosed: fc.boolean(),
  })
  .map(({ at, keysAt, signers, isDisclosed }) => {
    const fit = signers.filter(({ algorithm }) => algorithm === "ed25519");
    const checkpoint = checkpointOf(chain, ...fit);
    return receiptOf(chain, { at, keysAt, checkpoint, ...(isDisclosed && { disclosure }) });
  });

function stepsTo(value: Json, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => stepsTo(member, [...path, name]))];
}

function at(value: Json, path: readonly Step[]): Json | undefined {
  return path.reduce<Json | undefined>((found, step) => (found as Record<Step, Json> | undefined)?.[step], value);
}

interface Change {
  readonly place: number;
  /** A proof of another transaction. */
  readonly donor: Json;
  readonly source: number;
  readonly kind: "donor" | "move" | "change" | "remove";
  readonly spot: number;
}

const DONORS = [chain, other].flatMap((from) => PLACES.map((place) => proofAt(from, place) as unknown as Json));
const changes: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(),
  donor: fc.constantFrom(...DONORS),
  source: fc.nat(),
  kind: fc.constantFrom("donor", "move", "change", "remove"),
  spot: fc.nat(),
});

/** With something that is good elsewhere in place of a part, or with a part that is changed a little, or without it. */
function changed(receipt: Json, { place, donor, source, kind, spot }: Change): Json {
  const paths = stepsTo(receipt).slice(1);
  const path = paths[place % paths.length] ?? [];
  const inProof = path.slice(path[0] === "keys" ? 2 : 1);
  const value = {
    donor: () => (path[0] === "proof" || path[0] === "keys" ? at(donor, inProof) : undefined),
    move: () => at(receipt, paths[source % paths.length] ?? []),
    change: () => alike(at(receipt, path), spot),
    remove: () => undefined,
  }[kind]();
  const copy = structuredClone(receipt);
  const parent = at(copy, path.slice(0, -1)) as Record<Step, Json | undefined>;
  const name = path.at(-1) ?? "";
  if (Array.isArray(parent) && value === undefined) parent.splice(Number(name), 1);
  else parent[name] = value;
  return copy;
}

function alike(value: Json | undefined, spot: number): Json {
  if (typeof value === "number") return value + 1 - (spot % 3);
  if (typeof value !== "string") return null;
  const where = spot % (value.length + 1);
  return value.slice(0, where) + "0afAQ_- \n"[spot % 9] + value.slice(where + 1);
}

/** What the lines of notes are made of, and what they must not be. */
const piece = fc.constantFrom(
  ..."a|AAAAAAA=|AAAAAA==|AAAAAAB=|\u2014|-| |+|\t|\n|\n\n|\u0085|\u00a0|\u3000|\ufeff|\u007f|\ud800|\u{1f511}".split(
    "|",
  ),
);
const word = fc.array(piece, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(""));
const line = fc
  .tuple(fc.oneof(fc.constant("a"), word), fc.oneof(fc.constant("AAAAAAA="), word))
  .map(([name, signed]) => `\u2014 ${name} ${signed}\n`);

describe("the second verifier of receipts", () => {
  it("agrees on whom a receipt convinces", { timeout: 120_000 }, () => {
    let convinced = 0;
    fc.assert(
      fc.property(receipts, (receipt) => {
        convinced += believers(receipt);
      }),
      { seed: SEED, numRuns: 150 },
    );
    expect(convinced).toBeGreaterThan(50);
  });

  it("agrees on receipts that were changed", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(receipts, changes, (receipt, change) => {
        believers(JSON.stringify(changed(JSON.parse(receipt) as Json, change)));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("agrees on notes with other lines", { timeout: 120_000 }, () => {
    let convinced = 0;
    const note = checkpointOf(chain);
    const lines = fc.array(fc.oneof(line, piece), { maxLength: 3 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(lines, fc.nat(), (more, spot) => {
        const ends = [note.length, note.indexOf("\n\n") + 2, spot % (note.length + 1)];
        const end = ends[spot % 3] ?? 0;
        convinced += believers(
          receiptOf(chain, {
            at: [2, 1],
            keysAt: KEYS.slice(0, 2),
            checkpoint: note.slice(0, end) + more + note.slice(end),
          }),
        );
      }),
      { seed: SEED, numRuns: 400 },
    );
    expect(convinced).toBeGreaterThan(50);
  });
});
