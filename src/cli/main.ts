#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { reportError } from "./report-error.ts";
import { type CommandLoaders, runProgram } from "./run-program.ts";

// Commands are loaded when they are asked for, from then on with the compiled code of the run before.
enableCompileCache();

const COMMANDS: CommandLoaders = {
  serve: async () => (await import("./commands/serve.ts")).serve,
  replicate: async () => (await import("./commands/replicate.ts")).replicate,
  migrate: async () => (await import("./commands/migrate.ts")).migrate,
  config: async () => (await import("./commands/config.ts")).config,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  register: async () => (await import("./commands/register.ts")).register,
  verify: async () => (await import("./commands/verify.ts")).verify,
  version: async () => (await import("./commands/version.ts")).version,
};

const argv = process.argv.slice(2);
const isJson = argv.includes("--json");

try {
  await runProgram(argv, COMMANDS, {
    workingDirectory: process.cwd(),
    environment: process.env,
    isJson,
    print: (line) => process.stdout.write(`${line}\n`),
  });
} catch (error) {
  const { text, exitCode } = reportError(error, isJson);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
