import { expect, it } from "vitest";
import { textAfterPrefix } from "./prefix-range.ts";

it.each([
  ["a", "b"],
  ["ab", "ac"],
  ["a\uD7FF", "a\uE000"],
  ["\uFFFF", "\u{10000}"],
  ["\u{1F5DD}", "\u{1F5DE}"],
  ["a\u{10FFFF}", "b"],
  ["a\u{10FFFF}\u{10FFFF}", "b"],
  ["\u{10FFFF}", undefined],
  ["", undefined],
])("%j is followed by %j", (prefix, next) => {
  expect(textAfterPrefix(prefix)).toBe(next);
});
