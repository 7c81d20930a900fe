import { RE2JS, RE2JSException } from "re2js";
import { VALIDATION_REGEX_LENGTH_MAX } from "./field-definition.ts";

/** Instructions of a compiled pattern. Matching a value costs at most this many steps per character. */
const PATTERN_PROGRAM_MAX = 1_000;

export type PatternProblem = "too_long" | "does_not_compile" | "too_complex";

/** A tenant's pattern on an engine whose time grows with the text and never with the pattern's ambiguity. */
export class LinearPattern {
  readonly #pattern: RE2JS;

  private constructor(pattern: RE2JS) {
    this.#pattern = pattern;
  }

  /** RE2 syntax; look-around and back-references do not compile. */
  static compile(source: string): LinearPattern | PatternProblem {
    if (source.length > VALIDATION_REGEX_LENGTH_MAX) return "too_long";
    try {
      const pattern = RE2JS.compile(source);
      return pattern.programSize() > PATTERN_PROGRAM_MAX ? "too_complex" : new LinearPattern(pattern);
    } catch (error) {
      if (error instanceof RE2JSException) return "does_not_compile";
      throw error;
    }
  }

  matchesWhole(text: string): boolean {
    return this.#pattern.testExact(text);
  }

  matchesSomewhere(text: string): boolean {
    return this.#pattern.test(text);
  }
}

export const PATTERN_PROBLEM_MESSAGES: Readonly<Record<PatternProblem, string>> = {
  too_long: `The pattern has more than ${VALIDATION_REGEX_LENGTH_MAX} characters.`,
  does_not_compile: "The pattern does not compile as RE2 syntax (which has no look-around and no back-references).",
  too_complex: "The pattern is too complex: its counted repetitions multiply to too many steps.",
};
