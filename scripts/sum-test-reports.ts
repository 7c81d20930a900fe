/**
 * Adds up vitest's JSON reports: says again what failed and why, since the lines of the run itself may be far above,
 * and prints one closing line: `N passed, N failed, N skipped`. A test file that could not be loaded or set up counts
 * as one failure. Fails when anything failed, a report is missing, or no test ran.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly TestResult[];
}

interface TestResult {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

interface Failure {
  readonly what: string;
  readonly messages: readonly string[];
}

/** Of a message with its stack, what says what was expected and where. */
const MESSAGE_LENGTH = 2_000;

const sum = { passed: 0, failed: 0, skipped: 0 };
let complete = true;
for (const path of process.argv.slice(2)) {
  const report = readReport(path);
  complete &&= report?.success === true;
  if (!report) continue;
  const failures = report.testResults.flatMap(failuresOf);
  for (const failure of failures) print(failure);
  sum.passed += report.numPassedTests;
  sum.failed += failures.length;
  sum.skipped += report.numPendingTests + report.numTodoTests;
}
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ""}`);
if (!complete || sum.failed > 0 || sum.passed === 0) process.exitCode = 1;

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch (error) {
    console.error(`No test report: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function failuresOf({ name, status, message, assertionResults }: FileResult): Failure[] {
  const failed = assertionResults.filter((test) => test.status === "failed");
  const file = relative(process.cwd(), name);
  if (status === "failed" && failed.length === 0) return [{ what: file, messages: [message ?? ""] }];
  return failed.map(({ fullName, failureMessages = [] }) => ({
    what: `${file} > ${fullName}`,
    messages: failureMessages,
  }));
}

function print({ what, messages }: Failure): void {
  console.log(`FAILED ${what}`);
  for (const message of messages) console.log(message.slice(0, MESSAGE_LENGTH).replaceAll(/^/gm, "  "));
}
