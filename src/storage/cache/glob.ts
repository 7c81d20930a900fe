import { VaultError } from "../../errors.ts";
import { CACHE_PATTERN_LENGTH_MAX, requireText } from "./cache-key.ts";

/** One character of a pattern: a code point that stands for itself, or a wildcard. */
export type GlobToken = string | typeof ANY_RUN | typeof ANY_ONE;

/** Any run of characters, also an empty one: `*`. */
export const ANY_RUN: unique symbol = Symbol("*");
/** One code point: `?`. */
export const ANY_ONE: unique symbol = Symbol("?");

/** A pattern of keys, read once and applied to many: the one grammar of every engine. */
export interface Glob {
  readonly tokens: readonly GlobToken[];
  /** Takes time in proportion to the product of both lengths at worst. */
  matches(text: string): boolean;
}

/**
 * `*` is any run of code points, also an empty one, `?` is one, and a backslash takes the next one as it is; everything
 * else, brackets too, stands for itself. @throws `invalid_value` for a text that is no key or pattern, and for a
 * backslash at the end
 */
export function compileGlob(pattern: string): Glob {
  requireText(pattern, "pattern", CACHE_PATTERN_LENGTH_MAX);
  const tokens = tokensOf(Array.from(pattern));
  const start = literalStart(tokens);
  return { tokens, matches: (text) => text.startsWith(start) && matches(tokens, Array.from(text)) };
}

/** What every match begins with, which tells most keys apart without taking them to pieces. */
function literalStart(tokens: readonly GlobToken[]): string {
  const end = tokens.findIndex((token) => typeof token === "symbol");
  return tokens.slice(0, end < 0 ? tokens.length : end).join("");
}

function tokensOf(points: readonly string[]): GlobToken[] {
  const tokens: GlobToken[] = [];
  for (let index = 0; index < points.length; index++) {
    const point = points[index] as string;
    if (point === "*") {
      if (tokens.at(-1) !== ANY_RUN) tokens.push(ANY_RUN);
    } else if (point === "?") tokens.push(ANY_ONE);
    else if (point !== "\\") tokens.push(point);
    else {
      const escaped = points[++index];
      if (escaped === undefined) throw new VaultError("invalid_value", "A pattern of the cache ends in a backslash.");
      tokens.push(escaped);
    }
  }
  return tokens;
}

/** Goes on greedily, and on a difference back to the last run, which then takes one code point more. */
function matches(tokens: readonly GlobToken[], points: readonly string[]): boolean {
  let token = 0;
  let point = 0;
  let run = -1;
  let runEnd = 0;
  while (point < points.length) {
    const expected = tokens[token];
    if (expected === ANY_RUN) {
      run = token++;
      runEnd = point;
    } else if (expected === ANY_ONE || expected === points[point]) {
      token++;
      point++;
    } else if (run >= 0) {
      token = run + 1;
      point = ++runEnd;
    } else return false;
  }
  return token === tokens.length || (token === tokens.length - 1 && tokens[token] === ANY_RUN);
}
