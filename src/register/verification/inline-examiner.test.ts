import { describe, expect, it } from "vitest";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { stateOfCharter } from "./chain-state.ts";
import { examineDocket } from "./examine-docket.ts";
import { inlineExaminer } from "./inline-examiner.ts";

const chain = ledgerOf("inline", [3, 300, 2]);
const { registerId, charter } = chain;
const { keys } = stateOfCharter(registerId, charter);
const dockets = chain.dockets.map(({ height, bytes }) => ({ height, bytes }));

/** A clock that goes on by a slice whenever it is looked at, so that there is a turn after each step. */
function hurriedTimers(): { nowMs(): number } {
  let nowMs = 0;
  return { nowMs: () => (nowMs += 100) };
}

describe("the examiner on its caller's thread", () => {
  it("says what examineDocket says, in the order of the dockets", async () => {
    await using examiner = inlineExaminer();
    const expected = dockets.map(({ height, bytes }) =>
      examineDocket(bytes, { registerId, height, keys, suites: NODE_SIGNATURE_SUITES }),
    );
    expect(await examiner.examine(dockets, { registerId, keys })).toEqual(expected);
    expect(await examiner.examine([], { registerId, keys })).toEqual([]);
  });

  it("lets others have their turn within a docket", async () => {
    await using examiner = inlineExaminer({ timers: hurriedTimers() });
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await examiner.examine(dockets.slice(1, 2), { registerId, keys });
    isOver = true;
    expect(turns).toBeGreaterThan(250);
  });

  it("stops when it is aborted, and begins nothing then", async () => {
    await using examiner = inlineExaminer({ timers: hurriedTimers() });
    const abort = new AbortController();
    const examined = examiner.examine(dockets, { registerId, keys, signal: abort.signal });
    abort.abort();
    await expect(examined).rejects.toMatchObject({ code: "aborted" });
    await expect(examiner.examine(dockets, { registerId, keys, signal: abort.signal })).rejects.toMatchObject({
      code: "aborted",
    });
  });

  it("stops when it is disposed of, and begins nothing then", async () => {
    const examiner = inlineExaminer({ timers: hurriedTimers() });
    const examined = examiner.examine(dockets, { registerId, keys });
    await Promise.all([examiner[Symbol.asyncDispose](), expect(examined).rejects.toMatchObject({ code: "closed" })]);
    await expect(examiner.examine([], { registerId, keys })).rejects.toMatchObject({ code: "closed" });
    await examiner[Symbol.asyncDispose]();
  });
});
