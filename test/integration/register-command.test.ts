import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/register.ts";
import { EXIT_CODES } from "../../src/cli/exit-codes.ts";
import { runProgram } from "../../src/cli/run-program.ts";
import type { VaultError } from "../../src/errors.ts";
import { verifyReceipt } from "../../src/register/receipts/verify-receipt.ts";
import { NODE_SIGNATURE_SUITES } from "../../src/signatures/node-signature-suites.ts";
import { IN_MEMORY } from "./engines.ts";
import { newCustomer, type TestCustomer } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe("strongroom register --url", () => {
  let world: World;
  let customer: TestCustomer;
  let url: string;
  let directory: string;

  beforeAll(async () => {
    world = await openWorld(IN_MEMORY);
    customer = await newCustomer(world.a);
    await customer.writeOne({ name: "city", value: "Vigo" });
    await world.a.seal();
    url = await world.server.listen({ host: "127.0.0.1", port: 0 });
    directory = await mkdtemp(join(tmpdir(), "strongroom-register-"));
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  async function run(argv: readonly string[], environment: Record<string, string> = {}) {
    const printed: string[] = [];
    const context = {
      workingDirectory: directory,
      environment,
      isJson: argv.includes("--json"),
      print: (line: string) => void printed.push(line),
    };
    const error = await runProgram(["register", ...argv], { register: async () => register }, context).then(
      () => undefined,
      (reason: unknown) => reason as VaultError,
    );
    return { text: printed.join("\n"), error, exitCode: error ? EXIT_CODES[error.kind] : 0 };
  }
  const ask = (argv: readonly string[], key = world.a.admin.key ?? "") => run([...argv, "--url", url, "--key", key]);
  const eventOf = async (eventType: "field_written" | "customer_created") =>
    (await customer.events(eventType))[0]?.id ?? "";

  it("shows the register's state, in words and for programs", async () => {
    const { text, exitCode } = await ask(["status"]);
    expect(exitCode).toBe(0);
    expect(text).toMatch(/Dockets {5}(\d+) of \1 verified/);
    const status = JSON.parse((await ask(["status", "--json"])).text) as { registerId: string };
    expect(status).toEqual((await world.a.admin.get<object>("/v1/register")).expect(200));
    expect(text).toContain(status.registerId);
    expect((await ask([])).text).toBe(text);
    const environment = { STRONGROOM_URL: url, STRONGROOM_API_KEY: world.a.auditor.key ?? "" };
    expect((await run(["status"], environment)).text).toBe(text);
  });

  it("verifies every docket anew", async () => {
    const { text, exitCode } = await ask(["verify"]);
    expect({ exitCode, text }).toMatchObject({ exitCode: 0, text: expect.stringContaining("Healthy") });
    expect(JSON.parse((await ask(["verify", "--json"])).text)).toMatchObject({ isFullyVerified: true });
  });

  it("writes receipts that disclose what was asked for, and no more", async () => {
    const eventId = await eventOf("field_written");
    const receiptIn = async (name: string) => {
      const text = await readFile(join(directory, name), "utf8");
      const { registerId } = JSON.parse(text) as { registerId: string };
      return verifyReceipt(text, { registerId }, NODE_SIGNATURE_SUITES);
    };
    const plain = await ask(["prove", eventId, "--out", "plain.json"]);
    expect(plain.text).toMatch(/^plain\.json proves .*\n {2}strongroom verify plain\.json --register [0-9a-f]{32}$/);
    expect(await receiptIn("plain.json")).toSatisfy((verdict: object) => !("disclosed" in verdict));
    await ask(["prove", eventId, "--disclose", "event", "--out", "event.json"]);
    expect(await receiptIn("event.json")).toMatchObject({ isValid: true, disclosed: { event: { id: eventId } } });
    const value = await ask(["prove", eventId.toUpperCase(), "--disclose", "value", "--out", "value.json", "--json"]);
    expect(await receiptIn("value.json")).toMatchObject({ isValid: true, disclosed: { value: "Vigo" } });
    const { transactionId } = JSON.parse(value.text) as { transactionId: string };
    expect((await ask(["prove", transactionId])).text).toBe(
      (await readFile(join(directory, "plain.json"), "utf8")).trimEnd(),
    );
  });

  it("exits by the kind of what is wrong", async () => {
    const eventId = await eventOf("field_written");
    const key = world.a.auditor.key ?? "";
    const nobody = "01a00000-ffff-7000-8000-00000000000f";
    expect(await ask(["prove", eventId, "--disclose", "value"], key)).toMatchObject({ exitCode: 3, text: "" });
    expect(await ask(["status"], "a-key-of-nobody-at-all")).toMatchObject({ error: { code: "unauthenticated" } });
    expect(await ask(["prove", nobody])).toMatchObject({ error: { code: "audit_event_not_found" }, exitCode: 4 });
    expect(await ask(["prove", "0".repeat(64)])).toMatchObject({ error: { code: "transaction_not_found" } });
    expect(await ask(["status"], world.b.admin.key)).toMatchObject({ error: { code: "register_not_found" } });
    const unwritable = await ask(["prove", eventId, "--out", "no/such/folder.json"]);
    expect(unwritable).toMatchObject({ error: { code: "file_not_writable" }, exitCode: 2 });
    await customer.writeOne({ name: "city", value: "Lugo" });
    const pending = await eventOf("field_written");
    expect(await ask(["prove", pending])).toMatchObject({ error: { code: "event_not_sealed" }, exitCode: 10 });
  });

  it("refuses arguments that mean nothing, and asks nobody", async () => {
    const key = world.a.admin.key ?? "";
    for (const argv of [
      ["bogus"],
      ["constructor"],
      ["status", "more"],
      ["prove"],
      ["prove", "x", "--url", url, "--key", key],
      ["prove", "0".repeat(64), "--disclose", "all", "--url", url, "--key", key],
      ["status", "--key", key],
      ["status", "--url", url],
      ["status", "--url", "ftp://x", "--key", key],
      ["status", "--url", "http://", "--key", key],
      ["status", "--url", url, "--key", key, "--tenant", world.a.tenantId],
    ]) {
      const found = await run(argv);
      expect({ argv, ...found }).toMatchObject({ argv, error: { code: "invalid_request" }, text: "" });
    }
  });

  it("says so when no Strongroom answers", async () => {
    await using other = createServer((_request, response) => response.end("<html>"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    for (const address of [`http://127.0.0.1:${port}`, "http://127.0.0.1:1"]) {
      const found = await run(["status", "--url", address, "--key", "any-key-that-is-long"]);
      expect(found).toMatchObject({ error: { code: "server_unreachable" }, exitCode: 13 });
    }
  });

  it("tells of damage by its exit code, and that nobody could mend it", async () => {
    await world.a.seal();
    await world.damageDocket(world.a.tenantId, 1n);
    const { text, error, exitCode } = await ask(["verify"]);
    expect({ code: error?.code, exitCode }).toEqual({ code: "register_damaged", exitCode: 8 });
    expect(text).toMatch(/Heights +Damage +Details\n {2}1 +\w+ +\S/);
    expect((await ask(["status"])).text).toMatch(/State +Degraded[^]*Pending/);
    expect(JSON.parse((await ask(["verify", "--json"])).text)).toMatchObject({ hasCorruption: true });
    const recovery = await ask(["recover", "--json"]);
    expect(recovery).toMatchObject({ error: { code: "register_damaged" }, exitCode: 8 });
    expect(JSON.parse(recovery.text)).toMatchObject({ docketsRecovered: 0, remaining: [{ startHeight: "1" }] });
  });
});
