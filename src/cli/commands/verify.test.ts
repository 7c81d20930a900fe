import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatVerifier } from "../../register/notes/signed-note.ts";
import { RECEIPT_BYTES_MAX } from "../../register/receipts/receipt.ts";
import { emptyLedger, eventDraft, ledgerOf, testKey, withDocket } from "../../testing/ledger-chain.ts";
import { disclosedEvent, keyDraft, receiptOf, verifierOf } from "../../testing/ledger-receipts.ts";
import { runProgram } from "../run-program.ts";
import { verify } from "./verify.ts";

const VALUE = { amount: 1250.5, note: "\u009b2J\u202e\u001b[2J" };
const { draft, disclosure } = disclosedEvent("told", VALUE);
const second = testKey("second", ["docket", "tx"]);
const actor = { type: "agent", id: "kyc-agent", role: "reviewer" };
const begun = withDocket(emptyLedger("verify command"), [eventDraft("a", { actor, createdAt: 253_402_300_799_999 })]);
const chain = withDocket(begun, [
  draft,
  keyDraft("keys", { add: second.record }, { end: begun.signer.keyId, reason: "retired" }),
]);
const other = ledgerOf("other", [1]);
const KEY = formatVerifier(verifierOf(chain));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-verify-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function run(text: string | Uint8Array, argv: readonly string[], isJson = false) {
  await writeFile(join(directory, "receipt.json"), text);
  const printed: string[] = [];
  const context = {
    workingDirectory: directory,
    environment: {},
    isJson,
    print: (line: string) => void printed.push(line),
  };
  const error = await runProgram(["verify", "receipt.json", ...argv], { verify: async () => verify }, context).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { text: printed.join("\n"), error };
}

describe("strongroom verify", () => {
  it("says in words what a receipt proves, with what it discloses", async () => {
    const { text, error } = await run(receiptOf(chain, { at: [1, 0], disclosure }), ["--register", chain.registerId]);
    expect(error).toBeUndefined();
    for (const part of [
      "The receipt is valid",
      `field_written, event ${disclosure.event["id"] as string}`,
      `signed with key ${chain.signer.keyId}`,
      "2026-03-03T09:00:00.000Z",
      "2026-03-03T09:00:01.000Z, at height 1",
      chain.registerId,
      "of 2 dockets",
      '"fieldName":"income"',
      '"amount":1250.5',
      "not say whether a later transaction",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("shows a terminal nothing but text", async () => {
    const { text } = await run(receiptOf(chain, { at: [1, 0], disclosure }), ["--key", KEY]);
    expect(text).toContain("\\u009b2J\\u202e\\u001b[2J");
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it("says who did it and which keys changed, whatever the time was", async () => {
    const byAgent = await run(receiptOf(chain, { at: [0, 1] }), ["--key", KEY]);
    expect(byAgent.text).toContain("agent, kyc-agent, reviewer");
    expect(byAgent.text).toContain("9999-12-31T23:59:59.999Z");
    expect(byAgent.text).toMatch(/Event +not disclosed\n +Value +not disclosed/);
    const ofKeys = await run(receiptOf(chain, { at: [1, 1] }), ["--key", KEY]);
    expect(ofKeys.text).toContain(`adds ${second.keyId} for docket, tx, ends ${chain.signer.keyId}, which is retired`);
    const genesis = await run(receiptOf(chain, { at: [0, 0] }), ["--key", KEY]);
    expect(genesis.text).toContain("the beginning of the register");
  });

  it("tells a program the same", async () => {
    const { text } = await run(receiptOf(chain, { at: [1, 0], disclosure }), ["--key", KEY], true);
    expect(JSON.parse(text)).toMatchObject({
      isValid: true,
      registerId: chain.registerId,
      checkpoint: {
        origin: `strongroom/register/${chain.registerId}`,
        size: "2",
        root: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      txId: chain.dockets[1]?.txIds[0],
      transaction: { type: "event", eventType: "field_written" },
      height: "1",
      sealedAt: Date.parse("2026-03-03T09:00:01.000Z"),
      disclosed: { event: disclosure.event, value: VALUE },
    });
  });

  it.each([
    ["the id of another register", ["--register", other.registerId], "charter"],
    ["the key of another register", ["--key", formatVerifier(verifierOf(other))], "checkpoint"],
    ["one that holds and one that does not", ["--key", KEY, "--register", other.registerId], "charter"],
  ])("refuses a receipt for %s, and says at which step", async (_, argv, step) => {
    const receipt = receiptOf(chain, { at: [1, 0] });
    const { error, text } = await run(receipt, argv);
    expect(text).toBe("");
    expect(error).toMatchObject({ code: "receipt_not_valid", kind: "integrity", details: { step } });
    const json = await run(receipt, argv, true);
    expect(JSON.parse(json.text)).toEqual({ isValid: false, step, reason: expect.any(String) });
    expect(json.error).toMatchObject({ code: "receipt_not_valid" });
  });

  it("takes any of several keys", async () => {
    const argv = ["--key", formatVerifier(verifierOf(other)), "--key", ` ${KEY}\n`];
    expect(await run(receiptOf(chain, { at: [1, 0] }), argv)).toMatchObject({ error: undefined });
  });

  it("refuses what is no receipt", async () => {
    for (const bytes of ["", "{}", Uint8Array.of(0xff, 0xfe), `\ufeff${receiptOf(chain, { at: [1, 0] })}`]) {
      expect(await run(bytes, ["--key", KEY])).toMatchObject({
        error: { code: "receipt_not_valid", details: { step: "form" } },
      });
    }
    const long = new Uint8Array(RECEIPT_BYTES_MAX + 1).fill(0x20);
    expect(await run(long, ["--key", KEY])).toMatchObject({ error: { code: "limit_exceeded" } });
  });

  it("says that nothing anchors a receipt when nothing is trusted", async () => {
    const { error, text } = await run(receiptOf(chain, { at: [1, 0] }), []);
    expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining("Nothing anchors") });
    expect(text).toBe("");
  });

  it.each([
    ["an id that is none", ["--register", "ABC"], "invalid_request"],
    ["a key that is none", ["--key", "abc"], "invalid_request"],
    ["a second file", ["more.json", "--key", KEY], "invalid_request"],
  ])("refuses %s", async (_, argv, code) => {
    expect(await run(receiptOf(chain, { at: [1, 0] }), argv)).toMatchObject({ error: { code } });
  });

  it("says when there is no such file", async () => {
    const context = { workingDirectory: directory, environment: {}, isJson: false, print: () => undefined };
    for (const file of ["nowhere.json", "."]) {
      await expect(verify.run([file], { key: [KEY] }, context)).rejects.toMatchObject({ code: "file_not_readable" });
    }
    await expect(verify.run([], { key: [KEY] }, context)).rejects.toMatchObject({ code: "invalid_request" });
  });
});
