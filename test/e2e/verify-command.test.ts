import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { formatVerifier } from "../../src/register/notes/signed-note.ts";
import { ledgerOf } from "../../src/testing/ledger-chain.ts";
import { receiptOf, verifierOf } from "../../src/testing/ledger-receipts.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const chain = ledgerOf("verify on the command line", [2, 3]);
const KEY = formatVerifier(verifierOf(chain));

/** In a folder and an environment in which no vault could be opened. */
function verify(input: string, ...argv: readonly string[]) {
  const env = { STRONGROOM_CONFIG: "/nowhere.toml" };
  return spawnSync(process.execPath, [MAIN, "verify", "-", ...argv], { input, cwd: "/", env, encoding: "utf8" });
}

describe("strongroom verify as a process", () => {
  const receipt = receiptOf(chain, { at: [1, 2] });

  it("reads standard input, opens no vault and exits with 0", () => {
    const { status, stdout, stderr } = verify(receipt, "--key", KEY, "--register", chain.registerId);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("The receipt is valid");
  });

  it("exits by the kind of what is wrong", () => {
    const altered = receipt.replace('"eventType": "field_written"', '"eventType": "field_deleted"');
    expect(altered).not.toBe(receipt);
    const refused = verify(altered, "--key", KEY, "--json");
    expect(refused.status).toBe(8);
    expect(JSON.parse(refused.stdout)).toMatchObject({ isValid: false, step: "transaction" });
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: "receipt_not_valid" } });
    expect(verify(receipt)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("anchors") });
  });
});
