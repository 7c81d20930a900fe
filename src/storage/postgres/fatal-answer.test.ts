import { expect, it } from "vitest";
import { isGivenUp } from "./fatal-answer.ts";

/** A backend message of a type with a body. */
function message(type: string, body: Uint8Array): Buffer {
  const head = Buffer.from(`${type}\0\0\0\0`, "latin1");
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const failure = (fields: string) => message("E", Buffer.from(`${fields}\0`, "latin1"));
const ERROR = failure("SFEHLER\0VERROR\0C22P02\0Mnot a PANIC\0VFATAL later\0");
const PANIC = failure("SPANIK\0VPANIC\0C58030\0Mcould not fsync\0");
const FATAL = failure("SFATAL\0VFATAL\0C57P01\0Mgone\0");
const READY = message("Z", Buffer.from("I"));
/** With a byte that begins an error, where none is. */
const ROW = message("D", Buffer.from("E\0\0\0\u0004VPANIC\0", "latin1"));

it.each([
  ["nothing", [], false],
  ["rows", [ROW, ROW, READY], false],
  ["an error", [ROW, ERROR, READY], false],
  ["a panic behind rows and an error", [ROW, ERROR, ROW, PANIC], true],
  ["a fatal error", [FATAL], true],
  ["a message that is cut off", [ROW, PANIC.subarray(0, 8)], false],
  ["a head that is cut off", [ROW, PANIC.subarray(0, 3)], false],
])("looks for the end in %s", (_, messages, expected) => {
  // Not at the start of its buffer, as the answers of the database are.
  const whole = Buffer.concat([Buffer.from("EVPANIC\0"), ...messages]).subarray(8);
  expect(isGivenUp(whole)).toBe(expected);
});
