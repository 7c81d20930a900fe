import { describe, it } from "vitest";
import { chainAt } from "./tampering-chains.ts";
import { expectDetected, type Knowledge } from "./tampering-verdicts.ts";

/*
 * Every bit of a small register, one at a time. The second verifier is asked about all bits of one docket and about every
 * seventh of the others, which leaves none of their bytes out and is half of the time.
 */

const TIMEOUT_MS = 300_000;
const CHAIN = chainAt(22);
const SECOND_EVERY = [7, 1, 7];
/** What is known is another thing at each bit of a byte. */
const KNOWLEDGE: readonly Knowledge[] = [
  { hasCharter: true, sizes: [] },
  { hasCharter: true, sizes: [1] },
  { hasCharter: true, sizes: [3] },
  { hasCharter: true, sizes: [1, 3] },
  { hasCharter: false, sizes: [] },
];

describe("a register of three dockets", () => {
  it.each(SECOND_EVERY.entries().toArray())(
    "is detected with any bit of docket %i turned, and alike by the second verifier at every bit that %i divides",
    { timeout: TIMEOUT_MS },
    (height, every) => {
      const bytes = CHAIN.bytes[height] ?? new Uint8Array();
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const flipped = Uint8Array.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const knowledge = KNOWLEDGE[bit % KNOWLEDGE.length] as Knowledge;
        const tampered = { dockets: CHAIN.bytes.with(height, flipped) };
        expectDetected(CHAIN, tampered, { ...knowledge, isAlone: bit % every !== 0 });
      }
    },
  );
});
