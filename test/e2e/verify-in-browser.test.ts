import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatVerifier } from "../../src/register/notes/signed-note.ts";
import { eventDraft, ledgerOf, testKey, withDocket } from "../../src/testing/ledger-chain.ts";
import { disclosedEvent, keyDraft, receiptOf, verifierOf } from "../../src/testing/ledger-receipts.ts";
import { alteredReceipt } from "../vectors/register-receipt-cases.ts";
import { textOfCase } from "../vectors/register-receipt-texts.ts";
import { readRegisterVectors } from "../vectors/register-vectors.ts";
import { browserCaller, bundleForBrowser } from "./browser-bundle.ts";
import { type InstalledPackage, installPackage } from "./installed-package.ts";

const PAGE = `
  import { isVaultError, parseVerifier, verifyReceipt } from "strongroom/verify";
  const plain = (_, value) => (typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? Array.from(value) : value);
  export function verify(text, { registerId, keys }) {
    try {
      const verdict = verifyReceipt(text, { registerId, checkpointKeys: keys?.map(parseVerifier) });
      return JSON.parse(JSON.stringify(verdict, plain));
    } catch (error) {
      return isVaultError(error) ? error.code : String(error);
    }
  }
  export const globals = () => ["Buffer", "process", "require", "global", "setImmediate"].filter((name) => name in globalThis);
`;

/** A receipt that needs keys of both algorithms and opens a value. */
const second = testKey("second", ["docket", "tx"], "p256");
const { draft, disclosure } = disclosedEvent("in a browser", { name: "Zo\u00eb \u{1f4c4}", amount: 0.1 });
const begun = withDocket(ledgerOf("in a browser", [2]), [keyDraft("keys", { add: second.record })]);
const chain = withDocket(withDocket(begun, [eventDraft("a"), draft], second), [eventDraft("b")]);
const { registerId } = chain;
const trust = { registerId, keys: [formatVerifier(verifierOf(chain))] };
const receipt = receiptOf(chain, { at: [2, 1], keysAt: [[1, 0]], disclosure });

let installed: InstalledPackage;
let script: string;
let call: (name: string, ...arguments_: readonly unknown[]) => unknown;
beforeAll(async () => {
  installed = await installPackage();
  script = await bundleForBrowser(installed.directory, PAGE);
  call = browserCaller(script);
});
afterAll(() => installed?.[Symbol.asyncDispose]());

describe("strongroom/verify, bundled for a browser", () => {
  it("runs where nothing is Node's, in little code", () => {
    expect(call("globals")).toEqual([]);
    expect(/\bfrom "node:|\brequire\(/.exec(script)).toBeNull();
    expect(script.length).toBeLessThan(300_000);
  });

  it("accepts a good receipt", () => {
    expect(call("verify", receipt, trust)).toMatchObject({
      isValid: true,
      registerId,
      height: "2",
      checkpoint: { size: "4" },
      disclosed: { event: disclosure.event, value: disclosure.value.value },
    });
  });

  it.each([
    ["disclosure", "0.1", "0.2"],
    ["transaction", '"eventType": "field_written"', '"eventType": "field_deleted"'],
    ["docket", '"sealedAt": 1', '"sealedAt": 2'],
    ["checkpoint", "strongroom/register/", "strongroom/register/0"],
    ["charter", '"createdAt": 1', '"createdAt": 2'],
    ["form", "{", "["],
  ])("refuses one that was altered, at the step %s", (step, before, after) => {
    const altered = receipt
      .replace(before, after)
      .replace('"nonce": "0', '"nonce": "0')
      .replace(/("nonce": "\w{64})\w/, "$1");
    expect(altered).not.toBe(receipt);
    expect(call("verify", altered, trust)).toMatchObject({ isValid: false, step });
  });

  it("needs something that is trusted", () => {
    expect(call("verify", receipt, {})).toBe("invalid_value");
    expect(call("verify", receipt, { registerId: "0".repeat(32) })).toMatchObject({ isValid: false, step: "charter" });
  });

  it("comes to the verdict that the package comes to in Node, for every receipt of the vectors", async () => {
    const { receipts, hostileReceipts, receiptTexts } = readRegisterVectors();
    const written = receiptTexts.map((one) => {
      const vector = receipts.find(({ name }) => name === one.receipt) ?? expect.fail("no receipt");
      return [textOfCase(vector.receipt, one), vector.receipt.registerId] as const;
    });
    const given = [
      ...receipts.map((vector) => [JSON.stringify(vector.receipt), vector.receipt.registerId] as const),
      ...hostileReceipts.map((one) => {
        const altered = alteredReceipt(receipts, one);
        return [JSON.stringify(altered.receipt), altered.registerId] as const;
      }),
      ...written,
      [receipt, registerId] as const,
      [receipt.replace("0.1", "0.3"), registerId] as const,
    ];
    const asked = given.flatMap(([text, own]) =>
      [own, "0".repeat(32)].map((id) => [text, { registerId: id }] as const),
    );
    const program = `${PAGE}
      let input = "";
      for await (const chunk of process.stdin) input += chunk;
      console.log(JSON.stringify(JSON.parse(input).map(([text, trust]) => verify(text, trust))));`;
    const child = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: installed.directory,
      maxBuffer: 2 ** 26,
    });
    child.child.stdin?.end(JSON.stringify(asked));
    const inNode = JSON.parse((await child).stdout) as readonly unknown[];
    expect(asked.map((arguments_) => call("verify", ...arguments_))).toEqual(inNode);
    expect(inNode.filter((verdict) => (verdict as { isValid: boolean }).isValid)).toHaveLength(
      receipts.length + receiptTexts.filter(({ isValid }) => isValid).length + 1,
    );
  });
});

it("is Node's own in Node", async () => {
  const program = 'console.log(import.meta.resolve("strongroom/verify"))';
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: installed.directory,
  });
  expect(stdout.trim()).toMatch(/\/dist\/verify\/node\.js$/);
});
