import { describe, expect, it } from "vitest";
import { VaultError } from "../errors.ts";
import type { Command, OptionValues } from "./command.ts";
import { reportError } from "./report-error.ts";
import { runProgram } from "./run-program.ts";

interface Run {
  readonly command: string;
  readonly arguments_: readonly string[];
  readonly options: OptionValues;
}

async function run(...argv: string[]): Promise<{ runs: Run[]; printed: string[] }> {
  const runs: Run[] = [];
  const printed: string[] = [];
  const command = (name: string, options: Command["options"] = {}): Command => ({
    name,
    usage: "",
    summary: `Does ${name}`,
    options,
    run: async (arguments_, values) => void runs.push({ command: name, arguments_, options: { ...values } }),
  });
  await runProgram(
    argv,
    {
      serve: async () => command("serve"),
      migrate: async () => command("migrate", { to: { type: "string" } }),
      version: async () => command("version"),
    },
    { workingDirectory: "/", environment: {}, isJson: false, print: (line) => void printed.push(line) },
  );
  return { runs, printed };
}

describe("runProgram", () => {
  it.each([
    [[], { command: "serve", arguments_: [], options: {} }],
    [["serve"], { command: "serve", arguments_: [], options: {} }],
    [["--json"], { command: "serve", arguments_: [], options: { json: true } }],
    [["--config", "a.toml"], { command: "serve", arguments_: [], options: { config: "a.toml" } }],
    [["migrate", "up", "--to", "3"], { command: "migrate", arguments_: ["up"], options: { to: "3" } }],
    [["--config", "a", "migrate", "up"], { command: "migrate", arguments_: ["up"], options: { config: "a" } }],
    [["-v"], { command: "version", arguments_: [], options: { version: true } }],
  ])("runs %j", async (argv, expected) => {
    expect((await run(...argv)).runs).toEqual([expected]);
  });

  it.each([["help"], ["--help"], ["migrate", "-h"]])("lists every command for %s", async (...argv) => {
    const { printed, runs } = await run(...argv);
    expect(runs).toEqual([]);
    for (const text of ["serve", "migrate", "Does version", "--config", "13 unavailable"]) {
      expect(printed.join("\n")).toContain(text);
    }
  });

  it("refuses unknown commands and options, with a hint", async () => {
    await expect(run("migrat")).rejects.toMatchObject({
      code: "invalid_request",
      hint: "Did you mean `strongroom migrate`?",
    });
    await expect(run("frobnicate")).rejects.toMatchObject({ hint: "See `strongroom help`." });
    await expect(run("constructor")).rejects.toMatchObject({ code: "invalid_request" });
    await expect(run("migrate", "--form", "2")).rejects.toMatchObject({ code: "invalid_request" });
    await expect(run("migrate", "--to")).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("reportError", () => {
  const error = new VaultError("data_directory_in_use", "Process 7 has it.", {
    details: { pid: 7 },
    errors: [{ path: "/http/port", code: "x", message: "Expected a port." }],
    hint: "Stop process 7.",
  });

  it("tells a person what happened and what to do, without a stack", () => {
    const { text, exitCode } = reportError(error, false);
    for (const part of [
      "data_directory_in_use",
      "Process 7 has it.",
      "pid: 7",
      "http.port: Expected a port.",
      "Stop process 7.",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toMatch(/^\s+at /m);
    expect(exitCode).toBe(13);
  });

  it("tells a program the same", () => {
    expect(JSON.parse(reportError(error, true).text)).toEqual({
      error: {
        code: "data_directory_in_use",
        kind: "unavailable",
        message: "Process 7 has it.",
        hint: "Stop process 7.",
        details: { pid: 7 },
        errors: error.errors,
      },
    });
  });

  it("falls back to the registered remedy", () => {
    expect(reportError(new VaultError("database_not_migrated", "Old."), false).text).toContain("strongroom migrate up");
  });

  it("shows where a bug is", () => {
    const { text, exitCode } = reportError(new TypeError("x is undefined"), false);
    expect(exitCode).toBe(1);
    expect(text).toContain("run-program.test.ts");
  });
});
