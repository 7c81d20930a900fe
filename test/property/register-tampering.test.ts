import { isDeepStrictEqual } from "node:util";
import fc, { type GeneratorValue } from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { DocketRowCheck } from "../../src/register/ledger-log/docket-descriptor.ts";
import type { StoredWormRecord } from "../../src/storage/worm-store.ts";
import { type Chain, type Draw, drawChain, SMALL } from "./tampering-chains.ts";
import { drawBreak, drawFork, drawWrong } from "./tampering-insiders.ts";
import { BYTES, FIELDS, ORDER, PLACES, type Tamper } from "./tampering-outsiders.ts";
import { REHASH } from "./tampering-rehash.ts";
import { alteredRow, rowsOf } from "./tampering-rows.ts";
import {
  drawKnowledge,
  expectDetected,
  isIdentity,
  judge,
  type Knowledge,
  type Tampered,
} from "./tampering-verdicts.ts";

/*
 * Whatever is done to a register is detected and not served, with the type and the transactions that a second verifier
 * names, which shares no code and is made from the document alone. Cases that leave everything as it was do not count.
 */

const SEED = 20_261_202;
const TIMEOUT_MS = 300_000;

let total = 0;
let skipped = 0;
const drawing =
  (value: GeneratorValue): Draw =>
  (below) =>
    below > 1 ? value(fc.nat, { max: below - 1 }) : 0;

/** Tampers until as many cases as are asked for did change something. */
function tamper(
  cases: number,
  tampering: (draw: Draw) => (Found & { readonly knowledge?: Knowledge }) | undefined,
): void {
  let counted = 0;
  const property = fc.property(fc.gen(), (value) => {
    if (counted === cases) return;
    const draw = drawing(value);
    const found = tampering(draw);
    if (!found || isIdentity(found.chain, found.tampered)) {
      skipped += 1;
      return;
    }
    expectDetected(found.chain, found.tampered, found.knowledge ?? drawKnowledge(found.chain, draw));
    counted += 1;
  });
  fc.assert(property, { seed: SEED, numRuns: 2 * cases + 100, endOnFailure: true });
  total += counted;
  expect(counted).toBe(cases);
}

interface Found {
  readonly chain: Chain;
  readonly tampered: Tampered;
}

const outside =
  (tampers: readonly Tamper[], sizes?: number) =>
  (draw: Draw): Found => {
    const chain = drawChain(draw, sizes);
    return { chain, tampered: (tampers[draw(tampers.length)] as Tamper)(chain, draw) };
  };

describe("a register that somebody without keys has tampered with", () => {
  it("is detected when a member of a header, a seal, a body or a signature is altered", { timeout: TIMEOUT_MS }, () => {
    tamper(2_600, outside(FIELDS));
  });

  it("is detected when transactions change places, are dropped, doubled or put in", { timeout: TIMEOUT_MS }, () => {
    tamper(2_000, outside(ORDER));
  });

  it("is detected when dockets change places, are missing or come from elsewhere", { timeout: TIMEOUT_MS }, () => {
    tamper(2_000, outside(PLACES));
  });

  it("is detected when bytes are turned, cut off, put in or left out", { timeout: TIMEOUT_MS }, () => {
    tamper(2_400, outside(BYTES));
  });

  it("is detected when all that can be computed without keys is made right again", { timeout: TIMEOUT_MS }, () => {
    tamper(300, outside(REHASH, SMALL));
  });

  it("is detected when what is kept beside the bytes is altered", { timeout: TIMEOUT_MS }, () => {
    tamper(400, (draw) => {
      const chain = drawChain(draw);
      const rows = rowsOf(chain);
      const check = new DocketRowCheck(chain.register.registerId);
      expect(rows.every((row) => check.agrees(row))).toBe(true);
      const at = draw(rows.length);
      const row = rows[at] as StoredWormRecord;
      const changed = alteredRow(row, chain, draw);
      if (isDeepStrictEqual(changed, row)) return undefined;
      expect(check.agrees(changed)).toBe(false);
      return { chain, tampered: { dockets: chain.bytes, disagreeing: [at] } };
    });
  });

  it("is detected when its end is cut off, by a checkpoint", { timeout: TIMEOUT_MS }, () => {
    tamper(300, (draw) => {
      const chain = drawChain(draw);
      const size = chain.bytes.length;
      const sizes = [[size], [1 + draw(size), size].sort((a, b) => a - b)][draw(2)] ?? [];
      const tampered = { dockets: chain.bytes.slice(0, draw(size)) };
      return { chain, tampered, knowledge: { hasCharter: true, sizes: [...new Set(sizes)] } };
    });
  });
});

describe("a register that those who hold its keys have made otherwise", () => {
  it("is detected where a docket is wrong", { timeout: TIMEOUT_MS }, () => {
    tamper(350, drawWrong);
  });

  it("is detected where a docket does not follow, with all behind it", { timeout: TIMEOUT_MS }, () => {
    tamper(100, drawBreak);
  });

  it("is detected where two registers meet, and as a whole by a checkpoint", { timeout: TIMEOUT_MS }, () => {
    tamper(150, drawFork);
  });
});

describe("a register that nobody has tampered with", () => {
  it("is served as a whole", () => {
    fc.assert(
      fc.property(fc.gen(), (value) => {
        const draw = drawing(value);
        const chain = drawChain(draw);
        const verdicts = judge(chain, { dockets: chain.bytes }, drawKnowledge(chain, draw));
        expect(verdicts.filter(({ type }) => type !== undefined)).toEqual([]);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});

afterAll(() => {
  expect(total).toBeGreaterThanOrEqual(10_000);
  expect(skipped).toBeLessThan(total / 10);
});
