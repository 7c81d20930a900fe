import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** A file of JSON results for a program to read, beside the report for people. */
const report = process.env["STRONGROOM_TEST_REPORT"];

const SERVERLESS = "test/property/{naive-register,receipts,register-bit-flips,register-tampering}.test.ts";

export default defineConfig({
  test: {
    projects: [
      project("unit", "src/**/*.test.ts"),
      project("architecture", "test/architecture/**/*.test.ts"),
      project("contract", "{test/contract,examples}/**/*.test.ts"),
      project("integration", "test/integration/**/*.test.ts"),
      project("property", "test/property/**/*.test.ts", SERVERLESS),
      // What needs no server whatever the environment names, and is therefore not run again where there are some.
      project("tampering", SERVERLESS),
      project("fault", "test/fault/**/*.test.ts"),
      project("e2e", "test/e2e/**/*.test.ts"),
    ],
    // A PGlite takes 400 MB and one core for 2 to 3 s to start: more workers than cores would only time out.
    pool: "forks",
    maxWorkers: Math.min(4, availableParallelism()),
    // A misspelt project or an empty run must not pass; projects that have no file yet are no reason to fail.
    passWithNoTests: false,
    globalSetup: "test/real-servers.ts",
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.test.ts", "src/testing/**"],
      reporter: ["text-summary", "html", "json-summary"],
      // The goals of the project; below them the report is yellow or red.
      watermarks: { lines: [80, 90], statements: [80, 90], functions: [80, 90], branches: [75, 85] },
    },
  },
});

function project(name: string, include: string, exclude?: string) {
  return {
    extends: true as const,
    // The package by its name, for the tests of the examples.
    resolve: { tsconfigPaths: true },
    test: {
      name,
      include: [include],
      ...(exclude !== undefined && { exclude: [exclude] }),
      // A test of whole processes starts several, one after the other, each of which loads every source.
      testTimeout: name === "e2e" ? 90_000 : 30_000,
      hookTimeout: 60_000,
      // What is waited for comes at once on an idle machine; on a busy one it must not be given up after a second.
      expect: { poll: { timeout: 15_000 } },
      // A test restores what it replaced, and none can leave a spy or a fake clock to the next one.
      restoreMocks: true,
      unstubEnvs: true,
    },
  };
}
